import type { ErrorGroup } from "./entry.ts";

/** SRC_: what the server sent cannot be taken. */
export const srcErrors = {} as const satisfies ErrorGroup;
