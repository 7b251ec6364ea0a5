/**
 * `pra restore`: plan, pin, restore, and with `--start` a server on it. Everything that can be refused is refused before the first
 * byte is written; the copy is isolated from production whether or not it is started here.
 */
import { join, resolve } from "node:path";
import { stat } from "node:fs/promises";
import { present } from "../core/assert.ts";
import { cutText } from "../core/cut-text.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import { addToLsn, formatLsn } from "../core/lsn.ts";
import { segmentAt } from "../core/wal-name.ts";
import { missingLibraries } from "../postgres/installed-libraries.ts";
import { findServerBinaries, type ServerBinaries } from "../postgres/server-binaries.ts";
import { type ServerAccount, serverAccount } from "../postgres/server-account.ts";
import type { EventData } from "../ledger/event-kinds.ts";
import { recordedResourceManagers, recordedSetting } from "../proof/recorded-facts.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { holdPin } from "../repository/pins.ts";
import type { Protection } from "../repository/pin-rules.ts";
import { type ServerIdentity, decodeRoot } from "../repository/root.ts";
import type { BackupFiles } from "../restore/backup-files.ts";
import type { FileSelection } from "../restore/file-selection.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import { librariesIn, requireResourceManagers } from "../restore/preload-libraries.ts";
import { recoverySettings } from "../restore/recovery-settings.ts";
import { type RestoredBackup, restoreBackup } from "../restore/restore-backup.ts";
import type { RestorePlace } from "../restore/restore-places.ts";
import { lookAtTarget } from "../restore/target-directory.ts";
import { ScatterPool } from "../restore/scatter-pool.ts";
import { formatInstant } from "../restore/target-time.ts";
import { materialiseHistories, materialiseWal } from "../wal/materialise-wal.ts";
import { WalCatalogue } from "../wal/wal-catalogue.ts";
import { WalReader } from "../wal/wal-reader.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { type PlanRequest, type PlanResult, planOperation } from "./plan-operation.ts";
import type { RestorePrediction } from "../core/restore-prediction.ts";
import { measurementOf, predictionFor } from "./predict-restore.ts";
import { requireGivenUp } from "./give-up-cluster.ts";
import { type Reached, type StartWish, type StartedCopy, startCopy } from "./start-copy.ts";
import { checkHistory } from "./rollback.ts";
import { requireRoom } from "./restore-room.ts";
import { type TightRoom, judgeRoom, roomOnVolumes } from "./target-room.ts";

/** What was asked for. */
export type RestoreRequest = PlanRequest & {
  readonly to: string;
  readonly start: StartWish | undefined;
  /** New places of tablespaces, by their old ones. */
  readonly tablespaces: ReadonlyMap<string, string>;
  /** Of a copy that is thrown away: where there must be room, a directory there for all its tablespaces, and which files it brings, when not all. */
  readonly throwAway?: {
    readonly spoolDirectory: string;
    readonly tablespacesBelow: string;
    readonly choose: ((files: BackupFiles) => Promise<FileSelection | undefined>) | undefined;
  };
  readonly owner: string | undefined;
  readonly workers: number;
  /**
   * A stopped cluster in `to` may become this one: only what differs is written. `confirm`: the directory's name, once more, because
   * somebody knows which cluster is given up.
   */
  readonly over?: { readonly confirm: string | undefined } | undefined;
  readonly acceptRollback: boolean;
  readonly reason: string;
  /** Told once, before anything is written; without a prediction where nothing was measured yet. */
  readonly onPlan: (plan: RestorePlan, prediction: RestorePrediction | undefined) => void;
  /** Told of each file system on which little will be left. */
  readonly onTightRoom?: (room: TightRoom) => void;
  /** Told when it failed, and the ledger does not say all of it; of one that did not, the result tells. */
  readonly onUnrecorded?: (failure: DrError) => void;
  readonly onProgress: (progress: {
    readonly phase: string;
    readonly writtenBytes: number;
  }) => void;
  readonly signal: AbortSignal;
};

/** What was restored. */
export type RestoreResult = {
  readonly plan: RestorePlan;
  readonly dataDirectory: string;
  readonly restored: RestoredBackup;
  readonly reached: Reached;
  readonly phases: readonly { readonly name: string; readonly durationMs: number }[];
  readonly durationMs: number;
  readonly started: StartedCopy | undefined;
  /** Why the ledger does not say all of it; it was restored all the same. */
  readonly ledgerFailure: DrError | undefined;
};

/** Everything decided before the first byte is written. */
type Prepared = {
  readonly planned: PlanResult;
  readonly plan: RestorePlan;
  readonly dataDirectory: string;
  readonly account: ServerAccount | undefined;
  readonly binaries: ServerBinaries | undefined;
  /** New places of tablespaces, by oid. */
  readonly places: ReadonlyMap<number, string>;
};

