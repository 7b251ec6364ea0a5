import type { ErrorGroup } from "./entry.ts";

/** CONFIG_: the configuration cannot be used. */
export const configErrors = {} as const satisfies ErrorGroup;
