/**
 * `pra dump`: databases of the configured server, by the distribution's `pg_dump`, into the repository. Under the same lease as a
 * backup and fenced like one. What the role may not read is refused before anything is dumped.
 */
import { findClientPrograms } from "../dump/client-programs.ts";
import { type DatabaseFacts, listDatabases, mayReadPasswords } from "../dump/snapshot.ts";
import { type TakenDump, takeDump } from "../dump/take-dump.ts";
import { cutText } from "../core/cut-text.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { INCARNATION_SETTING } from "../core/incarnation-setting.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import type { EventData } from "../ledger/event-kinds.ts";
import { type ConnectionSettings, placeOf } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { readServerFacts } from "../postgres/server-facts.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { openIncarnation } from "../repository/incarnation.ts";
import { acquireLease, type LeaseOptions } from "../repository/lease.ts";
import type { DumpDocument } from "../repository/dump-document.ts";
import { clusterNameOf, type IncarnationPlace } from "../repository/object-names.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { type OpenRepository, openRepository } from "./repository-access.ts";
import { checkHistory } from "./rollback.ts";

/** Where a dump stands. */
export type DumpStep = "connecting" | "lease" | "dumping" | "publishing";

/** What was asked for. */
export type DumpRequest = {
  /** Empty: all that can be connected to and are no templates. */
  readonly databases: readonly string[];
  readonly globals: boolean;
  readonly jobs: number;
  readonly note: string;
  readonly acceptRollback: boolean;
  readonly reason: string;
  readonly onStep: (step: DumpStep) => void;
  readonly onDatabase: (name: string) => void;
  /** `expectedBytes`: what the databases take on the server's disk; a dump is mostly smaller. */
  readonly onProgress: (progress: {
    readonly bytes: number;
    readonly expectedBytes: number;
  }) => void;
  readonly onWatch: LeaseOptions["onWatch"];
  readonly signal: AbortSignal;
};

/** What became of it. */
export type DumpResult = {
  readonly taken: TakenDump;
  readonly place: IncarnationPlace;
  readonly repository: OpenRepository;
  readonly ledgerFailure: DrError | undefined;
};

/** The server as a dump needs to know it. */
type MetServer = {
  readonly settings: ConnectionSettings;
  readonly server: DumpDocument["server"];
  readonly named: string | undefined;
  readonly databases: readonly DatabaseFacts[];
  readonly passwords: boolean;
};

