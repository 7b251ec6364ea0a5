/** What a load test leaves behind: the facts of its report, made of its notes, and its event in the ledger. */
import { errorText, isDrError } from "../../core/errors.ts";
import type { Language } from "../../core/language.ts";
import { formatLsn } from "../../core/lsn.ts";
import type { MeanInterval } from "../../core/mean-interval.ts";
import type { EventData } from "../../ledger/event-kinds.ts";
import { type LoadMeasured, judgeLoadTest } from "../../loadtest/judge-load-test.ts";
import type { LoadFigures, LoadStretch } from "../../loadtest/latency-record.ts";
import { type ProductionForecast, forecastProduction } from "../../loadtest/forecast.ts";
import { type OracleVerdict, lostTimeMs } from "../../loadtest/oracle.ts";
import { backupPairs, slowdownOf, streamingPairs } from "../../loadtest/slowdown.ts";
import type { LoadTestEnding, LoadTestFacts } from "../../queries/load-test-facts.ts";
import { measured } from "../../queries/proof-facts.ts";
import type { BackupRoot } from "../../repository/root.ts";
import type { RestoreMeasurement } from "../../core/restore-prediction.ts";
import type { Environment } from "../environment.ts";
import type { LoadTestNotes } from "./load-test-notes.ts";

/** What is known beside the notes. */
export type LoadTestAbout = {
  readonly environment: Environment;
  readonly host: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly loadMs: number;
  readonly seed: number;
  readonly clients: number;
  readonly ending: LoadTestEnding;
  readonly failure: unknown;
  /** The newest backup in the configured repository, and what its ledger measured of restores. */
  readonly production:
    { readonly newest: BackupRoot; readonly restores: readonly RestoreMeasurement[] } | undefined;
};

/** What was measured of the load, in windows, and what is told by comparing them. */
function loadMeasured({
  load,
}: LoadTestNotes): Pick<LoadTestFacts, "windows" | "stretches" | "slowdown"> {
  const windows = load?.record.windows() ?? [];
  const over = (kind: LoadStretch): LoadFigures | null => load?.record.over(kind) ?? null;
  return {
    windows,
    stretches: { plain: over("plain"), streaming: over("streaming"), backup: over("backup") },
    slowdown: {
      streaming: slowdownOf(streamingPairs(windows)),
      backup: slowdownOf(backupPairs(windows)),
    },
  };
}

function forecastOf(
  { restore, backups, shaped }: LoadTestNotes,
  { production, host, environment }: LoadTestAbout,
): ProductionForecast | null {
  const clusterBytes = production?.newest.totals.clusterBytes ?? shaped?.productionBytes;
  if (clusterBytes === undefined || restore === undefined) {
    return null;
  }
  const backupFinishedAt = production?.newest.finishedAt ?? null;
  return forecastProduction(
    { clusterBytes, backupFinishedAt },
    {
      restore: { host, ...restore },
      earlier: production?.restores ?? [],
      backups: backups
        .filter(({ state }) => state === "finished")
        .map(({ kind, readBytes, fromMs, toMs }) => {
          return { kind, readBytes, durationMs: toMs - fromMs };
        }),
      rtoObjectiveSeconds: environment.objectives.rtoSeconds,
    },
  );
}

/** What the oracle said, counted. */
function judgedOf(
  verdict: OracleVerdict,
  production: LoadTestNotes["production"],
): NonNullable<LoadMeasured["judged"]> {
  const { found, lost, chainBroken, beyond, wrongAccounts, sumOk } = verdict;
  // Where nothing was crashed, that much had to come back: what the repository held.
  const acknowledged = production === undefined ? verdict.acknowledged : verdict.required;
  const wrongLines = chainBroken.length + beyond.length + wrongAccounts.length;
  return { acknowledged, found, lost: lost.length, faults: wrongLines + (sumOk ? 0 : 1) };
}

/** Whether the address says anything of what was restored. */
function healthCounts({ healthWanted, health }: LoadTestNotes): boolean {
  return healthWanted && health?.before !== "well";
}

