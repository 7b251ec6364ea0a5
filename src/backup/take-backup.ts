/**
 * Takes a backup, full or incremental, from a streaming source. The order is the promise: packs, then maps, then the
 * WAL between start and stop, each durable, and only then the root; a backup that is listed is whole.
 *
 * Aborting or failing leaves packs that no root names, dying also staged files: `pra expire` removes them.
 * Memory: 4 MiB a worker for slots and about 10 for its frame, buffers and contexts; the file maps as in
 * `file-mapper.ts`; an increment also the previous pages and 24 map frames.
 */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { assert, present } from "../core/assert.ts";
import type { Clock } from "../core/clock.ts";
import { failpointAsync } from "../core/failpoint.ts";
import type { Lsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { Ms } from "../core/units.ts";
import type { TimelineId } from "../core/wal-name.ts";
import { workerUrl } from "../core/worker-url.ts";
import { deriveFingerprintKey } from "../pipeline/fingerprint-key.ts";
import { type FinishedObject, FramedFileWriter } from "../pipeline/framed-file-writer.ts";
import { PackPool } from "../pipeline/pack-pool.ts";
import { type ObjectTicket, sealTicket } from "../pipeline/sealing/object-header.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import { LocalObjects } from "../repository/local-objects.ts";
import { MapReader } from "../repository/map/map-reader.ts";
import { MapWriter } from "../repository/map/map-writer.ts";
import { PageReader } from "../repository/map/page.ts";
import {
  type IncarnationPlace,
  incarnationIdBytes,
  objectKey,
} from "../repository/object-names.ts";
import {
  type BackupRoot,
  type MapObject,
  type PackObject,
  type PageRef,
  type ServerIdentity,
  encodeRoot,
} from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { BackupEnd, BackupSink, BackupStart } from "../source/backup-source.ts";
import { FileMapper } from "./file-mapper.ts";
import { PreviousBackup } from "./previous-backup.ts";
import { SlotFiller } from "./slot-filler.ts";

/** Progress is told at the end of each file, and at least this often within one. */
const progressStepBytes = 1_048_576;

/** The WAL that a backup needs; a running receiver or the backup's own stream provides it. */
export interface BackupWal {
  /** Resolves when the repository durably holds all WAL from `from` to `to`. */
  complete(range: { timeline: TimelineId; from: Lsn; to: Lsn }): Promise<void>;
}

/** Everything a backup is taken with. */
export type TakeBackupOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
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

/** How far a backup is. */
export type BackupProgress = {
  readonly readBytes: number;
  /** What the server estimated; 0 = not known. */
  readonly expectedBytes: number;
};

/** A finished backup, and what the server said on the way. */
export type TakenBackup = {
  readonly root: BackupRoot;
  readonly key: string;
  readonly durationMs: number;
  readonly end: BackupEnd;
};

/** Prepares objects: seals tickets and names staged files. Disposed of: what was not published is removed. */
class Stage implements AsyncDisposable {
  readonly #options: TakeBackupOptions;
  readonly #directory: string;
  readonly #paths = new Set<string>();

  constructor(options: TakeBackupOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
  }

  async place(kind: "pack" | "map"): Promise<{ ticket: ObjectTicket; path: string }> {
    const { sealed, place, epoch, clock } = this.#options;
    const objectId = sealed.newId();
    const incarnation = incarnationIdBytes(place.incarnation);
    const createdAtMs = clock.now();
    const ticket = await sealTicket(sealed.ring, {
      kind,
      objectId,
      createdAtMs,
      incarnation,
      epoch,
    });
    const path = join(this.#directory, `${kind}-${objectId}`);
    this.#paths.add(path);
    return { ticket, path };
  }

  async publish(type: "pack" | "map", object: FinishedObject): Promise<void> {
    const { sealed, place, signal } = this.#options;
    const key = objectKey({ ...place, type, id: object.id });
    await sealed.store.putFile(object.path, key, { signal });
    this.#paths.delete(object.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#paths) {
      await rm(path, { force: true });
    }
  }
}

/** The sink of one backup: waits for `begin`, because pages newer than the start are judged by it. */
class Taker implements BackupSink {
  readonly #make: (start: BackupStart) => { mapper: FileMapper; filler: SlotFiller };
  readonly #onProgress: TakeBackupOptions["onProgress"];
  #untoldBytes = 0;
  start: BackupStart | undefined;
  mapper: FileMapper | undefined;
  filler: SlotFiller | undefined;

  constructor(
    make: (start: BackupStart) => { mapper: FileMapper; filler: SlotFiller },
    onProgress: TakeBackupOptions["onProgress"],
  ) {
    this.#make = make;
    this.#onProgress = onProgress;
  }

  begin(start: BackupStart): void {
    this.start = start;
    ({ mapper: this.mapper, filler: this.filler } = this.#make(start));
  }

  entry(entry: Parameters<BackupSink["entry"]>[0]): void {
    this.filler?.entry(entry);
  }

  data(chunk: Uint8Array): void {
    this.filler?.data(chunk);
    this.#untoldBytes += chunk.length;
    if (this.#untoldBytes >= progressStepBytes) {
      this.#tellProgress();
    }
  }

  endEntry(): void {
    this.filler?.endEntry();
    this.#tellProgress();
  }

  #tellProgress(): void {
    this.#untoldBytes = 0;
    const expectedBytes = (this.start?.tablespaces ?? []).reduce(
      (sum, tablespace) => sum + (tablespace.sizeBytes ?? 0),
      0,
    );
    this.#onProgress?.({ readBytes: this.filler?.readBytes ?? 0, expectedBytes });
  }

  pressure(): Promise<void> | undefined {
    return this.filler?.pressure();
  }

  /** The server's manifest, stored as the last file. */
  async manifest(bytes: Uint8Array, modifiedAtMs: Ms): Promise<void> {
    this.entry({
      tablespaceOid: 0,
      path: "backup_manifest",
      kind: "file",
      sizeBytes: bytes.length,
      mode: 0o600,
      modifiedAtSeconds: Math.floor(modifiedAtMs / 1000),
    });
    const pieceBytes = 65_536;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      await this.pressure();
      this.data(bytes.subarray(at, at + pieceBytes));
    }
    this.endEntry();
  }
}