function wantedOf(
  all: readonly DatabaseFacts[],
  names: readonly string[],
  settings: ConnectionSettings,
): readonly DatabaseFacts[] {
  const missing = names.find((name) => all.every((each) => each.name !== name));
  if (missing !== undefined) {
    throw new DrError("PG_DATABASE_MISSING", { where: placeOf(settings), database: missing });
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

async function meetServer(environment: Environment, request: DumpRequest): Promise<MetServer> {
  const { signal } = request;
  const settings = await withPasswordFile(environment.connection, { signal });
  const options = { applicationName: `${environment.slotName}_dump`, signal };
  const facts = await readServerFacts(settings, { ...options, everyDatabase: false });
  await using session = await SqlSession.open(settings, options);
  const { major } = facts.version;
  const all = await listDatabases(session, { major, signal });
  const databases = wantedOf(all, request.databases, settings);
  const sql = `SELECT pg_catalog.current_setting('${INCARNATION_SETTING}', true) AS named`;
  const named = (await session.query(sql, { signal }))[0]?.["named"] ?? undefined;
  if (!facts.systemIdentifier.visible) {
    const { user } = settings;
    const text = facts.systemIdentifier.reason;
    throw new DrError("PG_RIGHTS", { where: placeOf(settings), user, text });
  }
  const systemId = facts.systemIdentifier.value;
  const { versionText: version, inRecovery: standby } = facts;
  const passwords = await mayReadPasswords(session, { signal });
  return { settings, server: { major, version, systemId, standby }, named, databases, passwords };
}

function finishedEvent({ dump }: TakenDump, place: IncarnationPlace): EventData<"dumpFinished"> {
  const { id, startedAt, finishedAt, totals } = dump;
  return {
    ...place,
    dump: id,
    startedAt,
    finishedAt,
    databases: dump.databases.map(({ name, snapshotLsn, streams, census }) => ({
      name,
      snapshotLsn,
      plainBytes: streams.reduce((sum, { bytes }) => sum + bytes, 0),
      tables: census.tables.length,
      rows: census.tables.reduce((sum, { rows }) => sum + rows, 0),
    })),
    globals: dump.globals !== null,
    ...totals,
  };
}

/** What one run works with. */
type Run = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: DumpRequest;
  readonly repository: OpenRepository;
  readonly met: MetServer;
  readonly place: IncarnationPlace;
};

async function underLease(run: Run): Promise<TakenDump> {
  const { adapters, environment, request, repository, met, place } = run;
  const { clock, observer } = adapters;
  const { sealed } = repository;
  const { major } = met.server;
  const programs = await findClientPrograms({
    program: "pg_dump",
    major,
    binDirectory: environment.postgresBinDirectory,
    signal: request.signal,
  });
  request.onStep("lease");
  await using lease = await acquireLease(sealed, {
    cluster: place.cluster,
    purpose: "backup",
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    onWatch: request.onWatch,
    signal: request.signal,
  });
  const signal = AbortSignal.any([request.signal, lease.lost]);
  request.onStep("dumping");
  const expectedBytes = met.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const taken = await takeDump({
    sealed,
    place,
    epoch: lease.epoch,
    settings: met.settings,
    applicationName: `${environment.slotName}_dump`,
    server: met.server,
    programs,
    databases: met.databases,
    globals: request.globals ? { passwords: met.passwords } : undefined,
    note: request.note,
    jobs: request.jobs,
    clock,
    beforePublish: async () => {
      request.onStep("publishing");
      await lease.renewNow({ signal });
    },
    onDatabase: request.onDatabase,
    onProgress: (bytes) => {
      request.onProgress({ bytes, expectedBytes });
    },
    signal,
  });
  // It counts when the lease was still ours after it was published.
  await lease.renewNow({ signal });
  return taken;
}

/**
 * Takes one dump. @throws DrError `CONFIG_*`, `KEY_*`, `REPO_*`, `STORE_*`, `PG_*`, `DUMP_*`; the signal's reason when aborted. Nothing
 * is listed then.
 */
export async function runDump(
  adapters: Adapters,
  environment: Environment,
  request: DumpRequest,
): Promise<DumpResult> {
  const { signal, reason } = request;
  const { clock } = adapters;
  request.onStep("connecting");
  const repository = await openRepository(adapters, environment, { signal });
  const { sealed } = repository;
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  const accept = request.acceptRollback;
  await checkHistory({ adapters, environment, sealed, ledger, accept }, { signal });
  const met = await meetServer(environment, request);
  const place = await openIncarnation(
    sealed,
    {
      cluster: clusterNameOf(environment.cluster),
      systemIdentifier: BigInt(met.server.systemId),
      major: met.server.major,
      serverVersion: met.server.version,
      named: met.named,
    },
    { signal, nowMs: clock.now() },
  );
  const startedAt = new Date(clock.now()).toISOString();
  try {
    const taken = await underLease({ adapters, environment, request, repository, met, place });
    await ledger.record({ kind: "dumpFinished", data: finishedEvent(taken, place) });
    return { taken, place, repository, ledgerFailure: ledger.failure };
  } catch (error) {
    const code = isDrError(error) ? error.code : "UNEXPECTED";
    const message = cutText(error instanceof Error ? error.message : String(error), 4096);
    await ledger.record({ kind: "dumpFailed", data: { ...place, startedAt, code, message } });
    throw error;
  }
}