async function ownerOf(
  directory: string,
  request: RestoreRequest,
): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  if (request.owner === undefined) {
    try {
      const { uid, gid } = await stat(directory);
      if (uid !== 0) {
        return { uid, gid, name: `uid ${uid}`, switched: true };
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        throw error;
      }
    }
  }
  return await serverAccount(request.owner);
}

async function prepare(
  adapters: Adapters,
  environment: Environment,
  request: RestoreRequest,
): Promise<Prepared> {
  const { signal } = request;
  const dataDirectory = resolve(request.to);
  const found = await lookAtTarget(dataDirectory, request.over !== undefined);
  const planned = await planOperation(adapters, environment, request, { signal });
  const { plan, view } = planned;
  if (!plan.reachable) {
    throw plan.error;
  }
  const account = await ownerOf(dataDirectory, request);
  const root = view.roots.find((listed) => listed.root?.id === plan.backup.id)?.root;
  const { server, tablespaces } = present(root, "a plan names a backup that was listed");
  const below = request.throwAway?.tablespacesBelow;
  const places =
    below === undefined
      ? tablespaceMapping(tablespaces, request.tablespaces)
      : new Map(tablespaces.map(({ oid }) => [oid, join(below, `tablespace-${oid}`)]));
  if (found.kind === "cluster") {
    await requireGivenUp(dataDirectory, { server, confirm: request.over?.confirm });
  }
  const binaries =
    request.start === undefined
      ? undefined
      : await findServerBinaries(server.major, {
          account: account ?? (await serverAccount()),
          binDirectory: environment.postgresBinDirectory,
          signal,
        });
  const prepared = { planned, plan, dataDirectory, account, binaries, places };
  await requireReplayable(prepared, server, environment, signal);
  return prepared;
}

/** @throws DrError `RESTORE_RESOURCE_MANAGER_MISSING`. */
async function requireReplayable(
  prepared: Prepared,
  server: ServerIdentity,
  { postgresBinDirectory: binDirectory }: Environment,
  signal: AbortSignal,
): Promise<void> {
  const managers = recordedResourceManagers(server);
  if (managers.length > 0) {
    const names = librariesIn(recordedSetting(server, "shared_preload_libraries") ?? "");
    const call = { major: server.major, binDirectory, signal };
    requireResourceManagers(managers, await missingFor(prepared, names, call));
  }
}

/** The backup and the WAL that a restore reads. */
function protectionsOf({ planned, plan }: Prepared): readonly Protection[] {
  const { cluster, incarnation } = planned.view.place;
  const { walSegmentBytes } = planned.view.catalogue.wal;
  const wal = plan.pieces.map(({ timeline, fromLsn, toLsn }): Protection => {
    const last = toLsn > fromLsn ? addToLsn(toLsn, -1) : toLsn;
    const fromSegment = segmentAt(timeline, fromLsn, walSegmentBytes);
    const toSegment = segmentAt(timeline, last, walSegmentBytes);
    return { kind: "wal", cluster, incarnation, fromSegment, toSegment };
  });
  return [{ kind: "backups", cluster, incarnation, ids: [plan.backup.id] }, ...wal];
}

/** Old places to oids. @throws DrError `RESTORE_TABLESPACE_UNKNOWN`. */
function tablespaceMapping(
  tablespaces: readonly { readonly oid: number; readonly location: string }[],
  wanted: ReadonlyMap<string, string>,
): ReadonlyMap<number, string> {
  const mapping = new Map<number, string>();
  for (const [old, fresh] of wanted) {
    const found = tablespaces.find(({ location }) => location === old);
    if (found === undefined) {
      const places = tablespaces.map(({ location }) => location);
      const known = places.length === 0 ? "–" : places.join(", ");
      throw new DrError("RESTORE_TABLESPACE_UNKNOWN", { location: old, known });
    }
    mapping.set(found.oid, fresh);
  }
  return mapping;
}

/**
 * Libraries that the programs do not have which will start the copy: those found for `--start`, else those that a person of this host
 * would take. Without any nothing is known to be missing.
 */
async function missingFor(
  prepared: Prepared,
  names: readonly string[],
  call: { readonly major: number; readonly binDirectory: string | undefined } & StoreCall,
): Promise<ReadonlySet<string>> {
  const { major, binDirectory, signal } = call;
  if (prepared.binaries !== undefined) {
    return await missingLibraries(prepared.binaries, names);
  }
  try {
    const account = prepared.account ?? (await serverAccount());
    const origins = ["distribution", "pg_config"] as const;
    const search = { account, binDirectory, origins, signal };
    return await missingLibraries(await findServerBinaries(major, search), names);
  } catch (error) {
    if (isDrError(error) && error.code.startsWith("PG_")) {
      return new Set();
    }
    throw error;
  }
}

