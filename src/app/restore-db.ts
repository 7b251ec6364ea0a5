/**
 * `pra restore-db`: a dump, a file, or a backup at an instant, into a test database; then the counts are compared, the application is
 * asked, a report is written. `restore_run.sh` is this.
 */
import { cutText } from "../core/cut-text.ts";
import { type DrError, isDrError } from "../core/errors.ts";
import type { Language } from "../core/language.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import { type ConnectionSettings, placeOf } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { recordedRows } from "../proof/recorded-facts.ts";
import { listIncarnations } from "../repository/incarnation.ts";
import { clusterNameOf, systemIdentifierOf } from "../repository/object-names.ts";
import { holdPin } from "../repository/pins.ts";
import { decodeRoot } from "../repository/root.ts";
import { problemOf } from "../rescue/compare-census.ts";
import type { RestoreDbReport } from "../rescue/report.ts";
import { type RestoreDatabasePhase, restoreDatabase } from "../rescue/restore-database.ts";
import { type TargetPermission, TargetDatabase } from "../rescue/target-database.ts";
import { type HealthCheck, awaitHealth } from "../restore/application-health.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import { type ArchivedAs, archiveReport } from "./archive-report.ts";
import type { Adapters } from "./compose.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";
import { restoreConnection } from "./restore-connection.ts";
import { filesOf, writeReportFiles } from "./report-files.ts";
import { recordRestored, renderReport } from "./restore-db-report.ts";
import { RESTORE_APPLICATION, type RestoreDbRun, openSource } from "./restore-db-source.ts";
import { findSource } from "./restore-source.ts";

/** Where it stands. */
export type RestoreDbStep = "source" | "copy" | RestoreDatabasePhase | "application" | "cleanup";

/** What was asked for. */
export type RestoreDbRequest = TargetPermission & {
  readonly from: string | undefined;
  /** An instant: then a backup is restored. */
  readonly at: string | undefined;
  /** Which database of the source. */
  readonly database: string | undefined;
  /** Undefined: RESTORE_DB. */
  readonly into: string | undefined;
  /** Where the passphrase of an encrypted file stands. */
  readonly passphraseFile: string | undefined;
  readonly cleanup: boolean;
  readonly makeRoles: boolean;
  readonly jobs: number;
  readonly workers: number;
  readonly language: Language;
  readonly reason: string;
  readonly onStep: (step: RestoreDbStep) => void;
  readonly onPlan: (plan: RestorePlan) => void;
  readonly signal: AbortSignal;
};

/** What came of it. */
export type RestoreDbResult = {
  readonly report: RestoreDbReport;
  /** Without an ending: .md, .json and .html lie there. */
  readonly reportPath: string;
  readonly archived: ArchivedAs;
  readonly ledgerFailure: DrError | undefined;
};

type RestoreRun = RestoreDbRun & { readonly request: RestoreDbRequest };

/** Names of production's databases, as far as the source or the configuration tell. */
async function productionNames(run: RestoreRun): Promise<ReadonlySet<string>> {
  const { environment, found, repository, signal } = run;
  const names = new Set<string>([environment.connection.database]);
  if (found.kind === "dump") {
    found.dump.databases.forEach(({ name }) => names.add(name));
  }
  if (found.kind === "backup" && found.found !== undefined) {
    const { place, id } = found.found;
    const name = { ...place, type: "root", id } as const;
    const root = decodeRoot((await repository.sealed.getWhole(name, { signal })).content);
    for (const row of recordedRows(root.server, ["databases"])) {
      const inner = row["row"];
      const named =
        row["name"] ?? row["datname"] ?? (inner as { datname?: unknown } | undefined)?.datname;
      if (typeof named === "string") {
        names.add(named);
      }
    }
  }
  names.delete("postgres");
  return names;
}

async function requirePermitted(run: RestoreRun): Promise<void> {
  const { environment, repository, request, target, signal } = run;
  const cluster = clusterNameOf(environment.cluster);
  const places = await listIncarnations(repository.sealed, cluster, { signal });
  const systemIds = new Set(
    places.map(({ incarnation }) => String(systemIdentifierOf(incarnation))),
  );
  const names = await productionNames(run);
  const { database } = environment.connection;
  await target.requirePermitted(request, { systemIds, names, database });
  await target.requireIdle();
}

async function askApplication(run: RestoreRun): Promise<HealthCheck | undefined> {
  const { adapters, environment, request, signal } = run;
  const {
    healthUrl,
    healthRetries: retries,
    healthIntervalMs: intervalMs,
  } = environment.application;
  if (healthUrl === undefined) {
    return undefined;
  }
  request.onStep("application");
  return await awaitHealth(healthUrl, { clock: adapters.clock, retries, intervalMs, signal });
}

