/** What a load test leaves behind: the facts of its report, made of its notes, and its event in the ledger. */
import { isDrError } from "../../core/errors.ts";
import type { EventData } from "../../ledger/event-kinds.ts";
import {
  type LoadMeasured,
  type ProductionForecast,
  forecastProduction,
  judgeLoadTest,
  slowdownOf,
} from "../../loadtest/judge-load-test.ts";
import type { LoadFigures, Stretch } from "../../loadtest/latency-record.ts";
import { type OracleVerdict, lostTimeMs } from "../../loadtest/oracle.ts";
import type { LoadStretch, LoadTestEnding, LoadTestFacts } from "../../queries/load-test-facts.ts";
import { measured } from "../../queries/proof-facts.ts";
import type { BackupRoot } from "../../repository/root.ts";
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
  /** Of the newest backup in the configured repository. */
  readonly production: BackupRoot | undefined;
  /** When the load was over, crash or not, from its beginning. */
  readonly overMs: number;
};

/** Which parts of the load ran with what beside it. */
function stretchesOf(
  notes: LoadTestNotes,
  overMs: number,
): Readonly<Record<LoadStretch, readonly Stretch[]>> {
  const { plainUntilMs = overMs, streamingFromMs = overMs } = notes;
  const endMs = notes.crash?.atMs ?? overMs;
  const streaming: Stretch[] = [];
  let fromMs = streamingFromMs;
  for (const backup of notes.backups) {
    streaming.push({ fromMs, toMs: backup.fromMs });
    fromMs = backup.toMs;
  }
  streaming.push({ fromMs, toMs: endMs });
  return { plain: [{ fromMs: 0, toMs: plainUntilMs }], streaming, backup: notes.backups };
}

function figuresOf(
  notes: LoadTestNotes,
  overMs: number,
): Readonly<Record<LoadStretch, LoadFigures | null>> {
  const stretches = stretchesOf(notes, overMs);
  const over = (name: LoadStretch): LoadFigures | null =>
    notes.load?.record.over(stretches[name]) ?? null;
  return { plain: over("plain"), streaming: over("streaming"), backup: over("backup") };
}

function forecastOf(
  { restore, backups }: LoadTestNotes,
  { production, host, environment }: LoadTestAbout,
): ProductionForecast | null {
  const fullBackup = backups.find(({ kind, state }) => kind === "full" && state === "finished");
  if (production === undefined || restore === undefined || fullBackup === undefined) {
    return null;
  }
  const { fromMs, toMs, readBytes } = fullBackup;
  return forecastProduction(
    {
      clusterBytes: production.totals.clusterBytes,
      backupFinishedAt: production.finishedAt,
    },
    {
      restore: { host, ...restore },
      fullBackup: { readBytes, durationMs: toMs - fromMs },
      rtoObjectiveSeconds: environment.objectives.rtoSeconds,
    },
  );
}

/** What the oracle said, counted. */
function judgedOf(verdict: OracleVerdict): NonNullable<LoadMeasured["judged"]> {
  const { acknowledged, found, lost, chainBroken, beyond, wrongAccounts, sumOk } = verdict;
  const wrongLines = chainBroken.length + beyond.length + wrongAccounts.length;
  return { acknowledged, found, lost: lost.length, faults: wrongLines + (sumOk ? 0 : 1) };
}

function testsOf(
  notes: LoadTestNotes,
  about: LoadTestAbout,
  backupSlowdown: number | null,
): LoadTestFacts["tests"] {
  const { load, crash, verdict, repository, restore, backups } = notes;
  const count = (wanted: (backup: (typeof backups)[number]) => boolean): number =>
    backups.filter(wanted).length;
  const toMs = crash?.atMs ?? about.overMs;
  return judgeLoadTest({
    load: {
      commits: load?.acknowledged.count ?? 0,
      clients: about.clients,
      silenceMs: load?.record.longestSilenceMs({ fromMs: 0, toMs }) ?? 0,
      asPlanned: crash?.planned ?? null,
    },
    backups: {
      full: count(({ kind, state }) => kind === "full" && state === "finished"),
      incremental: count(({ kind, state }) => kind === "incremental" && state === "finished"),
      failed: count(({ state }) => state === "failed"),
    },
    backupSlowdown,
    walHoles: repository?.holes ?? null,
    judged: verdict === undefined ? null : judgedOf(verdict),
    rtoSeconds: restore === undefined ? null : restore.rtoMs / 1000,
    rtoObjectiveSeconds: about.environment.objectives.rtoSeconds,
    damaged: repository?.damaged ?? null,
  });
}

function failureOf(failure: unknown): LoadTestFacts["failure"] {
  return failure === undefined
    ? null
    : {
        code: isDrError(failure) ? failure.code : "UNEXPECTED",
        message: failure instanceof Error ? failure.message : "",
      };
}

/** Both objectives, held against what was measured. */
function objectivesOf(
  { load, verdict, crash, restore }: LoadTestNotes,
  { objectives }: Environment,
): Pick<LoadTestFacts, "rpo" | "rto"> {
  const rpoSeconds =
    load === undefined || verdict === undefined || crash === undefined
      ? undefined
      : lostTimeMs(load.acknowledged, verdict, crash.epochMs) / 1000;
  const rtoSeconds = restore === undefined ? undefined : restore.rtoMs / 1000;
  return {
    rpo: measured(rpoSeconds, objectives.rpoSeconds),
    rto: measured(rtoSeconds, objectives.rtoSeconds),
  };
}

/** The facts. */
export function loadTestFacts(notes: LoadTestNotes, about: LoadTestAbout): LoadTestFacts {
  const { environment, ending, overMs } = about;
  const { load, crash, restore } = notes;
  const stretches = figuresOf(notes, overMs);
  const slowdown = {
    streaming: slowdownOf(stretches.plain, stretches.streaming),
    backup: slowdownOf(stretches.streaming, stretches.backup),
  };
  const tests = testsOf(notes, about, slowdown.backup);
  const { rpo, rto } = objectivesOf(notes, environment);
  const passed = tests.every(({ outcome }) => outcome === "pass");
  return {
    version: 1,
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
    serverVersion: notes.serverVersion,
    acknowledged: load?.acknowledged.count ?? 0,
    tests,
    rpo,
    rto,
    stretches,
    slowdown,
    backups: notes.backups,
    streamingFromMs: notes.streamingFromMs ?? null,
    crash: crash === undefined ? null : { atMs: crash.atMs, duringBackup: crash.duringBackup },
    restore:
      restore === undefined
        ? null
        : {
            restoredBytes: restore.restoredBytes,
            walBytes: restore.walBytes,
            durationMs: restore.durationMs,
            startMs: restore.startMs,
          },
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