/** From the crash until the application answered; where none is configured, until the restored server took writes. */
function rtoSecondsOf(notes: LoadTestNotes): number | undefined {
  const { restore, applicationWanted, application, health } = notes;
  const steps = [
    restore?.writtenMs,
    ...(applicationWanted ? [application?.answeredMs] : []),
    ...(healthCounts(notes) ? [health?.answeredMs] : []),
  ];
  const known = steps.filter((ms) => ms !== undefined && ms !== null);
  return known.length < steps.length ? undefined : Math.max(...known) / 1000;
}

function healthOf(notes: LoadTestNotes): LoadMeasured["health"] {
  const { health } = notes;
  if (!healthCounts(notes)) {
    return "none";
  }
  return health === undefined || health.after === null
    ? null
    : { ok: health.after.kind === "well", seconds: health.after.durationMs / 1000 };
}

function applicationOf({
  applicationWanted,
  application,
}: LoadTestNotes): LoadMeasured["application"] {
  if (!applicationWanted) {
    return "none";
  }
  return application === undefined
    ? null
    : { ok: application.result.ok, seconds: application.result.durationMs / 1000 };
}

/** All of production's repository is judged by a command of its own. */
function repositoryOf({
  repository,
  production,
}: LoadTestNotes): Pick<LoadMeasured, "walHoles" | "damaged"> {
  return production === undefined
    ? { walHoles: repository?.holes ?? null, damaged: repository?.damaged ?? null }
    : { walHoles: "none", damaged: "none" };
}

function backupsOf({ backups, production }: LoadTestNotes): LoadMeasured["backups"] {
  const count = (wanted: (backup: (typeof backups)[number]) => boolean): number =>
    backups.filter(wanted).length;
  return {
    full: count(({ kind, state }) => kind === "full" && state === "finished"),
    incremental: count(({ kind, state }) => kind === "incremental" && state === "finished"),
    failed: count(({ state }) => state === "failed"),
    wanted: production === undefined ? "both" : "any",
  };
}

function testsOf(
  notes: LoadTestNotes,
  about: LoadTestAbout,
  backupSlowdown: MeanInterval | null,
): LoadTestFacts["tests"] {
  const { load, crash, verdict, production } = notes;
  const toMs = crash?.atMs ?? notes.overMs ?? 0;
  return judgeLoadTest({
    load: {
      commits: load?.acknowledged.count ?? 0,
      clients: about.clients,
      silenceMs: load?.record.longestSilenceMs(toMs) ?? 0,
      broken: notes.brokenClients,
      asPlanned: crash === undefined ? null : crash.cause === "planned",
    },
    backups: backupsOf(notes),
    backupSlowdown,
    ...repositoryOf(notes),
    judged: verdict === undefined ? null : judgedOf(verdict, production),
    application: applicationOf(notes),
    health: healthOf(notes),
    rtoSeconds: rtoSecondsOf(notes) ?? null,
    rtoObjectiveSeconds: about.environment.objectives.rtoSeconds,
  });
}

function failureOf(failure: unknown): LoadTestFacts["failure"] {
  if (failure === undefined) {
    return null;
  }
  if (isDrError(failure)) {
    const told = (language: Language): string => errorText(failure, language).message;
    return { code: failure.code, message: { en: told("en"), fr: told("fr") } };
  }
  const text = failure instanceof Error ? failure.message : "";
  return { code: "UNEXPECTED", message: { en: text, fr: text } };
}

function rpoSecondsOf({ load, verdict, crash, production }: LoadTestNotes): number | undefined {
  if (production !== undefined) {
    return production.unheld === undefined ? undefined : production.unheld.ms / 1000;
  }
  return load === undefined || verdict === undefined || crash === undefined
    ? undefined
    : lostTimeMs(load.acknowledged, verdict, crash.epochMs) / 1000;
}

/** Both objectives, held against what was measured. */
function objectivesOf(
  notes: LoadTestNotes,
  { objectives }: Environment,
): Pick<LoadTestFacts, "rpo" | "rto"> {
  return {
    rpo: measured(rpoSecondsOf(notes), objectives.rpoSeconds),
    rto: measured(rtoSecondsOf(notes), objectives.rtoSeconds),
  };
}

