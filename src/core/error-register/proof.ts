import type { ErrorGroup } from "./entry.ts";

/** PROOF_: a restore point could not be proved. */
export const proofErrors = {} as const satisfies ErrorGroup;
