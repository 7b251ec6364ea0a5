import type { ErrorGroup } from "./entry.ts";

/** PG_: a PostgreSQL server or its program refused or failed. */
export const pgErrors = {} as const satisfies ErrorGroup;
