import type { ErrorGroup } from "./entry.ts";

/** PLAN_: a target cannot be reached. */
export const planErrors = {} as const satisfies ErrorGroup;
