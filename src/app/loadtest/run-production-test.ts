/**
 * `pra loadtest --allow-production --confirm NAME`: the configured server itself is loaded, beside its own work, in a database of the test's own
 * that is dropped at the end, whatever ended it; backups and WAL go where they are configured to go; and what the repository held at a moment is
 * restored at its full size, apart from everything, and judged. Nothing is crashed, no setting is changed, no database but that one is written.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../../core/errors.ts";
import { strainConnectionsLeftMin, strainFreeBytesMin } from "../../core/load-limits.ts";
import { SeededRandom } from "../../core/random.ts";
import { loadBytes } from "../../loadtest/load-bytes.ts";
import {
  type ConnectionSettings,
  isLocalHost,
  placeOf,
} from "../../postgres/connection-settings.ts";
import { provenConfig } from "../../postgres/open-connection.ts";
import { withPasswordFile } from "../../postgres/password-file.ts";
import { SqlSession } from "../../postgres/sql-session.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LedgerRecorder } from "../ledger-recorder.ts";
import { throwawayBase } from "../proof-directory.ts";
import { openRepository } from "../repository-access.ts";
import { neededBytes, requireRoom } from "../restore-room.ts";
import { type ApplicationWish, applicationWish } from "./application-step.ts";
import { type Ended, type LoadTestOutcome, concludeLoadTest } from "./conclude-load-test.ts";
import { loadProduction } from "./load-production.ts";
import {
  type LoadTestEvent,
  type LoadTestNotes,
  type ProductionNote,
  type ProductionPlan,
  emptyNotes,
} from "./load-test-notes.ts";
import { type HealthWish, healthWish } from "./health-step.ts";
import { productionOf } from "./keep-report.ts";
import {
  type LoadDatabaseEnd,
  clearLoadDatabase,
  dropLoadDatabase,
  loadDatabase,
  makeLoadDatabase,
} from "./production-database.ts";
import { ProductionWatch } from "./production-watch.ts";
import { recoverFrozen } from "./recover-frozen.ts";
import { ServerLost } from "./running-load.ts";

const REASON = "pra loadtest";
/** The probe runs so long before the load, of the load's time, within these. */
const PROBE_SHARE = 0.05;
const PROBE_LEAST_MS = 2000;
const PROBE_MOST_MS = 15_000;
/** WAL that a load at its full speed makes in a second, and of a commit; what a restore then has to lay and replay. */
const WAL = { bytesPerSecond: 2 * 2 ** 20, bytesPerCommit: 2048 };
/** Connections of the test beside its clients: the probe, the watch, a backup and its receiver. */
const OTHER_CONNECTIONS = 6;

/** How to run it. */
export type ProductionRequest = {
  readonly loadMs: number;
  readonly clients: number;
  /** Of its time that each client works. */
  readonly share: number;
  /** What the 99th percentile of production's small commits may rise to in any case. */
  readonly slowestMs: number | undefined;
  readonly seed: number;
  readonly application: boolean;
  readonly onEvent: (event: LoadTestEvent) => void;
  readonly signal: AbortSignal;
};

type Server = {
  readonly settings: ConnectionSettings;
  readonly version: string;
  readonly databaseBytes: number;
  /** Undefined: this role may not see it, or it is on another machine. */
  readonly dataDirectory: string | undefined;
  readonly connectionsLeft: number;
};

const SERVER = `SELECT pg_catalog.current_setting('server_version_num') AS version,
  (SELECT pg_catalog.sum(CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT')
    OR pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER') THEN pg_catalog.pg_database_size(oid) ELSE 0 END)
    FROM pg_catalog.pg_database)::text AS bytes,
  (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory') AS directory,
  (pg_catalog.current_setting('max_connections')::bigint - pg_catalog.current_setting('superuser_reserved_connections')::bigint
    - (SELECT pg_catalog.sum(numbackends) FROM pg_catalog.pg_stat_database))::text AS left`;

