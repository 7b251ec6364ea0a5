/**
 * `pra rescue`: some tables as they were at an instant, next to the live ones, in a database of their own; then what differs. Only what the
 * tables need is restored, to a server that is thrown away. Live tables are read, and written only when that was asked for: rows that
 * are missing there are inserted, none is ever changed or deleted.
 */
import { createHash } from "node:crypto";
import { DrError, isDrError } from "../core/errors.ts";
import { rescueEventTablesMax } from "../core/limits.ts";
import { formatLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { TableName } from "../dump/census.ts";
import { findClientPrograms } from "../dump/client-programs.ts";
import { listDatabases } from "../dump/snapshot.ts";
import { type ConnectionSettings, placeOf } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { pgClient } from "../postgres/pg-client.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import { type RelationFinding, checkRelations } from "../proof/relation-checks.ts";
import { listIncarnations } from "../repository/incarnation.ts";
import { clusterNameOf, systemIdentifierOf } from "../repository/object-names.ts";
import { type TableComparison, type TwoSides, compareTable } from "../rescue/compare-tables.ts";
import { type CopiedRows, copyMissing } from "../rescue/copy-missing.ts";
import { openRowSession } from "../rescue/keyed-rows.ts";
import { type RescuedTables, rescueTables } from "../rescue/rescue-tables.ts";
import { type DatabaseShape, TargetDatabase } from "../rescue/target-database.ts";
import { parseRelationWish } from "../restore/relation-wish.ts";
import type { TargetFlags } from "../restore/target.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { type CopyEffort, type PartialCopy, openPartialCopy } from "./partial-copy.ts";
import { type OpenRepository, openRepository } from "./repository-access.ts";

const APPLICATION = "pra_rescue";

/** What was asked for. */
export type RescueRequest = {
  readonly flags: TargetFlags;
  readonly backup: string | undefined;
  /** Undefined: the database of the connection. */
  readonly database: string | undefined;
  /** Without any, and without a schema: all of the database. */
  readonly tables: readonly string[];
  readonly schema: string | undefined;
  readonly into: string;
  readonly compare: boolean;
  /** Asked with what differs, when missing rows are to be copied into the live tables; undefined: they are not. */
  readonly confirmCopy: ((comparisons: readonly TableComparison[]) => Promise<boolean>) | undefined;
  readonly jobs: number;
  readonly workers: number;
  readonly onPlan: (plan: RestorePlan) => void;
  readonly onPhase: (phase: string) => void;
  readonly signal: AbortSignal;
};

/** What came of it. */
export type RescueResult = {
  readonly backup: ObjectId;
  readonly database: string;
  readonly into: string;
  readonly where: string;
  readonly reached: { readonly lsn: string; readonly time: string | null };
  readonly rescued: RescuedTables;
  /** What amcheck says of the tables on the copy; undefined where the server does not bring it. */
  readonly damage: readonly RelationFinding[] | undefined;
  readonly comparisons: readonly TableComparison[];
  readonly copied: readonly CopiedRows[] | undefined;
  readonly effort: CopyEffort;
  readonly durationMs: number;
  readonly ledgerFailure: DrError | undefined;
};

type Run = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: RescueRequest;
  readonly repository: OpenRepository;
  /** Of the live server. */
  readonly live: ConnectionSettings;
  readonly database: string;
  readonly signal: AbortSignal;
};

/** Always the same for one name, so that the next run drops what a killed one left. */
function workName(into: string): string {
  return `pra_unfinished_${createHash("sha256").update(into).digest("hex").slice(0, 16)}`;
}

async function targetNamed(run: Run, name: string): Promise<TargetDatabase> {
  const { live, signal } = run;
  return await TargetDatabase.open(live, { name, applicationName: APPLICATION, signal });
}

/** @throws DrError `RESTORE_RESCUE_INTO`, `RESTORE_DB_RESERVED`, `RESTORE_DB_BUSY`. */
async function requirePermitted(run: Run, target: TargetDatabase): Promise<void> {
  const { environment, repository, database, live, signal } = run;
  const cluster = clusterNameOf(environment.cluster);
  const places = await listIncarnations(repository.sealed, cluster, { signal });
  const systemIds = new Set(
    places.map(({ incarnation }) => String(systemIdentifierOf(incarnation))),
  );
  const names = new Set([database, live.database]);
  const permission = { allowProduction: false, confirm: undefined };
  try {
    const production = { systemIds, names, database: live.database };
    await target.requirePermitted(permission, production);
  } catch (error) {
    if (isDrError(error, "RESTORE_DB_PRODUCTION") || isDrError(error, "RESTORE_DB_NOT_OURS")) {
      const details = { database: target.name, where: placeOf(live) };
      throw new DrError("RESTORE_RESCUE_INTO", details, { cause: error });
    }
    throw error;
  }
  await target.requireIdle();
}

