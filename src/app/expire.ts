/**
 * `pra expire`: clears away what killed runs and replaced objects left behind. It gives up no backup. Parts of WAL go only when their
 * published segment was read back whole here, which needs the private key.
 */
import { isDrError } from "../core/errors.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import {
  type LeftoversExpired,
  expireLeftovers,
  listLeftovers,
} from "../repository/expire-leftovers.ts";
import type { SegmentCheck } from "../repository/inventory.ts";
import type { LeaseOptions } from "../repository/lease.ts";
import type { Leftover } from "../repository/leftovers.ts";
import { clusterNameOf } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { expectedAt, type SealedStore } from "../repository/sealed-store.ts";
import { objectKey } from "../repository/object-names.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";
import { checkHistory } from "./rollback.ts";

/** What was asked for. */
export type ExpireRequest = StoreCall & {
  readonly reason: string;
  readonly acceptRollback: boolean;
  readonly onWatch: LeaseOptions["onWatch"];
};

/** Reads a published segment whole: every frame must open, and make the segment's size. */
function segmentCheck(sealed: SealedStore): SegmentCheck {
  return async (name, call) => {
    using codec = new ZstdCodec({ level: 1 });
    try {
      const facts = await sealed.segmentFacts(name, call);
      const { ticket, directory, frameRange } = await sealed.openFramed(name, call);
      const reader = new FrameReader(ticket, codec);
      let plainBytes = 0;
      for (const [index] of directory.entries()) {
        const range = frameRange(index);
        const bytes = await sealed.store.get(objectKey(name), { ...call, range });
        plainBytes += reader.read(bytes, index).plain.length;
      }
      return plainBytes === facts.walSegmentBytes && expectedAt(name).kind === "walSegment";
    } catch (error) {
      if (isDrError(error) && /^(?:REPO|KEY)_/.test(error.code)) {
        return false;
      }
      throw error;
    }
  };
}

/** What would go; nothing is written. @throws DrError `CONFIG_*`, `KEY_*`, `REPO_*`, `STORE_*`. */
export async function previewExpire(
  adapters: Adapters,
  environment: Environment,
  request: ExpireRequest,
): Promise<readonly Leftover[]> {
  const { signal, onWatch } = request;
  const { clock, observer } = adapters;
  const { sealed } = await openRepository(adapters, environment, { signal });
  return await listLeftovers(sealed, {
    cluster: clusterNameOf(environment.cluster),
    ttlSeconds: leaseTtlSeconds,
    isVerified: segmentCheck(sealed),
    clock,
    observer,
    onWatch,
    signal,
  });
}

/** One run. @throws DrError as `expireLeftovers`; `REPO_ROLLED_BACK`. */
export async function runExpire(
  adapters: Adapters,
  environment: Environment,
  request: ExpireRequest,
): Promise<LeftoversExpired> {
  const { signal, onWatch, reason, acceptRollback: accept } = request;
  const { clock, observer } = adapters;
  const began = clock.monotonic();
  const { sealed } = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { reason });
  await checkHistory({ adapters, environment, sealed, ledger, accept }, { signal });
  const cluster = clusterNameOf(environment.cluster);
  const expired = await expireLeftovers(sealed, {
    cluster,
    ttlSeconds: leaseTtlSeconds,
    isVerified: segmentCheck(sealed),
    clock,
    observer,
    onWatch,
    signal,
  });
  await ledger.record({
    kind: "expireFinished",
    data: {
      cluster,
      epoch: expired.epoch,
      backups: [],
      deletedObjects: expired.deleted.length,
      deletedBytes: null,
      sparedObjects: expired.spared.length,
      durationMs: Math.round(clock.monotonic() - began),
    },
  });
  return expired;
}