/** @throws DrError `RESTORE_ROOM`. */
async function requireRoomFor(
  places: readonly [RestorePlace, ...RestorePlace[]],
  { walBytes }: RestorePlan,
  { throwAway, command, signal, onTightRoom }: RestoreRequest,
): Promise<void> {
  if (throwAway !== undefined) {
    const filesBytes = places.reduce((sum, place) => sum + place.filesBytes, 0);
    await requireRoom(throwAway.spoolDirectory, { filesBytes, walBytes }, command);
    return;
  }
  const volumes = await roomOnVolumes(places, { walBytes, signal });
  judgeRoom(volumes, { walBytes, command }).forEach((room) => onTightRoom?.(room));
}

async function restoreFiles(
  adapters: Adapters,
  { postgresBinDirectory: binDirectory }: Environment,
  request: RestoreRequest,
  prepared: Prepared,
  threads: { readonly pool: ScatterPool; readonly signal: AbortSignal },
): Promise<RestoredBackup> {
  const { pool, signal } = threads;
  const { planned, plan, dataDirectory, account } = prepared;
  const { sealed } = planned.repository;
  const { place } = planned.view;
  // After the pin: what is listed now stays.
  const walCatalogue = await WalCatalogue.load(sealed, place, { signal });
  const name = { ...place, type: "root", id: plan.backup.id } as const;
  const root = decodeRoot((await sealed.getWhole(name, { signal })).content);
  const owner = account?.switched === true ? { uid: account.uid, gid: account.gid } : undefined;
  const reader = new WalReader(sealed, walCatalogue);
  const { stop, timeline, wal } = plan;
  const { throwAway } = request;
  return await restoreBackup({
    sealed,
    place,
    root,
    dataDirectory,
    tablespaces: prepared.places,
    choose: throwAway?.choose,
    requireRoom: (places) => requireRoomFor(places, plan, request),
    owner,
    over: request.over !== undefined,
    layWal: async (directory) => {
      const target = { directory, owner };
      await materialiseHistories({ sealed, reader }, wal.lineage, target, { signal });
      const { bytes } = await materialiseWal(reader, wal, target, { signal });
      return bytes;
    },
    settings: recoverySettings({ stop, timeline, action: "promote" }),
    libraries: {
      recorded: recordedSetting(root.server, "shared_preload_libraries"),
      missing: (names) =>
        missingFor(prepared, names, { major: root.server.major, binDirectory, signal }),
    },
    workers: request.workers,
    pool,
    clock: adapters.clock,
    random: adapters.random,
    onProgress: request.onProgress,
    signal,
  });
}

type RestoreFacts = Omit<EventData<"restoreFinished">, "reached">;

/** What is known when a restore ends, well or not. */
type Done = Pick<RestoreFacts, "restoredBytes" | "phases" | "predictedMs">;

function factsOf(
  prepared: Prepared,
  adapters: Adapters,
  { restoredBytes, phases, predictedMs }: Done,
  durationMs: number,
): RestoreFacts {
  const { planned, plan } = prepared;
  const { cluster, incarnation } = planned.view.place;
  const { target } = planned;
  const value =
    target.kind === "time"
      ? formatInstant(target.timeMicros)
      : target.kind === "lsn"
        ? formatLsn(target.lsn)
        : target.kind === "xid"
          ? String(target.xid)
          : target.kind === "name"
            ? target.name
            : null;
  return {
    cluster,
    incarnation,
    backup: plan.backup.id,
    target: { kind: target.kind, value, timeline: plan.timeline },
    purpose: "restore",
    host: adapters.observer.self.host,
    restoredBytes,
    phases,
    durationMs,
    predictedMs,
  };
}

/** What it took tells how long later ones will; a part of a backup tells nothing. */
async function recordMeasurement(
  ledger: LedgerRecorder,
  { plan }: Prepared,
  { throwAway }: RestoreRequest,
  done: { readonly facts: RestoreFacts; readonly restored: RestoredBackup },
): Promise<void> {
  const { facts, restored } = done;
  const { cluster, incarnation, backup, purpose, host } = facts;
  const startMs = facts.phases.find(({ name }) => name === "start")?.durationMs;
  const took = { walBytes: plan.walBytes, startMs };
  const measured = measurementOf({ cluster, incarnation, backup, purpose, host }, restored, took);
  if (measured !== undefined && throwAway?.choose === undefined) {
    await ledger.record({ kind: "restoreMeasured", data: measured });
  }
}