async function shapeOf(run: Run, partial: PartialCopy): Promise<DatabaseShape | undefined> {
  const { database, signal } = run;
  const { settings, major } = partial.copy;
  await using session = await SqlSession.open(settings, { applicationName: APPLICATION, signal });
  const databases = await listDatabases(session, { major, signal });
  return databases.find(({ name }) => name === database);
}

/** Holds the tables' heaps, TOAST tables and B-trees against themselves: what was restored of them is whole, or it is said. */
async function damageOf(
  run: Run,
  { copy, wished }: PartialCopy,
): Promise<readonly RelationFinding[] | undefined> {
  run.request.onPhase("amcheck");
  const { host, port, user, database } = copy.settings;
  const client = pgClient({ host, port, user, database, password: "" });
  // A failure is told by the query under way.
  client.on("error", () => undefined);
  const abort = (): void => {
    client.connection.stream.destroy();
  };
  run.signal.addEventListener("abort", abort, { once: true });
  try {
    await client.connect();
    const oids = wished.tables.map(({ oid }) => oid);
    const { amcheck, findings } = await checkRelations(client, undefined, oids);
    return amcheck ? findings : undefined;
  } catch (error) {
    run.signal.throwIfAborted();
    throw error;
  } finally {
    run.signal.removeEventListener("abort", abort);
    abort();
  }
}

/** Fills a database in the making, which then takes its name. */
async function bring(
  run: Run,
  partial: PartialCopy,
  target: TargetDatabase,
): Promise<RescuedTables> {
  const { adapters, environment, request, signal } = run;
  const { copy, wished } = partial;
  await using work = await targetNamed(run, workName(target.name));
  const programs = await findClientPrograms({
    program: "pg_dump",
    major: copy.major,
    binDirectory: environment.postgresBinDirectory,
    signal,
  });
  const label = `backup ${copy.restored.plan.backup.id}`;
  try {
    const rescued = await rescueTables({
      source: copy.settings,
      wished,
      shape: await shapeOf(run, partial),
      work,
      label,
      programs,
      scratchDirectory: copy.scratchDirectory,
      jobs: request.jobs,
      clock: adapters.clock,
      random: adapters.random,
      onPhase: request.onPhase,
      signal,
    });
    await target.drop();
    await work.renameTo(target.name, label);
    return rescued;
  } catch (error) {
    await dropUnfinished(run);
    throw error;
  }
}

/** After a failure or an interruption; a server that is gone keeps it, marked, for the next run. */
async function dropUnfinished(run: Run): Promise<void> {
  const { live, request } = run;
  const signal = AbortSignal.timeout(live.connectTimeoutMs);
  try {
    await using work = await targetNamed({ ...run, signal }, workName(request.into));
    await work.dropOurs();
  } catch (error) {
    if (!isDrError(error) && !signal.aborted) {
      throw error;
    }
  }
}

async function withSides<T>(
  run: Run,
  readOnly: boolean,
  work: (sides: TwoSides) => Promise<T>,
): Promise<T> {
  const { adapters, live, database, request, signal } = run;
  const seed = Buffer.from(adapters.random.bytes(8)).readBigInt64BE();
  await using past = await openRowSession(live, {
    database: request.into,
    readOnly: true,
    signal,
  });
  await using present = await openRowSession(live, { database, readOnly, signal });
  return await work({ past, live: present, seed, signal });
}

type Compared = Pick<RescueResult, "comparisons" | "copied">;

