import type { ErrorGroup } from "./entry.ts";

/** WAL_: write-ahead log is missing, wrong or unreadable. */
export const walErrors = {} as const satisfies ErrorGroup;
