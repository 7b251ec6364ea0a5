/**
 * `global/pg_control`: who a cluster is, how far it is, and with which sizes it was built. Everything a
 * backup claims about its cluster is checked against this file, and a restore lays it down last with a
 * checkpoint position that leads nowhere, so that a directory without its `backup_label` refuses to
 * start instead of starting silently wrong (loss class 1).
 *
 * Must never interpret a version it does not know, nor a file whose CRC-32C is wrong. Only the 64-bit
 * little-endian layout is read; the version field itself looks unknown on a machine of the other order.
 *
 * Follows src/include/catalog/pg_control.h of PostgreSQL: 1300 (13 to 16), 1700 (17), 1800 (18).
 */
import { assert } from "../core/assert.ts";
import { crc32c } from "../core/crc32c.ts";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { type Lsn, lsnOf } from "../core/lsn.ts";
import { type TimelineId, timelineOf } from "../core/wal-name.ts";

/** The file's size on disk; what follows the CRC is zero. */
export const controlFileBytes = 8192;

/** DBState of pg_control.h, in its order. */
export const clusterStates = [
  "starting up",
  "shut down",
  "shut down in recovery",
  "shutting down",
  "in crash recovery",
  "in archive recovery",
  "in production",
] as const;

/** What the cluster was doing when the file was written last. */
export type ClusterState = (typeof clusterStates)[number];

/** The copy of the last checkpoint record. */
export type CheckpointCopy = {
  readonly redo: Lsn;
  readonly timeline: TimelineId;
  readonly previousTimeline: TimelineId;
  readonly fullPageWrites: boolean;
  readonly nextXid: bigint;
  readonly nextOid: number;
  readonly nextMulti: number;
  readonly nextMultiOffset: number;
  readonly oldestXid: number;
  readonly oldestXidDatabase: number;
  readonly oldestMulti: number;
  readonly oldestMultiDatabase: number;
  readonly timeEpochSeconds: number;
  readonly oldestCommitTimestampXid: number;
  readonly newestCommitTimestampXid: number;
  readonly oldestActiveXid: number;
};

/** The file's content. `minRecoveryPointTimeline` is 0 where PostgreSQL set none. */
export type ControlFile = {
  readonly systemId: bigint;
  readonly controlVersion: number;
  readonly catalogVersion: number;
  readonly state: ClusterState;
  readonly timeEpochSeconds: number;
  readonly checkpoint: Lsn;
  readonly checkpointCopy: CheckpointCopy;
  readonly unloggedLsn: Lsn;
  readonly minRecoveryPoint: Lsn;
  readonly minRecoveryPointTimeline: number;
  readonly backupStartPoint: Lsn;
  readonly backupEndPoint: Lsn;
  readonly backupEndRequired: boolean;
  readonly walLevel: "minimal" | "replica" | "logical";
  readonly walLogHints: boolean;
  readonly maxConnections: number;
  readonly maxWorkerProcesses: number;
  readonly maxWalSenders: number;
  readonly maxPreparedTransactions: number;
  readonly maxLocksPerTransaction: number;
  readonly trackCommitTimestamp: boolean;
  readonly maxAlignBytes: number;
  readonly floatFormat: number;
  readonly blockBytes: number;
  readonly segmentBlocks: number;
  readonly walBlockBytes: number;
  readonly walSegmentBytes: number;
  readonly nameDataLength: number;
  readonly indexKeysMax: number;
  readonly toastChunkBytesMax: number;
  readonly largeObjectChunkBytes: number;
  readonly float8ByValue: boolean;
  /** 0: off; 1: on. */
  readonly dataChecksumVersion: number;
  /** Absent before 18. */
  readonly defaultCharSigned: boolean | undefined;
};

/** Where the CRC lies, by version of the file. All else lies where it lies in every known version. */
const CRC_OFFSETS: ReadonlyMap<number, number> = new Map([
  [1300, 288],
  [1700, 288],
  // One more flag before the nonce, then three bytes of padding.
  [1800, 292],
]);

const CHECKPOINT_OFFSET = 32;
const COPY_OFFSET = 40;
const DEFAULT_CHAR_SIGNED_OFFSET = 256;

/** Segment 0 of the log never exists, so no checkpoint record can ever be read at this position. */
const POISON: Lsn = lsnOf(0xdeadn);

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Checks size, version and CRC. @throws DrError `PG_CONTROL_SIZE`, `PG_CONTROL_VERSION`, `PG_CONTROL_CRC`. */
function crcOffsetOf(bytes: Uint8Array): number {
  if (bytes.byteLength !== controlFileBytes) {
    throw new DrError("PG_CONTROL_SIZE", { bytes: bytes.byteLength });
  }
  const view = viewOf(bytes);
  const version = view.getUint32(8, true);
  const offset = CRC_OFFSETS.get(version);
  if (offset === undefined) {
    const known = [...CRC_OFFSETS.keys()].join(", ");
    throw new DrError("PG_CONTROL_VERSION", { version, known });
  }
  const stored = view.getUint32(offset, true);
  const computed = crc32c(bytes.subarray(0, offset));
  if (stored !== computed) {
    throw new DrError("PG_CONTROL_CRC", { stored, computed });
  }
  return offset;
}