/** Tells what will be done and how long it may take; answers the latter. */
async function announce(
  { observer }: Adapters,
  { planned, plan }: Prepared,
  request: RestoreRequest,
): Promise<number | null> {
  const { cluster } = planned.view.place;
  const wanted = { plan, cluster, host: observer.self.host, start: request.start !== undefined };
  const prediction = await predictionFor(planned.repository.sealed, wanted, request);
  request.onPlan(plan, prediction);
  return prediction?.expectedMs ?? null;
}

/**
 * Restores. @throws DrError `PLAN_*` (nothing was written), `RESTORE_*`, `PG_*` of the start, `KEY_*`, `STORE_*`, `REPO_*`. Aborted: an
 * unfinished directory stays, marked, that cannot start; the same command takes it up again.
 */
export async function runRestore(
  adapters: Adapters,
  environment: Environment,
  request: RestoreRequest,
): Promise<RestoreResult> {
  const { clock, observer } = adapters;
  const began = clock.monotonic();
  // Its threads begin while the plan is made.
  await using pool = new ScatterPool(request);
  const prepared = await prepare(adapters, environment, request);
  const { planned, plan, dataDirectory } = prepared;
  const { sealed } = planned.repository;
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: request.reason });
  const accept = request.acceptRollback;
  await checkHistory({ adapters, environment, sealed, ledger, accept }, request);
  await recordAccess(ledger, prepared, request);
  const predictedMs = await announce(adapters, prepared, request);
  const planMs = clock.monotonic() - began;
  const phases: { name: string; durationMs: number }[] = [
    { name: "plan", durationMs: Math.round(planMs) },
  ];
  await using pin = await holdPin(sealed, {
    purpose: "restore",
    protects: protectionsOf(prepared),
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    signal: request.signal,
  });
  const signal = AbortSignal.any([request.signal, pin.lost]);
  const elapsed = (): number => Math.round(clock.monotonic() - began);
  let restoredBytes = 0;
  const done = (): Done => ({ restoredBytes, phases, predictedMs });
  try {
    const restored = await restoreFiles(adapters, environment, request, prepared, { pool, signal });
    restoredBytes = restored.restoredBytes;
    phases.push(...restored.phases);
    const { timeMicros, lsn } = plan.reached;
    const time = timeMicros === undefined ? null : formatInstant(timeMicros);
    let reached: Reached = { lsn, time, timeline: plan.timeline };
    let started: StartedCopy | undefined;
    if (request.start !== undefined) {
      const startedMs = clock.monotonic();
      const call = { planned: reached, signal };
      const { account } = prepared;
      const binaries = present(prepared.binaries, "the programs were found before");
      const copy = { dataDirectory, binaries, account };
      ({ started, reached } = await startCopy(environment, request.start, copy, call));
      phases.push({ name: "start", durationMs: Math.round(clock.monotonic() - startedMs) });
    }
    const durationMs = elapsed();
    const facts = factsOf(prepared, adapters, done(), durationMs);
    const ledgerReached = {
      ...reached,
      lsn: formatLsn(reached.lsn),
      time: shortTime(reached.time),
    };
    await ledger.record({ kind: "restoreFinished", data: { ...facts, reached: ledgerReached } });
    await recordMeasurement(ledger, prepared, request, { facts, restored });
    const { failure: ledgerFailure } = ledger;
    return { plan, dataDirectory, restored, reached, phases, durationMs, started, ledgerFailure };
  } catch (error) {
    const facts = factsOf(prepared, adapters, done(), elapsed());
    await recordFailure(ledger, request, { facts, error });
    throw error;
  }
}

async function recordFailure(
  ledger: LedgerRecorder,
  { onUnrecorded }: RestoreRequest,
  { facts, error }: { readonly facts: RestoreFacts; readonly error: unknown },
): Promise<void> {
  const code = isDrError(error) ? error.code : "UNEXPECTED";
  const message = cutText(error instanceof Error ? error.message : String(error), 4096);
  const phase = facts.phases.at(-1)?.name ?? "plan";
  await ledger.record({ kind: "restoreFailed", data: { ...facts, phase, code, message } });
  if (ledger.failure !== undefined) {
    onUnrecorded?.(ledger.failure);
  }
}

/** Who reads the backup is written down before its first byte is read. */
async function recordAccess(
  ledger: LedgerRecorder,
  { planned, plan }: Prepared,
  { command }: RestoreRequest,
): Promise<void> {
  const { cluster } = planned.view.place;
  const what = command.replace(/^pra /, "");
  const data = { what, cluster, object: plan.backup.id, repeats: 0 };
  await ledger.record({ kind: "accessed", data });
}

/** With milliseconds, as the ledger's instants are written. */
function shortTime(time: string | null): string | null {
  return time === null ? null : new Date(Date.parse(time)).toISOString();
}
