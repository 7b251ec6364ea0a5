/** A schedule for people, line by line, and for machines. Instants are shown in the machine's zone, because cron's lines are written in it. */
import type { MissedRun } from "../app/schedule/find-missed.ts";
import type { ShownJob } from "../app/schedule/read-jobs.ts";
import type { ScheduleProblem, ShownSchedule } from "../app/schedule/read-schedule.ts";
import type { Run } from "../app/schedule/run-history.ts";
import { errorText } from "../core/errors.ts";
import { formatDuration, formatMinute, formatNumber } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import { factLines } from "./fact-lines.ts";
import type { Frame, JsonValue } from "./frame.ts";
import type { JudgedRoutine } from "../app/schedule/routines.ts";
import { formatTable } from "./table.ts";
import { scheduleText } from "./text/schedule-text.ts";

/** A pattern in words: "every 5 minutes". */
export async function describePattern(pattern: string, language: Language): Promise<string> {
  const hourly = /^(\d+) \* \* \* \*$/.exec(pattern)?.[1];
  if (hourly !== undefined) {
    // The library says "17 minutes past the hour", which people read as once.
    return language === "fr"
      ? `Toutes les heures à la minute ${hourly}`
      : `Every hour at minute ${hourly}`;
  }
  const lastOf = /^(\d+) (\d+) \* \* (\d)#L$/.exec(pattern);
  if (lastOf !== null) {
    const [minute = "", hour = "", weekday = ""] = lastOf.slice(1);
    // The fourth of January 1970 was a Sunday.
    const day = new Date(Date.UTC(1970, 0, 4 + Number(weekday)));
    const name = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format(
      day,
    );
    const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
    return scheduleText[language].lastOfMonth(name, time);
  }
  const { default: cronstrue } = await import("cronstrue/i18n.js");
  return cronstrue.default.toString(pattern, { locale: language, use24HourTimeFormat: true });
}

/** `2026-11-23 09:00` in a zone. */
export function localInstant(iso: string, zone: string): string {
  return formatMinute(Date.parse(iso), zone);
}

function outcomeText(run: Run, language: Language): string {
  const text = scheduleText[language];
  const outcome = {
    ended:
      run.exitCode === 0
        ? `${text.good} ${formatDuration(run.durationMs, language)}`
        : text.exit(run.exitCode ?? 0, run.code ?? undefined),
    busy: text.busy,
    died: text.died,
    unstartable: text.unstartable(run.code ?? "?"),
  }[run.outcome];
  return [
    outcome,
    ...(run.cause === "catch-up" ? [text.caughtUp] : []),
    ...(run.logFailed ? [text.logLost] : []),
  ].join(", ");
}

function lastText(job: ShownJob, zone: string, language: Language): string {
  const text = scheduleText[language];
  if (job.running !== null) {
    return text.running(localInstant(job.running.startedAt, zone));
  }
  return job.lastRun === undefined
    ? text.never
    : `${localInstant(job.lastRun.startedAt, zone)} ${outcomeText(job.lastRun, language)}`;
}

async function routineRow(
  { id, pattern, days, last, nextAtMs }: JudgedRoutine,
  zone: string,
  language: Language,
): Promise<string[]> {
  const text = scheduleText[language];
  const instant = (atMs: number): string => formatMinute(atMs, zone);
  return [
    text.routines[id],
    pattern === undefined ? text.afterLive(days ?? 0) : await describePattern(pattern, language),
    last === undefined
      ? text.never
      : [instant(last.atMs), text.good, ...(last.by === null ? [] : [last.by])].join(" "),
    nextAtMs === undefined ? "–" : instant(nextAtMs),
  ];
}

/** One line for each routine that is due or was missed. */
export function routineLines(
  routines: readonly JudgedRoutine[],
  zone: string,
  frame: Frame,
): string[] {
  const text = scheduleText[frame.language];
  const instant = (atMs = 0): string => formatMinute(atMs, zone);
  return routines.flatMap(({ id, state, dueAtMs, untilMs, step }) =>
    state === "missed"
      ? [text.routineMissed(text.routines[id], instant(dueAtMs), step)]
      : state === "due"
        ? [text.routineDue(text.routines[id], instant(untilMs), step)]
        : [],
  );
}

/** For machines. */
export function routineJson(routine: JudgedRoutine): JsonValue {
  const { id, pattern = null, days = null, last, state, dueAtMs, untilMs, nextAtMs } = routine;
  const iso = (atMs: number | undefined): string | null =>
    atMs === undefined ? null : new Date(atMs).toISOString();
  const done = last === undefined ? null : { at: iso(last.atMs), by: last.by };
  const times = { dueAt: iso(dueAtMs), until: iso(untilMs), nextAt: iso(nextAtMs) };
  return { id, pattern, days, state, last: done, ...times };
}

