/**
 * Takes a backup, full or incremental, from a streaming source. The order is the promise: packs, then maps, then the
 * WAL between start and stop, each durable, and only then the root; a backup that is listed is whole.
 *
 * Aborting or failing leaves packs that no root names, dying also staged files: `pra expire` removes them.
 * Memory: 4 MiB a worker for slots and about 10 for its frame, buffers and contexts; the file maps as in
 * `file-mapper.ts`; an increment also the previous pages and 24 map frames.
 */
import { Worker } from "node:worker_threads";
import { assert, present } from "../core/assert.ts";
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import { mapObjectsMax, mapTicketsAhead } from "../core/limits.ts";
import type { Lsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { Ms } from "../core/units.ts";
import type { TimelineId } from "../core/wal-name.ts";
import { workerUrl } from "../core/worker-url.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { namingKey } from "../pipeline/sealing/key-ring.ts";
import { type FinishedObject, FramedFileWriter } from "../pipeline/framed-file-writer.ts";
import { PackPool, type PackPlace } from "../pipeline/pack-pool.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { LocalObjects } from "../repository/local-objects.ts";
import { MapReader } from "../repository/map/map-reader.ts";
import { MapWriter } from "../repository/map/map-writer.ts";
import {
  type IncarnationPlace,
  incarnationIdBytes,
  objectKey,
} from "../repository/object-names.ts";
import {
  type BackupRoot,
  type MapObject,
  type PageRef,
  type ServerIdentity,
  encodeRoot,
} from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { BackupEnd, BackupSink } from "../source/backup-source.ts";
import { ObjectStage } from "../repository/object-stage.ts";
import { type BackupProgress, BackupTaker, type Begun } from "./backup-taker.ts";
import { FileMapper } from "./file-mapper.ts";
import { requireAllTablespaces } from "./left-out-tablespaces.ts";
import { requireParentPacks } from "./parent-objects.ts";
import { PreviousBackup, asParentDamage } from "./previous-backup.ts";
import { corruptPages, mapObjects, packObjects, writePages } from "./root-parts.ts";
import { SlotFiller } from "./slot-filler.ts";
import { inStoreWords } from "../files/staged-error.ts";

/** The WAL that a backup needs; a running receiver or the backup's own stream provides it. */
export interface BackupWal {
  /** Resolves when the repository durably holds all WAL from `from` to `to`. */
  complete(range: { timeline: TimelineId; from: Lsn; to: Lsn }): Promise<void>;
}

/** Everything a backup is taken with. */
export type TakeBackupOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  /** Its id, made when it began: ids sort by the start. A new one when not given. */
  readonly id?: ObjectId;
  /** Epoch of the backup lease; 0 = none. */
  readonly epoch: number;
  readonly server: ServerIdentity;
  readonly configuration: BackupRoot["configuration"];
  /** Undefined: a full backup. */
  readonly parent: BackupRoot | undefined;
  /** The newest root at this moment. */
  readonly predecessor: ObjectId | undefined;
  readonly label: string;
  readonly note: string;
  /** Streams the cluster into the sink. */
  readonly stream: (sink: BackupSink) => Promise<BackupEnd>;
  readonly wal: BackupWal;
  readonly workers: number;
  readonly zstdLevel: number;
  readonly clock: Clock;
  /** Called as content arrives. */
  readonly onProgress?: (progress: BackupProgress) => void;
  readonly signal: AbortSignal;
};

/** A finished backup, and what the server said on the way. */
export type TakenBackup = {
  readonly root: BackupRoot;
  readonly key: string;
  readonly durationMs: number;
  readonly end: BackupEnd;
};

async function openPrevious(
  options: TakeBackupOptions,
  local: LocalObjects,
): Promise<{ backup: PreviousBackup; maps: MapReader } | undefined> {
  const { parent, sealed, place, signal } = options;
  if (parent === undefined) {
    return undefined;
  }
  try {
    if (guard("L26-parent-is-there")) {
      await requireParentPacks(sealed, place, parent, { signal });
    }
    const maps = await MapReader.open({
      ring: sealed.ring,
      incarnation: incarnationIdBytes(place.incarnation),
      maps: parent.maps,
      path: (id) => local.path(objectKey({ ...place, type: "map", id })),
      checkDigests: false,
      signal,
    });
    return { backup: new PreviousBackup(parent, maps), maps };
  } catch (error) {
    throw asParentDamage(error, parent);
  }
}

