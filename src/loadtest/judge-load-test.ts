/**
 * The verdicts of a load test, from its figures alone. What was not come to is not passed: it says so, and the whole is not good then.
 */
import type { MeanInterval } from "../core/mean-interval.ts";

/** More than this share of the commits a second lost while a backup is taken fails the test. */
export const slowdownMax = 0.5;

/** What is tested, in the order of the report. */
export type LoadCheckName =
  | "load"
  | "backups"
  | "slowdown"
  | "wal"
  | "nothingLost"
  | "coherent"
  | "application"
  | "health"
  | "restored"
  | "repository";

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
    /** Clients that ended before the crash: the others hide it from everything else. */
    readonly broken: number;
    /** The server lived until the crash that was planned; null: the test was ended before any crash. */
    readonly asPlanned: boolean | null;
  };
  readonly backups: {
    readonly full: number;
    readonly incremental: number;
    readonly failed: number;
    /** A server of the test's own begins with a full one; production goes on from what it has. */
    readonly wanted: "both" | "any";
  };
  /** Share of the commits a second that a backup costs, pair by pair; negative: none. */
  readonly backupSlowdown: MeanInterval | null;
  /** "none": not asked. All of production's repository is another command's work. */
  readonly walHoles: number | "none" | null;
  readonly judged: {
    readonly acknowledged: number;
    readonly found: number;
    readonly lost: number;
    readonly faults: number;
  } | null;
  /** "none": no application is configured, and nothing is said of any. */
  readonly application: "none" | { readonly ok: boolean; readonly seconds: number } | null;
  /** "none": no address is configured, or it speaks for another server. */
  readonly health: "none" | { readonly ok: boolean; readonly seconds: number } | null;
  readonly rtoSeconds: number | null;
  readonly rtoObjectiveSeconds: number;
  readonly damaged: number | "none" | null;
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
  const { full, incremental, failed, wanted } = backups;
  const { commits, clients, silenceMs, broken, asPlanned } = load;
  // A test that was ended has kept no promise and broken none, but by what did fail.
  const ended = asPlanned === null;
  const judged = failed > 0 || (!ended && full + incremental > 0);
  return [
    check("load", commits > 0 && !ended, asPlanned === true && broken === 0, {
      commits,
      clients,
      silenceMs,
      broken,
    }),
    check("backups", judged, (wanted === "any" || (full > 0 && incremental > 0)) && failed === 0, {
      full,
      incremental,
      failed,
    }),
    check("slowdown", backupSlowdown !== null, (backupSlowdown?.mean ?? 1) <= slowdownMax, {
      share: backupSlowdown?.mean ?? 0,
      pairs: backupSlowdown?.count ?? 0,
      maximum: slowdownMax,
    }),
  ];
}

function checkOfAnswer(
  name: "application" | "health",
  answer: LoadMeasured["application"],
): readonly LoadCheck[] {
  if (answer === "none") {
    return [];
  }
  const seconds = answer?.seconds ?? 0;
  return [check(name, answer !== null, answer?.ok === true, { seconds })];
}

/** What the load's oracle says. Where nothing had to come back, that nothing is lost proves nothing; nor does the order of no entries. */
function checksOfContent(judged: LoadMeasured["judged"]): readonly LoadCheck[] {
  const { acknowledged, found, lost, faults } = judged ?? {
    acknowledged: 0,
    found: 0,
    lost: 0,
    faults: 0,
  };
  return [
    check("nothingLost", acknowledged > 0, lost === 0, { acknowledged, lost }),
    check("coherent", found > 0 || faults > 0, faults === 0, { found, faults }),
  ];
}

/** Holes or damaged objects; none may be there. */
function checkOfCount(
  name: "wal" | "repository",
  key: string,
  count: number | "none" | null,
): readonly LoadCheck[] {
  return count === "none" ? [] : [check(name, count !== null, count === 0, { [key]: count ?? 0 })];
}

/** Every test. */
export function judgeLoadTest(measured: LoadMeasured): readonly LoadCheck[] {
  const { walHoles, judged, application, health, damaged } = measured;
  const { rtoSeconds, rtoObjectiveSeconds } = measured;
  return [
    ...checksOfLoad(measured),
    ...checkOfCount("wal", "holes", walHoles),
    ...checksOfContent(judged),
    ...checkOfAnswer("application", application),
    ...checkOfAnswer("health", health),
    check("restored", rtoSeconds !== null, (rtoSeconds ?? Infinity) <= rtoObjectiveSeconds, {
      seconds: rtoSeconds ?? 0,
      objectiveSeconds: rtoObjectiveSeconds,
      untilApplication: application === "none" && health === "none" ? 0 : 1,
    }),
    ...checkOfCount("repository", "damaged", damaged),
  ];
}