async function meetServer(environment: Environment, signal: AbortSignal): Promise<Server> {
  const settings = await withPasswordFile(environment.connection, { signal });
  await using session = await SqlSession.open(settings, { applicationName: loadDatabase, signal });
  const [row] = await session.query(SERVER, { signal });
  const number = Number(row?.["version"]);
  return {
    settings,
    version: `${Math.floor(number / 10_000)}.${number % 10_000}`,
    databaseBytes: Number(row?.["bytes"]),
    dataDirectory: isLocalHost(settings.host) ? (row?.["directory"] ?? undefined) : undefined,
    connectionsLeft: Number(row?.["left"]),
  };
}

/** Everything of one run. */
type Run = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: ProductionRequest;
  readonly server: Server;
  readonly notes: LoadTestNotes;
  readonly note: ProductionNote;
  readonly application: ApplicationWish | undefined;
  readonly health: HealthWish | undefined;
};

/** What will be done, when there is room and there are connections for it. @throws DrError `RESTORE_ROOM`, `PG_LOADTEST_CONNECTIONS`. */
async function planTest(
  adapters: Adapters,
  environment: Environment,
  about: { readonly request: ProductionRequest; readonly server: Server },
): Promise<ProductionPlan> {
  const { request, server } = about;
  const { signal, clients, loadMs, share } = request;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const newest = (await productionOf({ sealed, failure: undefined }, environment))?.newest;
  const walBytes = loadBytes(loadMs, WAL);
  const filesBytes = Math.max(newest?.totals.clusterBytes ?? 0, server.databaseBytes) + walBytes;
  // Production may live on that disk, too.
  const sizes = { filesBytes: filesBytes + strainFreeBytesMin, walBytes };
  const directory = throwawayBase(environment);
  await mkdir(directory, { recursive: true });
  const freeBytes = await requireRoom(directory, sizes, REASON);
  const bound = clients + OTHER_CONNECTIONS + strainConnectionsLeftMin;
  if (server.connectionsLeft < bound) {
    throw new DrError("PG_LOADTEST_CONNECTIONS", { left: server.connectionsLeft, bound });
  }
  const where = placeOf(server.settings);
  return {
    cluster: environment.cluster,
    where,
    database: loadDatabase,
    loadMs,
    clients,
    share,
    directory,
    neededBytes: neededBytes(sizes),
    freeBytes,
  };
}

/** Before anything is touched. @throws DrError as the ledger's writer: production is not loaded without a word of it. */
async function recordBeginning(run: Run, plan: ProductionPlan): Promise<void> {
  const { adapters, environment, request } = run;
  const { sealed } = await openRepository(adapters, environment, { signal: request.signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: REASON });
  const { cluster, where, database, loadMs, clients, share } = plan;
  await ledger.record({
    kind: "productionLoadStarted",
    data: { cluster, where, database, loadMs, clients, share },
  });
  if (ledger.failure !== undefined) {
    throw ledger.failure;
  }
}

/** Whose disks it must leave room on. */
function watchedDirectories({ environment, server }: Run): readonly string[] {
  return [
    ...(server.dataDirectory === undefined
      ? []
      : [server.dataDirectory, join(server.dataDirectory, "pg_wal")]),
    ...(environment.backupDirectory === undefined ? [] : [environment.backupDirectory]),
    throwawayBase(environment),
  ];
}