/** Refuses a parent that is another cluster's, or was cut into other blocks. */
function checkParent({ parent, server, place }: TakeBackupOptions): void {
  const same =
    parent === undefined ||
    !guard("L26-parent-same-system") ||
    (parent.cluster === place.cluster &&
      parent.server.systemId === server.systemId &&
      parent.server.blockBytes === server.blockBytes);
  if (!same) {
    throw new DrError("BACKUP_PARENT_FOREIGN", {
      parent: parent.id,
      parentCluster: parent.cluster,
      parentSystemId: parent.server.systemId,
      systemId: server.systemId,
    });
  }
}

/**
 * Refuses a backup whose server changed timelines in the middle. A server that was promoted says so itself; one that followed
 * its own source's promotion does not, and its WAL lies on two timelines. @throws DrError `SRC_BACKUP_STATE`.
 */
function requireOneTimeline(start: TimelineId, end: TimelineId): void {
  if (start !== end && guard("L17-one-timeline")) {
    const text = `the backup began on timeline ${start} and ended on timeline ${end}`;
    throw new DrError("SRC_BACKUP_STATE", { text });
  }
}

/** What one backup works with; everything is closed when it ends. */
type Workshop = {
  readonly options: TakeBackupOptions;
  readonly stage: ObjectStage;
  readonly previous: PreviousBackup | undefined;
  readonly pool: PackPool;
  readonly maps: MapWriter;
  readonly finishedPacks: Map<ObjectId, FinishedObject>;
};

async function openPool(
  options: TakeBackupOptions,
  stage: ObjectStage,
  finishedPacks: Map<ObjectId, FinishedObject>,
): Promise<PackPool> {
  const { sealed, place, server, workers, zstdLevel, signal } = options;
  const incarnation = incarnationIdBytes(place.incarnation);
  return PackPool.open({
    workers,
    blockBytes: server.blockBytes,
    fingerprintKey: deriveFingerprintKey(namingKey(sealed.ring), incarnation),
    zstdLevel,
    startWorker: (workerData) => new Worker(workerUrl("pack", import.meta.url), { workerData }),
    place: () => stage.place("pack"),
    publish: async (pack, call) => {
      await failpointAsync("backup.publish-pack", call);
      await stage.publish("pack", pack, call);
      finishedPacks.set(pack.id, pack);
    },
    signal,
  });
}

/**
 * Map objects are opened without waiting, in the middle of the stream: `mapTicketsAhead` tickets are ready, and one more is made
 * for each that is used. A map object holds a GiB, so the next is asked for long after.
 */
async function openMaps(stage: ObjectStage, codec: ZstdCodec): Promise<MapWriter> {
  const places: PackPlace[] = [];
  const supply = async (): Promise<void> => {
    places.push(await stage.place("map"));
  };
  await Promise.all(Array.from({ length: mapTicketsAhead }, supply));
  let opened = 0;
  let failure: Error | undefined;
  return new MapWriter(() => {
    opened += 1;
    assert(opened <= mapObjectsMax, "a backup has at most mapObjectsMax maps");
    const next = places.shift();
    if (next === undefined && failure !== undefined) {
      throw failure;
    }
    supply().catch((error: Error) => {
      failure = error;
    });
    const place = present(next, "a map's ticket is ready before it is needed");
    return new FramedFileWriter({ ...place, codec, digest: true });
  });
}

/** Streams the cluster through the pool; every pack is published and durable when it resolves. */
async function streamCluster(
  workshop: Workshop,
  startedAt: Ms,
): Promise<Begun & { readonly end: BackupEnd }> {
  const { options, pool, maps, previous } = workshop;
  const { blockBytes, dataChecksums, segmentBlocks } = options.server;
  const taker = new BackupTaker((start) => {
    requireAllTablespaces(options.server, start);
    const { startLsn } = start;
    const checksums = dataChecksums;
    const about = { blockBytes, maps, previous, startLsn, checksums, segmentBlocks };
    const mapper = new FileMapper(about);
    return { mapper, filler: new SlotFiller({ pool, mapper, blockBytes }) };
  }, options.onProgress);
  const end = await options.stream(taker);
  if (end.manifest !== undefined) {
    await taker.manifest(end.manifest, startedAt);
  }
  await taker.begun.filler.finish();
  await pool.finish();
  return { ...taker.begun, end };
}

