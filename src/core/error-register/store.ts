import type { ErrorGroup } from "./entry.ts";

/** STORE_: the object store refused or failed. */
export const storeErrors = {} as const satisfies ErrorGroup;
