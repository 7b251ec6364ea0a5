/**
 * What the newest proof of each backup says, from the ledger, and what that means for whoever chooses among backups. A proof that found an
 * object, the way to the target or a page not as it was says something of the backup: another one may be whole. An assertion or the
 * application's check that failed says something of the data, which is the same from whichever backup a restore begins; and a host
 * that could not judge has said nothing.
 */
import type { DrError } from "../core/errors.ts";
import { ledgerClockSkewMsMax } from "../core/ledger-limits.ts";
import { ledgerListObjectsMax } from "../core/limits.ts";
import { guard } from "../core/failpoint.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { ProofWords } from "../repository/retention-view.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type ProofDoubt, type ProofDoubts, isDamaged } from "../restore/proof-doubt.ts";

/** The newest proof of a backup. */
export type LastProof = {
  readonly verdict: "proven" | "failed" | "unfit";
  readonly time: string;
  /** Levels that did not hold. */
  readonly failedLevels: readonly number[];
};

/** Levels that judge the backup, rather than the data in it. */
const BACKUP_LEVEL_MAX = 3;

function doubtOf({ verdict, time, failedLevels }: LastProof): ProofDoubt | undefined {
  switch (verdict) {
    case "proven":
      return undefined;
    case "unfit":
      return { kind: "unfit", time };
    case "failed": {
      const isDamaged = failedLevels.some((level) => level <= BACKUP_LEVEL_MAX);
      return { kind: isDamaged ? "damaged" : "objected", time };
    }
  }
}

/** Whose proofs. */
export type ProofSearch = StoreCall & {
  /**
   * All of the ledger since then: when the oldest of the backups in question was begun, which no proof of it is older than. Without it the newest
   * `ledgerListObjectsMax` objects.
   */
  readonly sinceMs?: number;
  /** Of this cluster alone. */
  readonly cluster?: string;
  /** Backups: when all of these were met, nothing more is read, and a later word of a process that began earlier may be missed. */
  readonly wanted?: ReadonlySet<string>;
};

async function search(
  sealed: SealedStore,
  { wanted, cluster, sinceMs, signal }: ProofSearch,
  proofs: Map<string, LastProof>,
  onUnread?: (problem: DrError) => void,
): Promise<void> {
  const take = ({ content, time }: LedgerEvent): boolean => {
    if (content?.kind === "proofFinished") {
      const { backup, verdict, levels, cluster: ofCluster } = content.data;
      const known = proofs.get(backup);
      if ((cluster ?? ofCluster) === ofCluster && (known === undefined || known.time < time)) {
        const failedLevels = levels.filter(({ ok }) => !ok).map(({ level }) => level);
        proofs.set(backup, { verdict, time, failedLevels });
      }
    }
    return wanted !== undefined && proofs.size > 0 && [...wanted].every((id) => proofs.has(id));
  };
  const all = { objectsMax: Infinity, tailMax: Infinity };
  const call =
    sinceMs === undefined || !guard("L36-proofs-since-oldest")
      ? { signal, objectsMax: ledgerListObjectsMax }
      : { signal, ...all, sinceMs: sinceMs - ledgerClockSkewMsMax };
  await searchNewestEvents(sealed, take, onUnread === undefined ? call : { ...call, onUnread });
}

/** The newest proof of each backup. @throws DrError what the store and the ledger throw. */
export async function searchProofs(
  sealed: SealedStore,
  of: ProofSearch,
): Promise<ReadonlyMap<string, LastProof>> {
  const proofs = new Map<string, LastProof>();
  await search(sealed, of, proofs);
  return proofs;
}

/** Proofs as far as the ledger can be read. */
export type ProofsSeen = {
  readonly proofs: ReadonlyMap<string, LastProof>;
  /**
   * What of the ledger could not be read. The word that failed may stand there: any backup may have been found damaged since what `proofs`
   * has of it.
   */
  readonly unread: readonly DrError[];
};

/** As many of them as a damaged ledger shows: `pra ledger verify` tells what it hides. @throws DrError what the store throws. */
export async function readProofs(sealed: SealedStore, of: ProofSearch): Promise<ProofsSeen> {
  const proofs = new Map<string, LastProof>();
  const unread: DrError[] = [];
  await search(sealed, of, proofs, (problem) => unread.push(problem));
  return { proofs, unread };
}

/** Those of which the newest proof is not good. Pure. */
export function doubtsIn(proofs: ReadonlyMap<string, LastProof>): ProofDoubts {
  const doubts = new Map<string, ProofDoubt>();
  for (const [id, proof] of proofs) {
    const doubt = doubtOf(proof);
    if (doubt !== undefined) {
      doubts.set(id, doubt);
    }
  }
  return doubts;
}

/** What proofs say against backups of which the oldest was begun at `sinceMs`, for retention. @throws DrError what the store throws. */
export async function readProofWords(
  sealed: SealedStore,
  call: StoreCall & { readonly sinceMs: number },
): Promise<ProofWords> {
  const { proofs, unread } = await readProofs(sealed, call);
  const doubts = doubtsIn(proofs);
  const damaged = new Set([...doubts.keys()].filter((id) => isDamaged(doubts, id)));
  return { damaged, unread: unread.length };
}
