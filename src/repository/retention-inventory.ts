/**
 * Reading what retention decides upon, beside the rest of the inventory. What the WAL holds is told by whoever can read it: the
 * caller gives `readWal`, for record indexes and histories are read elsewhere.
 *
 * Peak memory: 200 bytes for each object of WAL, 8 for each pack that each root names, 80 for each pack of a dump.
 */
import type { ObjectId } from "../core/object-id.ts";
import { type DumpDocument, packsOfDump } from "./dump-document.ts";
import { readHolds } from "./holds.ts";
import {
  holdPrefix,
  incarnationPrefix,
  type ClusterName,
  type IncarnationPlace,
  type ObjectName,
} from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { DumpFacts, Present, RetentionInput, RootFacts } from "./retention-leftovers.ts";
import type { ProofWords, RetentionPolicy, RetentionWal } from "./retention-view.ts";
import { type WalObjectName, isWalObject } from "./retention-wal.ts";
import type { BackupRoot } from "./root.ts";
import type { SealedStore } from "./sealed-store.ts";

type NameOf<T extends ObjectName["type"]> = Extract<ObjectName, { readonly type: T }>;

/** What to keep, and who tells what WAL there is. */
export type RetentionRules = {
  readonly policy: RetentionPolicy;
  /** The host's clock, in milliseconds. */
  readonly now: () => number;
  /** The WAL of an incarnation as it is now. @throws DrError what the store throws. */
  readonly readWal: (place: IncarnationPlace, call: StoreCall) => Promise<RetentionWal>;
  /** @throws DrError what the store throws. */
  readonly readProofWords: (call: StoreCall) => Promise<ProofWords>;
};

/** The facts of a root that counts. `shared`: one string for each id, however many roots name it. */
export function rootFacts(
  found: Present<NameOf<"root">>,
  root: BackupRoot,
  shared: Map<ObjectId, ObjectId>,
): RootFacts {
  const share = (id: ObjectId): ObjectId => {
    const known = shared.get(id);
    if (known === undefined) {
      shared.set(id, id);
    }
    return known ?? id;
  };
  const { timeline, startLsn, stopLsn, walFrom, walTo } = root;
  return {
    ...found,
    startedAtMs: Date.parse(root.startedAt),
    finishedAtMs: Date.parse(root.finishedAt),
    timeline,
    startLsn,
    stopLsn,
    walFrom,
    walTo,
    named: [...root.packs, ...root.maps].map(({ id }) => share(id)),
  };
}

/** The facts of a dump that counts. */
export function dumpFacts(found: Present<NameOf<"dump">>, dump: DumpDocument): DumpFacts {
  return {
    ...found,
    startedAtMs: Date.parse(dump.startedAt),
    finishedAtMs: Date.parse(dump.finishedAt),
    contents: [...(dump.globals === null ? [] : [null]), ...dump.databases.map(({ name }) => name)],
    named: packsOfDump(dump).map(({ id }) => id),
  };
}

/** Every object of an incarnation's WAL, in order of names. */
export async function listWalObjects(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<readonly Present<WalObjectName>[]> {
  const found: Present<WalObjectName>[] = [];
  for (const folder of ["wal/", "conflicts/"]) {
    const prefix = `${incarnationPrefix(place)}${folder}`;
    for await (const { name, sizeBytes } of sealed.listNames(prefix, call)) {
      if (name !== undefined && isWalObject(name)) {
        found.push({ name, sizeBytes });
      }
    }
  }
  return found;
}

/** Policy, clock, holds, and what proofs found. @throws DrError what the store throws; `REPO_*` for a hold that cannot be read. */
export async function readRetentionInput(
  sealed: SealedStore,
  rules: RetentionRules,
  call: StoreCall & { readonly cluster: ClusterName },
): Promise<RetentionInput> {
  const { cluster, signal } = call;
  const holdObjects: Present<NameOf<"hold">>[] = [];
  for await (const { name, sizeBytes } of sealed.listNames(holdPrefix(cluster), { signal })) {
    if (name?.type === "hold") {
      holdObjects.push({ name, sizeBytes });
    }
  }
  const holds = await readHolds(sealed, cluster, { signal });
  const proofs = await rules.readProofWords({ signal });
  return { policy: rules.policy, nowMs: rules.now(), holds, holdObjects, proofs };
}
