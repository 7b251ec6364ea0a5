import type { ErrorGroup } from "./entry.ts";

/** RESTORE_: a restore was refused or failed. */
export const restoreErrors = {} as const satisfies ErrorGroup;