async function runActs(run: Run): Promise<void> {
  const { adapters, environment, request, server, notes, note, application, health } = run;
  const { clock } = adapters;
  const { signal, loadMs, clients, onEvent: tell } = request;
  await using watch = await ProductionWatch.open(server.settings, {
    database: loadDatabase,
    slot: environment.slotName,
    slowestMs: request.slowestMs,
    directories: watchedDirectories(run),
    clock,
    signal,
  });
  const { suffered } = watch;
  try {
    tell({ kind: "phase", phase: "probe" });
    const probeMs = Math.min(PROBE_MOST_MS, Math.max(PROBE_LEAST_MS, loadMs * PROBE_SHARE));
    await clock.sleep(probeMs, { signal: AbortSignal.any([signal, suffered]) });
    watch.begin();
    const options = { database: loadDatabase, applicationName: loadDatabase, signal };
    const connection = await provenConfig(server.settings, options);
    const reason = environment.settings.get("PRA_REASON")?.value ?? REASON;
    const random = new SeededRandom(request.seed);
    const common = { adapters, environment, random, loadMs, clients, notes, note, tell, signal };
    const act = { ...common, reason, suffered };
    await loadProduction({ ...act, connection });
    await recoverFrozen({ ...act, database: loadDatabase, application, health });
  } finally {
    const { beforeMs, worstMs } = watch.latency;
    note.probeBeforeMs = beforeMs;
    note.probeWorstMs = worstMs;
  }
}

async function runOn(run: Run): Promise<Ended> {
  const { request, notes } = run;
  try {
    await runActs(run);
    return { ending: "finished", failure: undefined };
  } catch (error) {
    if (notes.load === undefined) {
      throw error;
    }
    if (request.signal.aborted) {
      return { ending: "interrupted", failure: undefined };
    }
    return error instanceof ServerLost
      ? { ending: "serverLost", failure: undefined }
      : { ending: "failed", failure: error };
  }
}

/** Of one that was never made, or is somebody's, there is nothing to say. */
function tellDatabase(end: LoadDatabaseEnd, tell: ProductionRequest["onEvent"]): void {
  if (end.kind === "dropped") {
    tell({ kind: "databaseDropped", database: loadDatabase });
  } else if (end.kind === "stays") {
    tell({ kind: "databaseStays", database: loadDatabase, failure: end.failure });
  }
}

/**
 * Runs it. Interrupted, or ended because production suffered, it reports what was measured. @throws DrError `PG_LOADTEST_*`, `RESTORE_ROOM`,
 * `RESTORE_DB_*`, `CONFIG_*`, `STORE_*`, `PG_*`: nothing was loaded.
 */
export async function runProductionTest(
  adapters: Adapters,
  environment: Environment,
  request: ProductionRequest,
): Promise<LoadTestOutcome> {
  const { clock } = adapters;
  const { loadMs, seed, clients, share, signal, onEvent: tell } = request;
  const [beganMs, startedAt] = [clock.monotonic(), new Date(clock.now()).toISOString()];
  const application = request.application ? await applicationWish(environment) : undefined;
  const server = await meetServer(environment, signal);
  const plan = await planTest(adapters, environment, { request, server });
  tell({ kind: "announced", plan });
  const note: ProductionNote = {
    where: plan.where,
    database: plan.database,
    share,
    dropped: false,
    probeBeforeMs: null,
    probeWorstMs: null,
    frozen: undefined,
    unheld: undefined,
  };
  const notes = emptyNotes();
  notes.production = note;
  const health = request.application ? healthWish(environment) : undefined;
  notes.applicationWanted = application !== undefined;
  notes.healthWanted = health !== undefined;
  notes.serverVersion = server.version;
  notes.databaseBytes = server.databaseBytes;
  const run = { adapters, environment, request, server, notes, note, application, health };
  await recordBeginning(run, plan);
  tell({ kind: "phase", phase: "database" });
  await clearLoadDatabase(server.settings, { signal });
  let databaseEnd: LoadDatabaseEnd;
  let ended: Ended;
  try {
    await makeLoadDatabase(server.settings, { signal });
    ended = await runOn(run);
  } finally {
    databaseEnd = await dropLoadDatabase(server.settings, clock);
    note.dropped = databaseEnd.kind === "dropped" || databaseEnd.kind === "absent";
    tellDatabase(databaseEnd, tell);
  }
  const test = { notes, beganMs, startedAt, loadMs, seed, clients, ...ended };
  const outcome = await concludeLoadTest({ adapters, environment }, test);
  return databaseEnd.kind === "stays"
    ? { ...outcome, databaseFailure: databaseEnd.failure }
    : outcome;
}