async function compareAndCopy(run: Run, rescued: RescuedTables): Promise<Compared> {
  const { request, database } = run;
  if (!request.compare && request.confirmCopy === undefined) {
    return { comparisons: [], copied: undefined };
  }
  const parents = new Set(rescued.partitions);
  const tables = rescued.tables
    .filter(({ oid }) => !parents.has(oid))
    .map(({ schema, name, kind }) => ({ schema, name, partitioned: kind === "p" }));
  request.onPhase("compare");
  const comparisons = await withSides(run, true, async (sides) => {
    const found: TableComparison[] = [];
    for (const table of tables) {
      found.push(await compareTable(sides, table));
    }
    return found;
  });
  const rows = comparisons.reduce((sum, each) => sum + each.rows.missing.rows, 0);
  if (request.confirmCopy === undefined || rows === 0) {
    return { comparisons, copied: undefined };
  }
  if (!(await request.confirmCopy(comparisons))) {
    throw new DrError("RESTORE_RESCUE_UNCONFIRMED", { rows, database, into: request.into });
  }
  request.onPhase("copy");
  const missing = new Set(
    comparisons
      .filter((each) => each.rows.missing.rows > 0)
      .map(({ schema, name }) => `${schema}.${name}`),
  );
  const copied = await withSides(run, false, (sides) =>
    copyMissing(
      sides,
      tables.filter(({ schema, name }) => missing.has(`${schema}.${name}`)),
    ),
  );
  return { comparisons, copied };
}

/**
 * Rescues. @throws DrError `RESTORE_RESCUE_*`, `RESTORE_DB_*`, `DUMP_*`, `PLAN_*`, `RESTORE_*`, `PG_*`, `REPO_*`, `STORE_*`; the signal's
 * reason. Whatever it ends with, no server and no half database stays, and live rows are all copied or none.
 */
export async function runRescue(
  adapters: Adapters,
  environment: Environment,
  request: RescueRequest,
): Promise<RescueResult> {
  const { clock } = adapters;
  const { signal, into } = request;
  const began = clock.monotonic();
  const command = "pra rescue";
  const relations = parseRelationWish(request, command);
  const repository = await openRepository(adapters, environment, { signal });
  const live = await withPasswordFile(environment.connection, { signal });
  const database = request.database ?? live.database;
  const run: Run = { adapters, environment, request, repository, live, database, signal };
  await using target = await targetNamed(run, into);
  await requirePermitted(run, target);
  await using stack = new AsyncDisposableStack();
  const partial = stack.use(
    await openPartialCopy(adapters, environment, repository, {
      ...request,
      database,
      relations,
      reason: command,
      command,
      onProgress: ({ phase }) => {
        request.onPhase(phase);
      },
    }),
  );
  const { effort, copy } = partial;
  const { plan, reached } = copy.restored;
  const damage = await damageOf(run, partial);
  const rescued = await bring(run, partial, target);
  // Nothing more is needed of it while rows are compared.
  await stack.disposeAsync();
  const compared = await compareAndCopy(run, rescued);
  const result = {
    backup: plan.backup.id,
    database,
    into,
    where: placeOf(live),
    reached: { lsn: formatLsn(reached.lsn), time: reached.time },
    rescued,
    damage,
    ...compared,
    effort,
    durationMs: Math.round(clock.monotonic() - began),
  };
  const ledgerFailure = (await record(run, result)) ?? partial.ledgerFailure;
  return { ...result, ledgerFailure };
}

/** What the ledger keeps of it; the error when it could not be written. */
async function record(
  { adapters, environment, repository }: Run,
  result: Omit<RescueResult, "ledgerFailure">,
): Promise<DrError | undefined> {
  const { backup, database, into, where, reached, rescued, comparisons, copied } = result;
  const ledger = new LedgerRecorder(adapters, repository.sealed, {
    environment,
    reason: "pra rescue",
  });
  const nameOf = ({ schema, name }: TableName): string => `${schema}.${name}`;
  const missing = new Map(comparisons.map((each) => [nameOf(each), each.rows.missing.rows]));
  await ledger.record({
    kind: "tablesRescued",
    data: {
      cluster: environment.cluster,
      backup,
      database,
      into,
      host: where,
      at: reached.time,
      tables: rescued.tables.slice(0, rescueEventTablesMax).map((table) => ({
        name: nameOf(table),
        rows: table.rows,
        missing: missing.get(nameOf(table)) ?? null,
      })),
      copied:
        copied
          ?.slice(0, rescueEventTablesMax)
          .map((table) => ({ name: nameOf(table), rows: table.rows })) ?? null,
      durationMs: result.durationMs,
    },
  });
  return ledger.failure;
}
