/**
 * What proofs say of a cluster: the newest one, and which backups have no good one. A backup that nobody proved is a hope. Reads the
 * ledger back only until every backup that is there has been met.
 */
import type { Thresholds } from "../core/first-week.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type IncarnationPlace, rootPrefix } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type Finding, found } from "../core/finding/finding.ts";
import { type LastProof, searchProofs } from "./last-proofs.ts";

type Judged = LastProof & { readonly backup: string };

async function backupsIn(
  sealed: SealedStore,
  place: IncarnationPlace | undefined,
  call: StoreCall,
): Promise<ReadonlySet<ObjectId>> {
  const ids = new Set<ObjectId>();
  if (place !== undefined) {
    for await (const { name } of sealed.listNames(rootPrefix(place), call)) {
      if (name?.type === "root") {
        ids.add(name.id);
      }
    }
  }
  return ids;
}

/** What was read of the proofs of a cluster's newest history. */
export type ProofsRead = {
  readonly backups: number;
  /** Backups whose newest proof is not good, or that have none. */
  readonly unproved: number;
  /** The newest proof of any backup, those that are gone included. */
  readonly newest: Judged | undefined;
};

/** Reads them. @throws DrError what the store and the ledger throw. */
export async function readProofs(
  sealed: SealedStore,
  about: { readonly place: IncarnationPlace | undefined; readonly cluster: string },
  call: StoreCall,
): Promise<ProofsRead> {
  const wanted = await backupsIn(sealed, about.place, call);
  const { cluster } = about;
  const proofs = await searchProofs(sealed, { ...call, cluster, wanted });
  const [newest] = Array.from(proofs, ([backup, proof]) => ({ backup, ...proof })).toSorted(
    (a, b) => b.time.localeCompare(a.time),
  );
  const unproved = [...wanted].filter((id) => proofs.get(id)?.verdict !== "proven").length;
  return { backups: wanted.size, unproved, newest };
}

function judgeNewest(newest: Judged, nowMs: number, { proofAgeNoteMs }: Thresholds): Finding {
  const ageMs = Math.max(0, nowMs - Date.parse(newest.time));
  const values = { id: newest.backup, ageMs };
  const figure = { value: Math.round(ageMs / 1000), unit: "s" };
  if (newest.verdict !== "proven") {
    return found("proof", "bad", "proof-failed", values, figure);
  }
  return ageMs > proofAgeNoteMs
    ? found("proof", "note", "proof-old", values, figure)
    : found("proof", "good", "proof-recent", values, figure);
}

/** Judges them. */
export function judgeProofs(
  { backups, unproved, newest }: ProofsRead,
  nowMs: number,
  thresholds: Thresholds,
): readonly Finding[] {
  if (newest === undefined) {
    return [found("proof", "note", "proof-none")];
  }
  const values = { count: unproved, total: backups };
  return [
    judgeNewest(newest, nowMs, thresholds),
    ...(unproved === 0
      ? []
      : [found("proof", "note", "proof-missing", values, { value: unproved })]),
  ];
}
