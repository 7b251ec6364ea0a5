/**
 * Takes a dump: for each database a snapshot, the streams of its programs side by side, and the census, all of the same instant. The
 * document is published last, when every pack is durable and, on a host that may read, `pg_restore` has read back each archive's table of
 * contents. Failing or interrupted anywhere, nothing is listed and no program is left running.
 */
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import type { Clock } from "../core/clock.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { backupZstdLevel } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { FinishedObject } from "../pipeline/framed-file-writer.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import {
  type DumpDocument,
  type DumpStream,
  type DumpedDatabase,
  encodeDump,
  packsOfDump,
  streamsOfDump,
} from "../repository/dump-document.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import { ObjectStage } from "../repository/object-stage.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { takeCensus } from "./census.ts";
import type { ClientPrograms } from "./client-programs.ts";
import { type PlannedStream, databaseStreams, globalsStream } from "./dump-programs.ts";
import { feedProgram } from "./feed-program.ts";
import { libpqEnvironment } from "./libpq.ts";
import { failureOf } from "./program-failure.ts";
import { readStream } from "./read-stream.ts";
import { type DatabaseFacts, Snapshot } from "./snapshot.ts";
import { StreamPool } from "./stream-pool.ts";

/** What to dump, and with what. */
export type TakeDumpOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly epoch: number;
  readonly settings: ConnectionSettings;
  readonly applicationName: string;
  readonly server: DumpDocument["server"];
  readonly programs: ClientPrograms;
  readonly databases: readonly DatabaseFacts[];
  /** `passwords`: whether the role may read the hashes. */
  readonly globals: { readonly passwords: boolean } | undefined;
  readonly note: string;
  /** Programs at a time. */
  readonly jobs: number;
  readonly clock: Clock;
  /** Called when all is durable, before the document is published. */
  readonly beforePublish: () => Promise<void>;
  readonly onDatabase: (name: string) => void;
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
};

/** A dump that is listed. */
export type TakenDump = {
  readonly dump: DumpDocument;
  /** Its key in the store. */
  readonly key: string;
  readonly durationMs: number;
  /** False when this host holds no private key: nothing was read back then. */
  readonly readBack: boolean;
};

/** The run's parts. */
type Workshop = {
  readonly options: TakeDumpOptions;
  readonly pool: StreamPool;
  /** To be aborted when one thing fails, for all others. */
  readonly failed: AbortController;
  readonly signal: AbortSignal;
};

function packOf({
  id,
  bytes,
  frames,
  headerSha256,
  plainBytes,
}: FinishedObject): DumpStream["packs"][number] {
  return { id, bytes, frames, headerSha256, plainBytes };
}

async function makeStream(workshop: Workshop, planned: PlannedStream): Promise<DumpStream> {
  const { options, pool, signal } = workshop;
  const { end, facts, packs } = await pool.run(planned.program);
  signal.throwIfAborted();
  const program = planned.part === "globals" ? "pg_dumpall" : "pg_dump";
  const failure = failureOf(end, { program, settings: options.settings });
  if (failure !== undefined) {
    throw failure;
  }
  const { part, table } = planned;
  return { part, table, ...facts, packs: packs.map(packOf) };
}

function programOptions({ options }: Workshop): {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
} {
  const { programs, settings, applicationName } = options;
  const environment = libpqEnvironment(settings, applicationName);
  return { directory: programs.directory, environment };
}

async function dumpDatabase(workshop: Workshop, facts: DatabaseFacts): Promise<DumpedDatabase> {
  const { options, signal } = workshop;
  const { settings, applicationName } = options;
  const database = facts.name;
  options.onDatabase(database);
  await using snapshot = await Snapshot.take(settings, { database, applicationName, signal });
  await failpointAsync("dump.snapshot", { signal });
  const planned = databaseStreams(
    { database, snapshot: snapshot.id, large: snapshot.large },
    programOptions(workshop),
  );
  const counting = takeCensus(snapshot.session, { signal });
  const streaming = planned.map((each) => makeStream(workshop, each));
  await allOf<unknown>([counting, ...streaming], workshop.failed);
  const census = await counting;
  const streams = await Promise.all(streaming);
  const { lsn: snapshotLsn, takenAt: snapshotAt } = snapshot;
  const dumped = { ...facts, snapshotLsn, snapshotAt, census, streams };
  for (const stream of streams) {
    await requireReadable(options, { database, stream });
  }
  return dumped;
}

