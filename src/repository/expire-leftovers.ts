/**
 * Clearing away, under the `expire` lease and in two phases, what killed runs left and, when it is told what to keep, what
 * retention gives up. Running it again after it was killed anywhere comes to the same end.
 */
import { leftoversMax, leaseRetryDelayMs, stagedAbandonedMs } from "../core/limits.ts";
import { condemnAndDelete, type Condemned, type Deletion } from "./condemn.ts";
import { readInventory, type InventoryOptions, type SegmentCheck } from "./inventory.ts";
import { acquireLease, type Lease } from "./lease.ts";
import { renewalIntervalMs } from "./lease-rules.ts";
import { leftoversOf, retentionOf, type Inventory, type Leftover } from "./leftovers.ts";
import {
  overEpochAtOnce,
  settleBackupLease,
  settlePins,
  type ObserveOptions,
} from "./observe-holders.ts";
import type { StoreCall } from "./object-store.ts";
import type { RetentionRules } from "./retention-inventory.ts";
import type { ClusterDecision } from "./retention-leftovers.ts";
import type { SealedStore } from "./sealed-store.ts";

/** How to run. */
export type ExpireLeftoversOptions = ObserveOptions & {
  /** Tells whether a published segment was read back whole; without it parts stay. */
  readonly isVerified?: SegmentCheck | undefined;
  /** Without it no backup or dump that counts is given up. */
  readonly retention?: RetentionRules | undefined;
  /** Told what is going to be deleted, before anything is. When it throws, nothing is. */
  readonly onDelete?: ((going: readonly Condemned[], call: StoreCall) => Promise<void>) | undefined;
};

/** What a run did. `more`: there are further leftovers for the next run. */
export type LeftoversExpired = Deletion & {
  readonly epoch: number;
  readonly stagedRemoved: number;
  readonly more: boolean;
  /** From the first look; undefined when retention took no part. */
  readonly decision: ClusterDecision | undefined;
};

function inventoryOptions(
  options: ExpireLeftoversOptions,
  settled: Pick<InventoryOptions, "overEpoch" | "dead" | "expireEpoch">,
): InventoryOptions {
  const { cluster, observer, signal, retention } = options;
  const isVerified = options.isVerified ?? (() => Promise.resolve(false));
  return { cluster, observer, signal, isVerified, retention, ...settled };
}

/** What would go, and why, from one look and without writing: holders that this host cannot see count as alive. */
export async function previewLeftovers(
  sealed: SealedStore,
  options: ExpireLeftoversOptions,
): Promise<{
  readonly leftovers: readonly Leftover[];
  readonly decision: ClusterDecision | undefined;
}> {
  const overEpoch = await overEpochAtOnce(sealed, options);
  const settled = { overEpoch, dead: new Map(), expireEpoch: 0 };
  const inventory = await readInventory(sealed, inventoryOptions(options, settled));
  return { leftovers: leftoversOf(inventory), decision: retentionOf(inventory) };
}

/** What would go. */
export async function listLeftovers(
  sealed: SealedStore,
  options: ExpireLeftoversOptions,
): Promise<readonly Leftover[]> {
  return (await previewLeftovers(sealed, options)).leftovers;
}

/** Longer than anybody's pause between two renewals. */
function waitFor(inventory: Inventory, ttlSeconds: number): number {
  const ttls = inventory.pins.map(({ newest }) => newest.ttlSeconds);
  return renewalIntervalMs(Math.max(ttlSeconds, ...ttls)) + leaseRetryDelayMs;
}

async function expireUnder(
  lease: Lease,
  sealed: SealedStore,
  options: ExpireLeftoversOptions,
): Promise<LeftoversExpired> {
  const { clock, signal, ttlSeconds } = options;
  const overEpoch = await settleBackupLease(sealed, options);
  const dead = await settlePins(sealed, options);
  const look = inventoryOptions(options, { overEpoch, dead, expireEpoch: lease.epoch });
  const inventory = await readInventory(sealed, look);
  const found = leftoversOf(inventory);
  const decision = retentionOf(inventory);
  const keys = found.slice(0, leftoversMax);
  const { epoch } = lease;
  const stagedRemoved = await sealed.store.removeLeftovers({
    signal,
    olderThanMs: stagedAbandonedMs,
  });
  if (keys.length === 0) {
    return { epoch, deleted: [], spared: [], stagedRemoved, more: false, decision };
  }
  const deletion = await condemnAndDelete(sealed, {
    signal,
    lease,
    clock,
    keys,
    onDelete: options.onDelete,
    waitMs: waitFor(inventory, ttlSeconds),
    lookAgain: async () => {
      const again = leftoversOf(await readInventory(sealed, look));
      return new Set(again.map(({ key }) => key));
    },
  });
  return { epoch, ...deletion, stagedRemoved, more: found.length > keys.length, decision };
}

/**
 * One run. Lasts at least a pause between renewals when there is anything to delete, and up to a time to live more when a holder
 * on another host has to be watched. Aborted: see `condemnAndDelete`; the lease is released.
 * @throws DrError `REPO_LEASE_HELD`, `REPO_LEASE_LOST`; what the store throws; `REPO_*` for a lease, pin or
 * condemn object that cannot be read: nothing is deleted then.
 */
export async function expireLeftovers(
  sealed: SealedStore,
  options: ExpireLeftoversOptions,
): Promise<LeftoversExpired> {
  await using lease = await acquireLease(sealed, { ...options, purpose: "expire" });
  return await expireUnder(lease, sealed, options);
}
