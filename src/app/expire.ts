/**
 * `pra expire`: gives up what retention does not keep, and clears away what killed runs and replaced objects left behind. Parts of WAL
 * whose segment is published go only when that was read back whole here, which needs the private key.
 */
import { present } from "../core/assert.ts";
import { isDrError } from "../core/errors.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import type { Condemned } from "../repository/condemn.ts";
import {
  type ExpireLeftoversOptions,
  type LeftoversExpired,
  expireLeftovers,
  previewLeftovers,
} from "../repository/expire-leftovers.ts";
import type { SegmentCheck } from "../repository/inventory.ts";
import type { LeaseOptions } from "../repository/lease.ts";
import type { Leftover } from "../repository/leftovers.ts";
import {
  type ClusterName,
  type ObjectName,
  clusterNameOf,
  objectKey,
  tryParseObjectKey,
} from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import {
  type ClusterDecision,
  DUMP_GIVEN_UP,
  GIVEN_UP,
} from "../repository/retention-leftovers.ts";
import { expectedAt, type SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { oldestBackupMs } from "./backup-roots.ts";
import { readProofWords } from "./last-proofs.ts";
import { openRepository } from "./repository-access.ts";
import { readRetentionWal } from "./retention-wal.ts";
import { type WindowsChange, windowsChange } from "./retention-windows.ts";
import { checkHistory } from "./rollback.ts";

type NameOf<T extends ObjectName["type"]> = Extract<ObjectName, { readonly type: T }>;

/** What was asked for. */
export type ExpireRequest = StoreCall & {
  readonly reason: string;
  readonly acceptRollback: boolean;
  /** Decide by those proofs that can be read. */
  readonly acceptUnreadProofs: boolean;
  readonly onWatch: LeaseOptions["onWatch"];
  /** The disk is full, and the room that was kept for this was given back. */
  readonly onRoomReleased: () => void;
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

/** What retention decided, and what of the windows is left. */
export type RetentionPreview = {
  readonly decision: ClusterDecision;
  readonly windows: readonly WindowsChange[];
};

/** What would go, and why. */
export type ExpirePreview = {
  readonly leftovers: readonly Leftover[];
  readonly retention: RetentionPreview;
};

function optionsOf(
  adapters: Adapters,
  environment: Environment,
  about: { readonly sealed: SealedStore; readonly request: ExpireRequest },
): ExpireLeftoversOptions {
  const { clock, observer } = adapters;
  const { sealed, request } = about;
  const cluster = clusterNameOf(environment.cluster);
  return {
    cluster,
    ttlSeconds: leaseTtlSeconds,
    isVerified: segmentCheck(sealed),
    retention: {
      policy: environment.retention,
      now: () => clock.now(),
      readWal: (place, call) => readRetentionWal(sealed, place, call),
      readProofWords: async (call) => {
        const sinceMs = await oldestBackupMs(sealed, [cluster], call);
        const words = await readProofWords(sealed, { ...call, sinceMs });
        return request.acceptUnreadProofs ? { ...words, unread: 0 } : words;
      },
    },
    clock,
    observer,
    onWatch: request.onWatch,
    signal: request.signal,
  };
}

/** What would go; nothing is written. @throws DrError `CONFIG_*`, `KEY_*`, `REPO_*`, `STORE_*`. */
export async function previewExpire(
  adapters: Adapters,
  environment: Environment,
  request: ExpireRequest,
): Promise<ExpirePreview> {
  const { signal } = request;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const options = optionsOf(adapters, environment, { sealed, request });
  const { leftovers, decision } = await previewLeftovers(sealed, options);
  const decided = present(decision, "retention takes part in every run of expire");
  const { cluster } = options;
  const windows = await windowsChange(sealed, { cluster, decision: decided }, { signal });
  return { leftovers, retention: { decision: decided, windows } };
}

/** What retention gives up, among what is going to be deleted. */
function givenUpIn(going: readonly Condemned[]): {
  readonly backups: readonly NameOf<"root">[];
  readonly dumps: readonly NameOf<"dump">[];
} {
  const backups: NameOf<"root">[] = [];
  const dumps: NameOf<"dump">[] = [];
  for (const { key, reason } of going) {
    const name = tryParseObjectKey(key);
    if (reason === GIVEN_UP && name?.type === "root") {
      backups.push(name);
    } else if (reason === DUMP_GIVEN_UP && name?.type === "dump") {
      dumps.push(name);
    }
  }
  return { backups, dumps };
}

/** From here on their absence is explained; without it nothing may be deleted. @throws DrError why it could not be recorded. */
async function recordGivenUp(
  ledger: LedgerRecorder,
  cluster: ClusterName,
  going: readonly Condemned[],
): Promise<void> {
  const gone = givenUpIn(going);
  const backups = gone.backups.map(({ incarnation, id }) => ({ incarnation, backup: id }));
  const dumps = gone.dumps.map(({ incarnation, id }) => ({ incarnation, dump: id }));
  if (backups.length > 0) {
    await ledger.record({ kind: "backupsGivenUp", data: { cluster, backups } });
  }
  if (dumps.length > 0) {
    await ledger.record({ kind: "dumpsGivenUp", data: { cluster, dumps } });
  }
  if (ledger.failure !== undefined) {
    throw ledger.failure;
  }
}

/** What a run did. */
export type ExpireDone = LeftoversExpired & {
  readonly backups: readonly ObjectId[];
  readonly dumps: readonly ObjectId[];
  readonly deletedBytes: number;
  /** Backups that only stay because results of proofs cannot be read. */
  readonly unjudged: number;
};

/** Those that nothing else keeps. */
export function unjudgedIn({ backups }: Pick<ClusterDecision, "backups">): number {
  return backups.filter(
    ({ kind, reasons }) => kind === "keep" && reasons.every((one) => one.kind === "proofs-unread"),
  ).length;
}

/**
 * One run. On a disk that is full to the last byte the room that was kept for this is given back, and it begins anew.
 * @throws DrError as `expireLeftovers`; `REPO_ROLLED_BACK`; why the ledger could not be written.
 */
export async function runExpire(
  adapters: Adapters,
  environment: Environment,
  request: ExpireRequest,
): Promise<ExpireDone> {
  const { signal } = request;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const room = sealed.store.emergencyRoom;
  const expire = (): Promise<ExpireDone> => expireIn(sealed, adapters, environment, request);
  let done: ExpireDone;
  try {
    done = await expire();
  } catch (error) {
    if (!isDrError(error, "STORE_DISK_FULL") || (await room?.release({ signal })) !== true) {
      throw error;
    }
    request.onRoomReleased();
    done = await expire();
  }
  await room?.keep({ signal });
  return done;
}

async function expireIn(
  sealed: SealedStore,
  adapters: Adapters,
  environment: Environment,
  request: ExpireRequest,
): Promise<ExpireDone> {
  const { signal, reason, acceptRollback: accept } = request;
  const { clock } = adapters;
  const began = clock.monotonic();
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  await checkHistory({ adapters, environment, sealed, ledger, accept }, { signal });
  const options = optionsOf(adapters, environment, { sealed, request });
  const { cluster } = options;
  const expired = await expireLeftovers(sealed, {
    ...options,
    onDelete: (going) => recordGivenUp(ledger, cluster, going),
  });
  const gone = givenUpIn(expired.deleted);
  const backups = gone.backups.map(({ id }) => id);
  const dumps = gone.dumps.map(({ id }) => id);
  const deletedBytes = expired.deleted.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  await ledger.record({
    kind: "expireFinished",
    data: {
      cluster,
      epoch: expired.epoch,
      backups,
      deletedObjects: expired.deleted.length,
      deletedBytes,
      sparedObjects: expired.spared.length,
      durationMs: Math.round(clock.monotonic() - began),
    },
  });
  const { decision } = expired;
  const unjudged = decision === undefined ? 0 : unjudgedIn(decision);
  return { ...expired, backups, dumps, deletedBytes, unjudged };
}