/** `pg_restore` reads an archive's table of contents from the repository. @throws DrError `DUMP_UNREADABLE`. */
async function requireReadable(
  { sealed, place, programs, signal }: TakeDumpOptions,
  of: { readonly database: string; readonly stream: DumpStream },
): Promise<void> {
  if (sealed.ring.private === undefined) {
    return;
  }
  const { database, stream } = of;
  const path = join(programs.directory, "pg_restore");
  const program = { path, words: ["--list"], environment: { LC_ALL: "C" } };
  const source = readStream(sealed, place, { signal, stream });
  const { end, output } = await feedProgram(program, source, { signal });
  if (end.code !== 0 || !output.includes("; Archive created at")) {
    throw new DrError("DUMP_UNREADABLE", { database, text: end.text });
  }
}

/** Waits for all. The first failure ends the others by `failed`, and is thrown when they have ended. */
async function allOf<T>(promises: readonly Promise<T>[], failed: AbortController): Promise<T[]> {
  try {
    return await Promise.all(promises);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(promises);
    throw error;
  }
}

/** Works through a list, some at a time. */
async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  { atOnce, failed }: { readonly atOnce: number; readonly failed: AbortController },
): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next;
      results[index] = await work(item);
    }
  };
  await allOf(Array.from({ length: atOnce }, lane), failed);
  return results;
}

async function makeDump(workshop: Workshop, id: ObjectId): Promise<DumpDocument> {
  const { options } = workshop;
  const { clock, place, jobs, server, programs, note } = options;
  const startedAt = new Date(clock.now()).toISOString();
  const globals =
    options.globals === undefined
      ? null
      : {
          ...(await makeStream(workshop, globalsStream(options.globals, programOptions(workshop)))),
          passwords: options.globals.passwords,
        };
  const databases = await inParallel(options.databases, (each) => dumpDatabase(workshop, each), {
    atOnce: jobs,
    failed: workshop.failed,
  });
  const { major, text: version } = programs.version;
  const dump: DumpDocument = {
    version: 1,
    id,
    cluster: place.cluster,
    note,
    startedAt,
    finishedAt: new Date(clock.now()).toISOString(),
    server,
    program: { major, version },
    format: "custom",
    globals,
    databases,
    totals: { plainBytes: 0, storedBytes: 0 },
  };
  const plainBytes = streamsOfDump(dump).reduce((sum, { bytes }) => sum + bytes, 0);
  const storedBytes = packsOfDump(dump).reduce((sum, { bytes }) => sum + bytes, 0);
  return { ...dump, totals: { plainBytes, storedBytes } };
}

/**
 * Takes a dump. @throws DrError `DUMP_*`, `PG_*`, `STORE_*`; the signal's reason when aborted. Nothing is listed then, and no program is
 * left.
 */
export async function takeDump(options: TakeDumpOptions): Promise<TakenDump> {
  const { sealed, place, epoch, clock, jobs } = options;
  const began = clock.monotonic();
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const directory = await sealed.store.stagingDirectory({ signal });
  await using stage = new ObjectStage({ sealed, place, epoch, clock, directory });
  await using pool = new StreamPool({
    workers: jobs,
    zstdLevel: backupZstdLevel,
    place: () => stage.place("pack"),
    publish: (pack, call) => stage.publish("pack", pack, call),
    onProgress: options.onProgress,
    signal,
  });
  const id = sealed.newId();
  try {
    const dump = await makeDump({ options, pool, failed, signal }, id);
    await options.beforePublish();
    await failpointAsync("dump.publish", { signal });
    const name = { ...place, type: "dump", id } as const;
    const { key } = await sealed.putWhole(name, encodeDump(dump), { epoch, signal });
    const readBack = sealed.ring.private !== undefined;
    return { dump, key, durationMs: clock.monotonic() - began, readBack };
  } catch (error) {
    failed.abort(error);
    options.signal.throwIfAborted();
    throw error;
  }
}
