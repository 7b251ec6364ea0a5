import type { ErrorGroup } from "./entry.ts";

/** KEY_: keys are missing, wrong or refused. */
export const keyErrors = {} as const satisfies ErrorGroup;