function problemLine(problem: ScheduleProblem, frame: Frame): string {
  const text = scheduleText[frame.language];
  switch (problem.id) {
    case "absent":
      return text.absent(problem.what);
    case "changed":
      return text.changed(problem.what);
    case "rotation-absent":
      return text.rotationGone(problem.path);
    case "cron-absent":
      return text.cronAbsent;
    case "daemon-absent":
      return text.daemonAbsent;
    case "cron-too":
      return text.cronToo;
    case "unremembered":
      return text.unremembered(problem.directory);
    case "unreadable":
      return text.unreadable(errorText(problem.error, frame.language).message);
  }
}

/** One line for each job that was missed. */
export function missedLines(found: readonly MissedRun[], zone: string, frame: Frame): string[] {
  const { language } = frame;
  const text = scheduleText[language];
  return found.map(({ job, dueAt, lastRunAt, count }) =>
    text.missedRun(
      text.jobs[job],
      localInstant(dueAt, zone),
      lastRunAt === undefined ? undefined : localInstant(lastRunAt, zone),
      formatNumber(count, language),
    ),
  );
}

/** For machines. */
export function missedJson(found: readonly MissedRun[]): JsonValue[] {
  return found.map(({ job, dueAt, lastRunAt = null, count }) => ({ job, dueAt, lastRunAt, count }));
}

/** The page. */
export async function scheduleLines(shown: ShownSchedule, frame: Frame): Promise<string[]> {
  const { language } = frame;
  const text = scheduleText[language];
  const { installed, zone, jobs, routines, problems } = shown;
  if (installed === undefined || installed.kind === "none") {
    return problems.length === 0
      ? [text.none]
      : problems.map((problem) => problemLine(problem, frame));
  }
  const rows: string[][] = [];
  for (const job of jobs) {
    rows.push([
      `${text.jobs[job.id]}${job.words.includes("--full") ? " (--full)" : ""}`,
      await describePattern(job.pattern, language),
      lastText(job, zone, language),
      job.nextRunAt === undefined ? "–" : localInstant(job.nextRunAt, zone),
    ]);
  }
  // What a job does stands in its own row.
  for (const routine of routines.filter(({ id }) => jobs.every((job) => job.id !== id))) {
    rows.push(await routineRow(routine, zone, language));
  }
  const headings = [text.job, text.when, text.lastRun, text.nextRun].map((heading) => ({
    heading,
  }));
  const found = jobs.flatMap(({ missed }) => (missed === undefined ? [] : [missed]));
  const told = [
    ...missedLines(found, zone, frame),
    ...routineLines(routines, zone, frame),
    ...problems.map((problem) => problemLine(problem, frame)),
  ];
  return [
    text.installed(text.places[installed.kind](installed.account)),
    "",
    formatTable(headings, rows),
    "",
    ...factLines([
      [text.zone, zone],
      [text.logs, installed.logDirectory],
    ]),
    ...(told.length === 0 ? [] : ["", ...told]),
  ];
}

const NOT_INSTALLED = {
  kind: null,
  service: null,
  account: null,
  installedAt: null,
  fullEveryHour: null,
  logDirectory: null,
};

async function jobJson(shown: ShownJob, language: Language): Promise<JsonValue> {
  const { missed, running, lastRun, nextRunAt, runs: _runs, ...job } = shown;
  return {
    ...job,
    when: await describePattern(job.pattern, language),
    nextRunAt: nextRunAt ?? null,
    running: running === null ? null : { startedAt: running.startedAt, cause: running.cause },
    lastRun: lastRun ?? null,
    missed: missed === undefined ? null : (missedJson([missed])[0] ?? null),
  };
}

/** For machines: keys that others rely on. */
export async function scheduleJson(shown: ShownSchedule, frame: Frame): Promise<JsonValue> {
  const { installed, zone, jobs, routines, problems } = shown;
  const values: JsonValue[] = [];
  for (const job of jobs) {
    values.push(await jobJson(job, frame.language));
  }
  const { kind, service, account, installedAt, fullEveryHour, logDirectory } =
    installed ?? NOT_INSTALLED;
  return {
    installed: installed !== undefined,
    kind,
    service,
    account,
    installedAt,
    fullEveryHour,
    logDirectory,
    zone,
    jobs: values,
    routines: routines.map(routineJson),
    problems: problems.map((problem) => ({ id: problem.id, text: problemLine(problem, frame) })),
  };
}
