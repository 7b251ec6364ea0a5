/**
 * What runs by itself, as data: when, and which command. Only what works is listed. The hourly backup and the nightly jobs begin at a
 * minute drawn from the host, the cluster and the repository's place, so that a fleet does not start at once; what people expect at
 * their desks (08:00, Monday 09:00) is on the dot. Nothing is placed between 01:00 and 03:59, when clocks are set.
 */
import { createHash } from "node:crypto";

/** Every job, in the order in which it is shown. */
export const jobIds = [
  "backup",
  "status",
  "expire",
  "proof",
  "verify",
  "daily",
  "restore-test",
  "load-test",
  "metrics",
  "weekly-report",
  "monthly-report",
  "anchor",
  "watch",
  "logs",
] as const;

/** The name of a job: it names its log, its records and its unit. */
export type JobId = (typeof jobIds)[number];

/** A program of the checkout, or a file anywhere, and what it is given. */
export type JobCommand = { readonly program: string; readonly words: readonly string[] };

/** One job of a schedule. `pattern`: five fields of cron, in the machine's time zone; `4#L` as weekday is the last Thursday of the month. */
export type Job = JobCommand & { readonly id: JobId; readonly pattern: string };

/** A minute of the hour that belongs to `seed`: never one of the five-minute checks'. */
export function minuteOf(seed: string): number {
  const drawn = createHash("sha256").update(seed).digest().readUInt32BE(0) % 48;
  return drawn + Math.floor(drawn / 4) + 1;
}

/**
 * Seconds by which a start may be late, drawn anew each time, above the minute that is drawn once. A crontab has none, for cron starts on the dot.
 */
export function startDelaySeconds(id: JobId): number {
  return isCheck(id) ? 15 : id === "daily" || id === "restore-test" ? 30 : 60;
}

/** When the load test runs: on the last Thursday of the month, in the evening, when neither people nor the nightly jobs are at work. */
export const loadTestPattern = "0 21 * * 4#L";

/**
 * Its load is for its own hour alone: what was slept through is not made up for in the middle of a day, but told as a routine that is due, and done
 * by hand within the week.
 */
export function keepsItsHour(id: JobId): boolean {
  return id === "load-test";
}

/** As cron can be told, which knows no last weekday of a month: it starts the line each week, and all but the last time of the month nothing is done. */
export function cronFields(pattern: string): {
  readonly fields: string;
  readonly lastOfMonth: boolean;
} {
  return { fields: pattern.replace(/#L$/, ""), lastOfMonth: pattern.endsWith("#L") };
}

/** Whether the same weekday a week later is in another month. */
export function isLastOfMonth(nowMs: number, zone: string): boolean {
  const month = new Intl.DateTimeFormat("en", { month: "numeric", timeZone: zone });
  return month.format(nowMs) !== month.format(nowMs + 7 * 86_400_000);
}

/** A look: nobody makes up for one that was missed, what it starts lives on, and that it finds something ill is no failure of its own. */
export function isCheck(id: JobId): boolean {
  return id === "status" || id === "watch";
}

/** What is asked for. */
export type SchedulePlan = {
  /** The host of the second watcher: it looks at the repository, and does nothing else. */
  readonly second: boolean;
  /** What tells this installation from others: host, cluster, repository. */
  readonly seed: string;
  readonly fullEveryHour: boolean;
  /** Each command gets these, so that it finds what the installer saw. */
  readonly commonWords: readonly string[];
  /** Where this account has to rotate its logs itself. */
  readonly rotation: JobCommand | undefined;
  /** A daemon looks itself, without a pause: no check of its own is planned then. */
  readonly checks: boolean;
  /** The monthly load of a throw-away server; where it is left out, it is still a routine, to be run on another host. */
  readonly loadTest: boolean;
  /** How often an anchor of the ledger is sent. */
  readonly anchorEvery: AnchorEvery;
};

/** How often an anchor is sent to those who read mail and Slack. */
export const anchorChoices = ["day", "week", "never"] as const;

/** One of them. */
export type AnchorEvery = (typeof anchorChoices)[number];

/** The jobs of an installation. */
export function plannedJobs(plan: SchedulePlan): readonly Job[] {
  const { seed, fullEveryHour, commonWords, rotation, checks, second, loadTest, anchorEvery } =
    plan;
  const at = (id: JobId): number => minuteOf(`${seed}\0${id}`);
  const job = (id: JobId, pattern: string, program: string, words: readonly string[]): Job => ({
    id,
    pattern,
    program,
    words: [...words, ...commonWords],
  });
  const logs =
    rotation === undefined
      ? []
      : [{ id: "logs" as const, pattern: `${at("logs")} 7 * * *`, ...rotation }];
  if (second) {
    return [job("watch", "*/5 * * * *", "pra", ["watch", "--from-repository"]), ...logs];
  }
  return [
    job("backup", `${at("backup")} * * * *`, "backup.sh", fullEveryHour ? ["--full"] : []),
    ...(checks ? [job("status", "*/5 * * * *", "status.sh", [])] : []),
    job("expire", `${at("expire")} 4 * * *`, "pra", ["expire"]),
    job("proof", `${at("proof")} 5 * * *`, "pra", ["prove", "--random"]),
    job("verify", `${at("verify")} 6 * * 0`, "pra", ["verify"]),
    job("daily", "0 8 * * *", "quickstart.sh", ["daily"]),
    job("restore-test", "0 9 * * 1", "quickstart.sh", ["test-restore"]),
    job("metrics", "45 7 * * *", "pra", ["docs", "metrics"]),
    job("weekly-report", "15 8 * * 1", "pra", ["report", "weekly", "--send"]),
    job("monthly-report", "30 8 1 * *", "pra", ["report", "monthly", "--send"]),
    ...(anchorEvery === "never"
      ? []
      : [
          job("anchor", `${at("anchor")} 7 * * ${anchorEvery === "day" ? "*" : "1"}`, "pra", [
            "ledger",
            "anchor",
            "--send",
          ]),
        ]),
    ...(loadTest ? [job("load-test", loadTestPattern, "loadtest.sh", ["--send"])] : []),
    ...logs,
  ];
}