async function openPrevious(
  options: TakeBackupOptions,
  local: LocalObjects,
): Promise<{ backup: PreviousBackup; maps: MapReader } | undefined> {
  const { parent, sealed, place, signal } = options;
  if (parent === undefined) {
    return undefined;
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
}

/** Writes the pages; a page that the previous backup wrote already is referred to. */
function writePages(
  mapper: FileMapper,
  maps: MapWriter,
  previous: PreviousBackup | undefined,
): { pages: PageRef[]; mapIds: Set<ObjectId> } {
  const mapIds = new Set<ObjectId>();
  const pages: PageRef[] = [];
  for (const { group, page, bytes } of mapper.pages.values()) {
    const encoded = page.encode();
    const sha256 = createHash("sha256").update(encoded).digest("hex");
    const same = previous?.samePage(group, sha256);
    const ref: PageRef = same ?? {
      ...group,
      ...maps.add(encoded),
      sha256,
      files: page.count,
      bytes,
    };
    mapIds.add(ref.map);
    new PageReader(encoded).maps.forEach((map) => mapIds.add(map));
    pages.push(ref);
  }
  return { pages, mapIds };
}

function packObjects(
  mapper: FileMapper,
  finished: ReadonlyMap<ObjectId, FinishedObject>,
  previous: PreviousBackup | undefined,
): PackObject[] {
  return [...mapper.live.packs()].map(([id, live]) => {
    const known = finished.get(id) ?? present(previous, "an old pack has a backup").pack(id);
    const { bytes, frames, plainBytes, headerSha256 } = known;
    const part = { liveFrames: live.frames, liveBytes: live.bytes };
    return { id, bytes, frames, headerSha256, plainBytes, ...part };
  });
}

function mapObjects(
  ids: ReadonlySet<ObjectId>,
  finished: readonly FinishedObject[],
  previous: PreviousBackup | undefined,
): MapObject[] {
  const fresh = new Map(finished.map((map) => [map.id, map]));
  return [...ids].map((id) => {
    const made = fresh.get(id);
    if (made === undefined) {
      return present(previous, "an old map has a backup").map(id);
    }
    const sha256 = present(made.sha256, "a map is hashed while it is written");
    const { bytes, frames, headerSha256 } = made;
    return { id, bytes, frames, headerSha256, sha256 };
  });
}

/** What one backup works with; everything is closed when it ends. */
type Workshop = {
  readonly options: TakeBackupOptions;
  readonly stage: Stage;
  readonly previous: PreviousBackup | undefined;
  readonly pool: PackPool;
  readonly maps: MapWriter;
  readonly finishedPacks: Map<ObjectId, FinishedObject>;
};

async function openPool(
  options: TakeBackupOptions,
  stage: Stage,
  finishedPacks: Map<ObjectId, FinishedObject>,
): Promise<PackPool> {
  const { sealed, place, server, workers, zstdLevel, signal } = options;
  const incarnation = incarnationIdBytes(place.incarnation);
  return PackPool.open({
    workers,
    blockBytes: server.blockBytes,
    fingerprintKey: deriveFingerprintKey(sealed.ring.metadataKey, incarnation),
    zstdLevel,
    startWorker: (workerData) => new Worker(workerUrl("pack", import.meta.url), { workerData }),
    place: () => stage.place("pack"),
    publish: async (pack) => {
      await failpointAsync("backup.publish-pack", { signal });
      await stage.publish("pack", pack);
      finishedPacks.set(pack.id, pack);
    },
    signal,
  });
}

/** Streams the cluster through the pool; every pack is published and durable when it resolves. */
async function streamCluster(
  workshop: Workshop,
  startedAt: Ms,
): Promise<{ start: BackupStart; end: BackupEnd; mapper: FileMapper; readBytes: number }> {
  const { options, pool, maps, previous } = workshop;
  const { blockBytes, dataChecksums, segmentBlocks } = options.server;
  const taker = new Taker((start) => {
    const mapper = new FileMapper({
      blockBytes,
      maps,
      previous,
      startLsn: start.startLsn,
      checksums: dataChecksums,
      segmentBlocks,
    });
    return { mapper, filler: new SlotFiller({ pool, mapper, blockBytes }) };
  }, options.onProgress);
  const end = await options.stream(taker);
  const { start, mapper, filler } = taker;
  assert(
    start !== undefined && mapper !== undefined && filler !== undefined,
    "a backup that ended has begun",
  );
  if (end.manifest !== undefined) {
    await taker.manifest(end.manifest, startedAt);
  }
  await filler.finish();
  await pool.finish();
  return { start, end, mapper, readBytes: filler.readBytes };
}

/** Writes pages and publishes the maps. */
async function publishMaps(
  workshop: Workshop,
  mapper: FileMapper,
): Promise<{ pages: PageRef[]; maps: MapObject[]; finished: readonly FinishedObject[] }> {
  const { options, stage, previous } = workshop;
  const { pages, mapIds } = writePages(mapper, workshop.maps, previous);
  const finished = workshop.maps.finish();
  for (const map of finished) {
    await failpointAsync("backup.publish-map", { signal: options.signal });
    await stage.publish("map", map);
  }
  return { pages, maps: mapObjects(mapIds, finished, previous), finished };
}

async function runBackup(workshop: Workshop): Promise<Omit<TakenBackup, "durationMs">> {
  const { options, finishedPacks, previous } = workshop;
  const { sealed, place, server, clock, signal } = options;
  const startedAt = clock.now();
  const { start, end, mapper, readBytes } = await streamCluster(workshop, startedAt);
  const { pages, maps, finished } = await publishMaps(workshop, mapper);
  const { startLsn, timeline } = start;
  const { stopLsn } = end;
  await options.wal.complete({ timeline, from: startLsn, to: stopLsn });
  const made = [...finishedPacks.values(), ...finished];
  const storedBytes = made.reduce((sum, object) => sum + object.bytes, 0);
  const id = sealed.newId();
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
    totals: { ...mapper.totals, readBytes, storedBytes },
    corruptPages: mapper.corruptPages,
  };
  await failpointAsync("backup.publish-root", { signal });
  const name = { ...place, type: "root", id } as const;
  const put = await sealed.putWhole(name, encodeRoot(root), { epoch: options.epoch, signal });
  return { root, key: put.key, end };
}

/**
 * Takes a backup. @throws DrError what the source (`SRC_*`, `PG_*`), the store (`STORE_*`) and the WAL (`WAL_*`)
 * throw; the signal's reason when aborted. Nothing is listed then.
 */
export async function takeBackup(options: TakeBackupOptions): Promise<TakenBackup> {
  const { sealed, signal, clock, zstdLevel } = options;
  const began = clock.monotonic();
  await using stage = new Stage(options, await sealed.store.stagingDirectory({ signal }));
  await using local = new LocalObjects(sealed.store, { signal });
  const opened = await openPrevious(options, local);
  await using _maps = opened?.maps;
  const finishedPacks = new Map<ObjectId, FinishedObject>();
  await using pool = await openPool(options, stage, finishedPacks);
  using codec = new ZstdCodec({ level: zstdLevel });
  const places = [await stage.place("map"), await stage.place("map")];
  const maps = new MapWriter(() => {
    const next = present(places.shift(), "a backup has maps below two gibibytes");
    return new FramedFileWriter({ ...next, codec, digest: true });
  });
  const previous = opened?.backup;
  const taken = await runBackup({ options, stage, previous, pool, maps, finishedPacks });
  return { ...taken, durationMs: clock.monotonic() - began };
}
