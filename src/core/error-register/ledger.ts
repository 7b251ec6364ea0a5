import type { ErrorGroup } from "./entry.ts";

/** LEDGER_: the chain of events cannot be trusted or written. */
export const ledgerErrors = {} as const satisfies ErrorGroup;
