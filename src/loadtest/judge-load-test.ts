/**
 * The verdicts of a load test, from its figures alone. What was not come to is not passed: it says so, and the whole is not good then. The
 * forecast for production is arithmetic on what was measured, and its assumptions go with it.
 */
import { type RestoreMeasurement, predictRestore } from "../restore/predict.ts";

/** More than this share of the commits a second lost while a backup is taken fails the test. */
export const slowdownMax = 0.5;

/** What is tested, in the order of the report. */
export type LoadCheckName =
  "load" | "backups" | "slowdown" | "wal" | "nothingLost" | "coherent" | "restored" | "repository";

/** One test. `figures`: what it was judged by. */
export type LoadCheck = {
  readonly name: LoadCheckName;
  readonly outcome: "pass" | "fail" | "notReached";
  readonly figures: Readonly<Record<string, number>>;
};

/** What the tests are judged by; null is what was not come to. */
export type LoadMeasured = {
  readonly load: {
    readonly commits: number;
    readonly clients: number;
    readonly silenceMs: number;
    /** The server lived until the crash that was planned; null: the test was ended before any crash. */
    readonly asPlanned: boolean | null;
  };
  readonly backups: {
    readonly full: number;
    readonly incremental: number;
    readonly failed: number;
  };
  /** Share of the commits a second that a backup costs; negative: none. */
  readonly backupSlowdown: number | null;
  readonly walHoles: number | null;
  readonly judged: {
    readonly acknowledged: number;
    readonly found: number;
    readonly lost: number;
    readonly faults: number;
  } | null;
  readonly rtoSeconds: number | null;
  readonly rtoObjectiveSeconds: number;
  readonly damaged: number | null;
};

function check(
  name: LoadCheckName,
  reached: boolean,
  good: boolean,
  figures: LoadCheck["figures"],
): LoadCheck {
  return { name, outcome: reached ? (good ? "pass" : "fail") : "notReached", figures };
}

/** What is tested before the crash. */
function checksOfLoad({ load, backups, backupSlowdown }: LoadMeasured): readonly LoadCheck[] {
  const { full, incremental, failed } = backups;
  const { commits, clients, silenceMs, asPlanned } = load;
  // A test that was ended has kept no promise and broken none, but by what did fail.
  const ended = asPlanned === null;
  const judged = failed > 0 || (!ended && full + incremental > 0);
  return [
    check("load", commits > 0 && !ended, asPlanned === true, { commits, clients, silenceMs }),
    check("backups", judged, full > 0 && incremental > 0 && failed === 0, {
      full,
      incremental,
      failed,
    }),
    check("slowdown", backupSlowdown !== null, (backupSlowdown ?? 1) <= slowdownMax, {
      share: backupSlowdown ?? 0,
      maximum: slowdownMax,
    }),
  ];
}

/** What the load's oracle says. */
function checksOfContent(judged: LoadMeasured["judged"]): readonly LoadCheck[] {
  const { acknowledged, found, lost, faults } = judged ?? {
    acknowledged: 0,
    found: 0,
    lost: 0,
    faults: 0,
  };
  const reached = judged !== null;
  return [
    check("nothingLost", reached, lost === 0, { acknowledged, lost }),
    check("coherent", reached, faults === 0, { found, faults }),
  ];
}

/** Every test. */
export function judgeLoadTest(measured: LoadMeasured): readonly LoadCheck[] {
  const { walHoles, judged, rtoSeconds, rtoObjectiveSeconds, damaged } = measured;
  return [
    ...checksOfLoad(measured),
    check("wal", walHoles !== null, walHoles === 0, { holes: walHoles ?? 0 }),
    ...checksOfContent(judged),
    check("restored", rtoSeconds !== null, (rtoSeconds ?? Infinity) <= rtoObjectiveSeconds, {
      seconds: rtoSeconds ?? 0,
      objectiveSeconds: rtoObjectiveSeconds,
    }),
    check("repository", damaged !== null, damaged === 0, { damaged: damaged ?? 0 }),
  ];
}

/** How much of the commits a second is missing; null where one side was not measured. */
export function slowdownOf(
  before: { readonly perSecond: number } | null,
  after: { readonly perSecond: number } | null,
): number | null {
  return before === null || after === null ? null : 1 - after.perSecond / before.perSecond;
}

/** Of production, from its newest backup. */
export type ProductionForecast = {
  readonly clusterBytes: number;
  readonly backupFinishedAt: string;
  readonly fullBackupMs: number;
  readonly restoreMs: number;
  readonly withinObjective: boolean;
};

/**
 * At production's size: a full backup and a restore by their bytes, WAL and start as they were measured. Assumes this host, these disks
 * and as much WAL to replay as here.
 */
export function forecastProduction(
  production: { readonly clusterBytes: number; readonly backupFinishedAt: string },
  measured: {
    readonly restore: RestoreMeasurement;
    readonly fullBackup: { readonly readBytes: number; readonly durationMs: number };
    readonly rtoObjectiveSeconds: number;
  },
): ProductionForecast | null {
  const { restore, fullBackup, rtoObjectiveSeconds } = measured;
  const { clusterBytes } = production;
  const { host, walBytes } = restore;
  const predicted = predictRestore({ host, restoreBytes: clusterBytes, walBytes, start: true }, [
    restore,
  ]);
  return predicted === undefined || fullBackup.readBytes === 0
    ? null
    : {
        ...production,
        fullBackupMs: Math.round((fullBackup.durationMs * clusterBytes) / fullBackup.readBytes),
        restoreMs: predicted.expectedMs,
        withinObjective: predicted.expectedMs <= rtoObjectiveSeconds * 1000,
      };
}
