/**
 * What proofs say of a cluster: the newest one, and which backups have no good one. A backup that nobody proved is a hope. Reads the
 * ledger back only until every backup that is there has been met.
 */
import { ledgerListObjectsMax } from "../core/limits.ts";
import { statusProofAgeNoteMs } from "../core/look-limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import { type IncarnationPlace, rootPrefix } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type Finding, found } from "../core/finding/finding.ts";

type Judged = { readonly verdict: string; readonly time: string; readonly backup: string };

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

/** The newest proof of each backup of the cluster, as far back as it takes to meet `wanted`, or as the ledger is read. */
async function newestProofs(
  sealed: SealedStore,
  cluster: string,
  options: StoreCall & { readonly wanted: ReadonlySet<string> },
): Promise<ReadonlyMap<string, Judged>> {
  const { wanted, signal } = options;
  const proofs = new Map<string, Judged>();
  await searchNewestEvents(
    sealed,
    ({ content, time }) => {
      if (content?.kind === "proofFinished" && content.data.cluster === cluster) {
        const { backup, verdict } = content.data;
        const known = proofs.get(backup);
        if (known === undefined || known.time < time) {
          proofs.set(backup, { verdict, backup, time });
        }
      }
      return proofs.size > 0 && [...wanted].every((id) => proofs.has(id));
    },
    { signal, objectsMax: ledgerListObjectsMax },
  );
  return proofs;
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
  const proofs = await newestProofs(sealed, about.cluster, { ...call, wanted });
  const [newest] = [...proofs.values()].toSorted((a, b) => b.time.localeCompare(a.time));
  const unproved = [...wanted].filter((id) => proofs.get(id)?.verdict !== "proven").length;
  return { backups: wanted.size, unproved, newest };
}

function judgeNewest(newest: Judged, nowMs: number): Finding {
  const ageMs = Math.max(0, nowMs - Date.parse(newest.time));
  const values = { id: newest.backup, ageMs };
  const figure = { value: Math.round(ageMs / 1000), unit: "s" };
  if (newest.verdict !== "proven") {
    return found("proof", "bad", "proof-failed", values, figure);
  }
  return ageMs > statusProofAgeNoteMs
    ? found("proof", "note", "proof-old", values, figure)
    : found("proof", "good", "proof-recent", values, figure);
}

/** Judges them. */
export function judgeProofs(
  { backups, unproved, newest }: ProofsRead,
  nowMs: number,
): readonly Finding[] {
  if (newest === undefined) {
    return [found("proof", "note", "proof-none")];
  }
  const values = { count: unproved, total: backups };
  return [
    judgeNewest(newest, nowMs),
    ...(unproved === 0
      ? []
      : [found("proof", "note", "proof-missing", values, { value: unproved })]),
  ];
}