async function restoreAndCheck(run: RestoreRun): Promise<RestoreDbReport> {
  const { adapters, environment, request, target, signal } = run;
  const { clock, random } = adapters;
  const began = clock.monotonic();
  const startedAt = new Date(clock.now()).toISOString();
  await using parts = new AsyncDisposableStack();
  const opened = await openSource(run, parts);
  const opening = Math.round(clock.monotonic() - began);
  const { source, programs, kind, name } = opened;
  const restored = await restoreDatabase({
    source,
    target,
    programs,
    applicationName: RESTORE_APPLICATION,
    jobs: request.jobs,
    makeRoles: request.makeRoles,
    clock,
    random,
    onPhase: request.onStep,
    signal,
  });
  const application = await askApplication(run);
  const unwell = application !== undefined && application.answer.kind !== "well";
  const findings = [
    ...restored.findings,
    ...(unwell ? [problemOf("application", application.answer.kind)] : []),
  ];
  let dropped = false;
  if (request.cleanup) {
    request.onStep("cleanup");
    dropped = await target.dropOurs();
  }
  const { census } = restored;
  return {
    cluster: environment.cluster,
    source: { kind, name, label: source.label, at: source.at ?? null },
    target: { where: placeOf(target.settings), database: target.name },
    ok: findings.every(({ severity }) => severity !== "problem"),
    startedAt,
    durationMs: Math.round(clock.monotonic() - began),
    phases: [{ name: "source", durationMs: opening }, ...restored.phases],
    tables: census.tables.length,
    rows: census.tables.reduce((sum, { rows }) => sum + rows, 0),
    largeObjects: census.largeObjects,
    objects: census.objects,
    findings,
    application: application ?? null,
    dropped,
  };
}

async function underPin(run: RestoreRun): Promise<RestoreDbReport> {
  const { adapters, repository, found, signal } = run;
  if (found.kind !== "dump") {
    return await restoreAndCheck(run);
  }
  const { clock, observer } = adapters;
  await using pin = await holdPin(repository.sealed, {
    purpose: "restore",
    protects: [{ kind: "backups", ...found.place, ids: [found.dump.id] }],
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    signal,
  });
  return await restoreAndCheck({ ...run, signal: AbortSignal.any([signal, pin.lost]) });
}

async function targetSettings(
  environment: Environment,
  signal: AbortSignal,
): Promise<ConnectionSettings> {
  return await withPasswordFile(restoreConnection(environment), { signal });
}

/**
 * Restores into the test database and says how it went. @throws DrError `CONFIG_*`, `RESTORE_DB_*`, `DUMP_*`, `PLAN_*`, `PG_*`,
 * `REPO_*`, `STORE_*`; the signal's reason: then the test database is incomplete, and the same call begins anew.
 */
export async function runRestoreDb(
  adapters: Adapters,
  environment: Environment,
  request: RestoreDbRequest,
): Promise<RestoreDbResult> {
  const { signal, reason } = request;
  const database = requireSetting(request.into ?? environment.restore.database, "RESTORE_DB");
  request.onStep("source");
  const repository = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, repository.sealed, { environment, reason });
  const anyInstant = request.at !== undefined;
  const { from } = request;
  const found = await findSource(repository, environment, { from, anyInstant, signal });
  const settings = await targetSettings(environment, signal);
  const open = { name: database, applicationName: RESTORE_APPLICATION, signal };
  await using target = await TargetDatabase.open(settings, open);
  const run: RestoreRun = { adapters, environment, request, repository, target, found, signal };
  let step: RestoreDbStep = "source";
  const onStep = (next: RestoreDbStep): void => {
    step = next;
    request.onStep(next);
  };
  try {
    await requirePermitted(run);
    if (found.kind === "dump") {
      // A backup is told by its restore.
      const accessed = { what: "restore-db", cluster: environment.cluster, repeats: 0 };
      const object = found.dump.id;
      await ledger.record({ kind: "accessed", data: { ...accessed, object } });
    }
    const report = await underPin({ ...run, request: { ...request, onStep } });
    const rendered = renderReport(report);
    const { language } = request;
    const files = await filesOf(rendered);
    const reportPath = await writeReportFiles({ ...environment, language }, rendered, { files });
    await recordRestored(ledger, report, reportPath);
    const archived = await archiveReport(repository.sealed, ledger, rendered, files);
    return { report, reportPath, archived, ledgerFailure: ledger.failure };
  } catch (error) {
    const code = isDrError(error) ? error.code : "UNEXPECTED";
    const message = cutText(error instanceof Error ? error.message : String(error), 4096);
    const { cluster } = environment;
    const data = { cluster, source: from ?? null, host: placeOf(settings), database };
    await ledger.record({
      kind: "databaseRestoreFailed",
      data: { ...data, phase: step, code, message },
    });
    throw error;
  }
}