/** Reads fields one after the other, aligned as a C compiler for x86-64 and arm64 aligns them. */
class FieldReader {
  readonly #view: DataView;
  #offset: number;

  constructor(view: DataView, offset: number) {
    this.#view = view;
    this.#offset = offset;
  }

  #take(bytes: number): number {
    const at = Math.ceil(this.#offset / bytes) * bytes;
    this.#offset = at + bytes;
    return at;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  lsn(): Lsn {
    return lsnOf(this.u64());
  }

  seconds(): number {
    return Number(this.#view.getBigInt64(this.#take(8), true));
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  flag(): boolean {
    return this.#view.getUint8(this.#take(1)) !== 0;
  }
}

function readCheckpointCopy(view: DataView): CheckpointCopy {
  const fields = new FieldReader(view, COPY_OFFSET);
  const redo = fields.lsn();
  const timeline = timelineOf(fields.u32());
  const previousTimeline = timelineOf(fields.u32());
  const fullPageWrites = fields.flag();
  // 17 and later keep wal_level here, earlier ones padding of the same size.
  fields.i32();
  return {
    redo,
    timeline,
    previousTimeline,
    fullPageWrites,
    nextXid: fields.u64(),
    nextOid: fields.u32(),
    nextMulti: fields.u32(),
    nextMultiOffset: fields.u32(),
    oldestXid: fields.u32(),
    oldestXidDatabase: fields.u32(),
    oldestMulti: fields.u32(),
    oldestMultiDatabase: fields.u32(),
    timeEpochSeconds: fields.seconds(),
    oldestCommitTimestampXid: fields.u32(),
    newestCommitTimestampXid: fields.u32(),
    oldestActiveXid: fields.u32(),
  };
}

function stateOf(value: number): ClusterState {
  const state = clusterStates[value];
  if (state === undefined) {
    throw new DrError("PG_CONTROL_VALUE", { field: "state", value });
  }
  return state;
}

function walLevelOf(value: number): ControlFile["walLevel"] {
  const level = (["minimal", "replica", "logical"] as const)[value];
  if (level === undefined) {
    throw new DrError("PG_CONTROL_VALUE", { field: "wal_level", value });
  }
  return level;
}

/**
 * Reads a whole `pg_control`. @throws DrError `PG_CONTROL_SIZE`, `PG_CONTROL_VERSION`, `PG_CONTROL_CRC`,
 * `PG_CONTROL_VALUE`.
 */
export function parseControlFile(bytes: Uint8Array): ControlFile {
  crcOffsetOf(bytes);
  const view = viewOf(bytes);
  const checkpointCopy = readCheckpointCopy(view);
  const head = new FieldReader(view, 0);
  const rest = new FieldReader(view, 128);
  const controlVersion = view.getUint32(8, true);
  return {
    systemId: head.u64(),
    controlVersion: head.u32(),
    catalogVersion: head.u32(),
    state: stateOf(head.u32()),
    timeEpochSeconds: head.seconds(),
    checkpoint: head.lsn(),
    checkpointCopy,
    unloggedLsn: rest.lsn(),
    minRecoveryPoint: rest.lsn(),
    minRecoveryPointTimeline: rest.u32(),
    backupStartPoint: rest.lsn(),
    backupEndPoint: rest.lsn(),
    backupEndRequired: rest.flag(),
    walLevel: walLevelOf(rest.i32()),
    walLogHints: rest.flag(),
    maxConnections: rest.i32(),
    maxWorkerProcesses: rest.i32(),
    maxWalSenders: rest.i32(),
    maxPreparedTransactions: rest.i32(),
    maxLocksPerTransaction: rest.i32(),
    trackCommitTimestamp: rest.flag(),
    maxAlignBytes: rest.u32(),
    floatFormat: rest.double(),
    blockBytes: rest.u32(),
    segmentBlocks: rest.u32(),
    walBlockBytes: rest.u32(),
    walSegmentBytes: rest.u32(),
    nameDataLength: rest.u32(),
    indexKeysMax: rest.u32(),
    toastChunkBytesMax: rest.u32(),
    largeObjectChunkBytes: rest.u32(),
    float8ByValue: rest.flag(),
    dataChecksumVersion: rest.u32(),
    defaultCharSigned:
      controlVersion < 1800 ? undefined : view.getUint8(DEFAULT_CHAR_SIGNED_OFFSET) !== 0,
  };
}

/**
 * A copy whose checkpoint position leads nowhere, with a right CRC. A server with `backup_label` does not
 * look at that position; one without it refuses to start. @throws DrError as `parseControlFile`.
 */
export function poisonCheckpoint(bytes: Uint8Array): Uint8Array {
  const crcOffset = crcOffsetOf(bytes);
  const copy = Uint8Array.from(bytes);
  const view = viewOf(copy);
  if (guard("L1-poison-checkpoint")) {
    view.setBigUint64(CHECKPOINT_OFFSET, POISON, true);
  }
  view.setUint32(crcOffset, crc32c(copy.subarray(0, crcOffset)), true);
  assert(crcOffsetOf(copy) === crcOffset, "a poisoned pg_control has a right CRC");
  return copy;
}

/** True for a file that `poisonCheckpoint` made and no server has written since. */
export function isPoisoned(control: ControlFile): boolean {
  return control.checkpoint === POISON;
}