/** Writes pages and publishes the maps. */
async function publishMaps(
  workshop: Workshop,
  mapper: FileMapper,
): Promise<{ pages: PageRef[]; maps: MapObject[]; finished: readonly FinishedObject[] }> {
  const { options, stage, previous } = workshop;
  const call = { signal: options.signal };
  const { pages, mapIds } = writePages(mapper, workshop.maps, previous);
  const finished = workshop.maps.finish();
  for (const map of finished) {
    call.signal.throwIfAborted();
    await failpointAsync("backup.publish-map", call);
    await stage.publish("map", map, call);
  }
  return { pages, maps: mapObjects(mapIds, finished, previous), finished };
}

async function runBackup(workshop: Workshop): Promise<Omit<TakenBackup, "durationMs">> {
  const { options, finishedPacks, previous } = workshop;
  const { sealed, place, server, clock, signal } = options;
  const startedAt = clock.now();
  const id = options.id ?? sealed.newId();
  const { start, end, mapper, filler } = await streamCluster(workshop, startedAt);
  const { pages, maps, finished } = await publishMaps(workshop, mapper);
  const { startLsn, timeline } = start;
  const { stopLsn } = end;
  requireOneTimeline(timeline, end.timeline);
  if (guard("L5-wal-before-root")) {
    await options.wal.complete({ timeline, from: startLsn, to: stopLsn });
  }
  signal.throwIfAborted();
  const made = [...finishedPacks.values(), ...finished];
  const storedBytes = made.reduce((sum, object) => sum + object.bytes, 0);
  const root: BackupRoot = {
    version: 1,
    id,
    cluster: place.cluster,
    kind: options.parent === undefined ? "full" : "incremental",
    parent: options.parent?.id ?? null,
    predecessor: options.predecessor ?? null,
    label: options.label,
    note: options.note,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(clock.now()).toISOString(),
    timeline,
    startLsn,
    stopLsn,
    walFrom: startLsn,
    walTo: stopLsn,
    server,
    configuration: options.configuration,
    tablespaces: start.tablespaces.flatMap(({ oid, location }) =>
      oid === 0 ? [] : [{ oid, location: location ?? "" }],
    ),
    maps,
    packs: packObjects(mapper, finishedPacks, previous),
    pages,
    totals: { ...mapper.totals, readBytes: filler.readBytes, storedBytes },
    corruptPages: guard("L19-pages-flagged")
      ? corruptPages(mapper.corruptPages, end.checksumWarnings)
      : [],
  };
  await failpointAsync("backup.publish-root", { signal });
  const name = { ...place, type: "root", id } as const;
  const put = await sealed.putWhole(name, encodeRoot(root), { epoch: options.epoch, signal });
  return { root, key: put.key, end };
}

/**
 * Takes a backup. @throws DrError what the source (`SRC_*`, `PG_*`), the store (`STORE_*`) and the WAL (`WAL_*`)
 * throw, `BACKUP_PARENT_FOREIGN`, `BACKUP_TABLESPACE_LEFT_OUT`; the signal's reason when aborted. Nothing is listed then, and no thread is left.
 */
export async function takeBackup(options: TakeBackupOptions): Promise<TakenBackup> {
  const { sealed, signal, clock, zstdLevel } = options;
  checkParent(options);
  const began = clock.monotonic();
  const directory = await sealed.store.stagingDirectory({ signal });
  try {
    await using stage = new ObjectStage({ ...options, directory });
    await using local = new LocalObjects(sealed.store, { signal });
    const opened = await openPrevious(options, local);
    await using _maps = opened?.maps;
    const finishedPacks = new Map<ObjectId, FinishedObject>();
    using codec = new ZstdCodec({ level: zstdLevel });
    using maps = await openMaps(stage, codec);
    await using pool = await openPool(options, stage, finishedPacks);
    const previous = opened?.backup;
    const taken = await runBackup({ options, stage, previous, pool, maps, finishedPacks });
    return { ...taken, durationMs: clock.monotonic() - began };
  } catch (error) {
    throw inStoreWords(error, directory);
  }
}