function shapeOf({ shaped }: LoadTestNotes): LoadTestFacts["shape"] {
  if (shaped === undefined) {
    return null;
  }
  const { productionBytes, share, tables, columnsAsText, databases } = shaped;
  return { productionBytes, share, databases: databases.length, tables, columnsAsText };
}

function onProductionOf({ production }: LoadTestNotes): LoadTestFacts["onProduction"] {
  if (production === undefined) {
    return null;
  }
  const { where, database, dropped, share, probeBeforeMs, probeWorstMs, frozen, unheld } =
    production;
  return {
    where,
    database,
    dropped,
    share,
    probe: { beforeMs: probeBeforeMs, worstMs: probeWorstMs },
    frozen: frozen === undefined ? null : { lsn: formatLsn(frozen.lsn), at: frozen.at },
    unheldCommits: unheld?.commits ?? null,
  };
}

/** The crash and what came back after it. */
function lossAndReturn({
  crash,
  restore,
  application,
  health,
}: LoadTestNotes): Pick<LoadTestFacts, "crash" | "restore" | "application" | "health"> {
  return {
    crash:
      crash === undefined
        ? null
        : { atMs: crash.atMs, duringBackup: crash.duringBackup, cause: crash.cause },
    restore:
      restore === undefined
        ? null
        : {
            restoredBytes: restore.restoredBytes,
            walBytes: restore.walBytes,
            durationMs: restore.durationMs,
            startMs: restore.startMs,
          },
    application: application?.result ?? null,
    health:
      health === undefined ? null : { url: health.url, before: health.before, after: health.after },
  };
}

/** The facts. */
export function loadTestFacts(notes: LoadTestNotes, about: LoadTestAbout): LoadTestFacts {
  const { environment, ending } = about;
  const { load, crash, overMs = 0 } = notes;
  const compared = loadMeasured(notes);
  const tests = testsOf(notes, about, compared.slowdown.backup?.rate ?? null);
  const { rpo, rto } = objectivesOf(notes, environment);
  const passed = tests.every(({ outcome }) => outcome === "pass");
  return {
    version: 3,
    ok: ending === "finished" && passed && rpo.met === true && rto.met === true,
    ending,
    failure: failureOf(about.failure),
    cluster: environment.cluster,
    host: about.host,
    startedAt: about.startedAt,
    durationMs: about.durationMs,
    loadMs: about.loadMs,
    seed: about.seed,
    clients: about.clients,
    databaseBytes: notes.databaseBytes,
    shape: shapeOf(notes),
    onProduction: onProductionOf(notes),
    serverVersion: notes.serverVersion,
    serverOrigin: notes.serverOrigin ?? null,
    acknowledged: load?.acknowledged.count ?? 0,
    tests,
    rpo,
    rto,
    ...compared,
    pacedPerSecond: notes.pacedPerSecond,
    backups: notes.backups,
    streamed: notes.streamed.map(({ fromMs, toMs }) => ({
      fromMs,
      toMs: toMs ?? crash?.atMs ?? overMs,
    })),
    ...lossAndReturn(notes),
    resumed: notes.resumed,
    series: load?.record.series(crash?.atMs ?? overMs) ?? [],
    production: forecastOf(notes, about),
  };
}

/** The event. */
export function loadTestEvent(
  facts: LoadTestFacts,
  reports: EventData<"loadTestFinished">["reports"],
): EventData<"loadTestFinished"> {
  const { cluster, host, startedAt, durationMs, ending, ok, seed, clients } = facts;
  const { databaseBytes, acknowledged, rpo, rto } = facts;
  return {
    cluster,
    host,
    startedAt,
    durationMs,
    ending,
    ok,
    seed,
    clients,
    databaseBytes,
    acknowledged,
    tests: facts.tests.map(({ name, outcome }) => ({ name, outcome })),
    rpoSeconds: rpo.seconds,
    rtoSeconds: rto.seconds,
    objectives: { rpoSeconds: rpo.objectiveSeconds, rtoSeconds: rto.objectiveSeconds },
    reports,
  };
}
