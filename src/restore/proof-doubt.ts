/** What proofs say against backups, as far as a plan and retention heed it. */

/** Why a backup is doubted. */
export type ProofDoubt = {
  /**
   * `damaged`: an object, the way to the target or a page was not as it must be; `objected`: an assertion or the application found fault
   * with the data; `unfit`: a host was not able to judge.
   */
  readonly kind: "damaged" | "objected" | "unfit";
  /** Of the proof, ISO 8601. */
  readonly time: string;
};

/** By backup. */
export type ProofDoubts = ReadonlyMap<string, ProofDoubt>;

/** True for a backup that is known not to come back whole: another one should stand in for it. */
export function isDamaged(doubts: ProofDoubts, backup: string): boolean {
  return doubts.get(backup)?.kind === "damaged";
}
