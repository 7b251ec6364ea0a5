/**
 * Deleting in two phases, the only way in which anything leaves a repository: write down what is to go, wait longer than any
 * holder takes to renew, look again at who needs what, and delete only what is still not needed. Whoever pins
 * something in between either is seen by the second look or sees the condemn object itself (`pins.ts`).
 *
 * States of one deletion: condemned → looked again → deleted → condemn object removed. A run that dies leaves
 * the condemn object; readers ignore it once its lease is over, and the next run removes it.
 */
import type { Clock } from "../core/clock.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import { condemnedKeysMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { encodeCondemn } from "./condemn-document.ts";
import type { Lease } from "./lease.ts";
import { objectKey } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { SealedStore } from "./sealed-store.ts";

/** One object that is to go. */
export type Condemned = {
  readonly key: string;
  readonly reason: string;
  /** Where a listing told it. */
  readonly sizeBytes?: number;
};

/** What to delete, in this order, under which lease. */
export type Condemnation = StoreCall & {
  readonly lease: Lease;
  readonly clock: Clock;
  readonly keys: readonly Condemned[];
  /** Longer than the longest pause between two renewals of anybody. */
  readonly waitMs: number;
  /** The second look: keys that may go, judged from what the store shows now. */
  readonly lookAgain: (call: StoreCall) => Promise<ReadonlySet<string>>;
  /** Called with what is going to be deleted, before the first object is; when it throws, nothing is. */
  readonly onDelete?: ((going: readonly Condemned[], call: StoreCall) => Promise<void>) | undefined;
};

/** What became of them. */
export type Deletion = {
  readonly deleted: readonly Condemned[];
  /** Needed after all by somebody who came in between. */
  readonly spared: readonly Condemned[];
};

async function condemn(sealed: SealedStore, condemnation: Condemnation): Promise<ObjectId[]> {
  const { lease, clock, keys, waitMs, signal } = condemnation;
  const ids: ObjectId[] = [];
  for (let at = 0; at < keys.length; at += condemnedKeysMax) {
    const id = sealed.newId();
    const document = {
      version: 1 as const,
      id,
      cluster: lease.cluster,
      holder: lease.holder,
      epoch: lease.epoch,
      notBefore: new Date(clock.now() + waitMs).toISOString(),
      keys: keys.slice(at, at + condemnedKeysMax).map(({ key, reason }) => ({ key, reason })),
    };
    lease.assertHeld();
    const { epoch } = lease;
    await sealed.putWhole({ type: "condemn", id }, encodeCondemn(document), { signal, epoch });
    ids.push(id);
  }
  return ids;
}

/**
 * Condemns, waits, looks again, deletes. Aborted or killed at any point: what is deleted was not needed, the
 * rest and the condemn objects stay for the next run.
 * @throws DrError `REPO_LEASE_LOST`; what the store throws.
 */
export async function condemnAndDelete(
  sealed: SealedStore,
  condemnation: Condemnation,
): Promise<Deletion> {
  const { lease, clock, keys, waitMs, signal } = condemnation;
  const ids = await condemn(sealed, condemnation);
  await failpointAsync("expire.condemned", { signal });
  await clock.sleep(waitMs, { signal: AbortSignal.any([signal, lease.lost]) });
  await lease.renewNow({ signal });
  const still = guard("L34-second-look")
    ? await condemnation.lookAgain({ signal })
    : new Set(keys.map(({ key }) => key));
  await failpointAsync("expire.looked-again", { signal });
  const deleted: Condemned[] = [];
  const going = keys.filter(({ key }) => still.has(key));
  const spared = keys.filter(({ key }) => !still.has(key));
  await condemnation.onDelete?.(going, { signal });
  for (const one of going) {
    // Between this and the delete lies no wait: a process that slept here finds its time over.
    lease.assertHeld();
    await sealed.store.delete(one.key, { signal });
    await failpointAsync("expire.deleted", { signal });
    deleted.push(one);
  }
  for (const id of ids) {
    lease.assertHeld();
    await sealed.store.delete(objectKey({ type: "condemn", id }), { signal });
  }
  return { deleted, spared };
}
