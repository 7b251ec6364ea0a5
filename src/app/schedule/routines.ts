/**
 * What is done every week, month and quarter, and once after a go-live, as one table: when it is due, who shows that it was done, how much earlier it
 * counts, and how late it is missed. Pure. What the product does by itself is shown by the ledger, whatever its log says; what people do, by their
 * word there (`pra schedule done`). A routine that was missed stays so until it is done, and the next one is due in its own time.
 */
import { scheduleClockSlackMs } from "../../core/limits.ts";
import { type AfterLiveId, afterLiveDuties } from "../../sla/after-live.ts";
import { type JobId, loadTestPattern } from "./job.ts";
import type { OccurrencesOf } from "./occurrences.ts";

/** Every routine, in the order in which it is shown. */
export const routineIds = [
  "restore-test",
  "verify",
  "load-test",
  "monthly-review",
  "failover-exercise",
  "review-14",
  "load-test-30",
  "review-30",
] as const;

/** The name of a routine. */
export type RoutineId = (typeof routineIds)[number];

const DAY_MS = 86_400_000;

/** When: as the job of the same name is planned, by five fields of cron with `#` for the how-manieth, or days after the go-live. */
type Due =
  | { readonly kind: "job"; readonly job: JobId }
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "after-live"; readonly days: number };

type Row = {
  readonly due: Due;
  /** Done by so much earlier it counts for the next time. */
  readonly earlyMs: number;
  readonly graceMs: number;
};

function afterLive(id: AfterLiveId): Row {
  const { days, earlyMs, graceMs } = afterLiveDuties[id];
  return { due: { kind: "after-live", days }, earlyMs, graceMs };
}

/** The table. */
const table: Readonly<Record<RoutineId, Row>> = {
  // Half a day: by hand in the morning instead of by itself. A day: what is made up for after a weekend without power.
  "restore-test": {
    due: { kind: "job", job: "restore-test" },
    earlyMs: DAY_MS / 2,
    graceMs: DAY_MS,
  },
  verify: { due: { kind: "job", job: "verify" }, earlyMs: DAY_MS / 2, graceMs: DAY_MS },
  // Within the week before or after, by hand, on whichever host: the ledger shows it. One that was not brought to its end is none.
  "load-test": {
    due: { kind: "pattern", pattern: loadTestPattern },
    earlyMs: 7 * DAY_MS,
    graceMs: 7 * DAY_MS,
  },
  // The first Monday of the month, on which people are there; within the week.
  "monthly-review": {
    due: { kind: "pattern", pattern: "0 9 * * 1#1" },
    earlyMs: 7 * DAY_MS,
    graceMs: 7 * DAY_MS,
  },
  // The second Tuesday of the quarter, away from the review; an exercise with several people is moved by weeks.
  "failover-exercise": {
    due: { kind: "pattern", pattern: "0 9 * 1,4,7,10 2#2" },
    earlyMs: 31 * DAY_MS,
    graceMs: 14 * DAY_MS,
  },
  "review-14": afterLive("review-14"),
  "load-test-30": afterLive("load-test-30"),
  "review-30": afterLive("review-30"),
};

/** Whose deeds show it, where they bear another name. */
const SHOWN_BY: Readonly<Partial<Record<RoutineId, RoutineId>>> = { "load-test-30": "load-test" };

/** What the program does, as a command; the ledger then shows it. */
const PROGRAM_STEPS: Readonly<Partial<Record<RoutineId, string>>> = {
  "restore-test": "./quickstart.sh test-restore",
  verify: "pra verify",
  "load-test": "./loadtest.sh",
  "load-test-30": "./loadtest.sh",
};

/** Those that are done when a person says so. */
export const personRoutines: readonly RoutineId[] = routineIds.filter(
  (id) => PROGRAM_STEPS[id] === undefined,
);

/** What shows that it was done, as a command. */
function stepOf(id: RoutineId): string {
  return PROGRAM_STEPS[id] ?? `pra schedule done ${id} --by NAME`;
}

/** That it was done. `by` null: by the program itself. */
export type Deed = { readonly atMs: number; readonly by: string | null };

/** How one routine stands. */
export type JudgedRoutine = {
  readonly id: RoutineId;
  /** Undefined: days after the go-live. */
  readonly pattern: string | undefined;
  readonly days: number | undefined;
  readonly last: Deed | undefined;
  /** `planned`: not due yet. `due`: it is time, and not too late. */
  readonly state: "planned" | "done" | "due" | "missed";
  /** Of `due` and `missed`: since when. */
  readonly dueAtMs: number | undefined;
  /** Of `due`: until when it is in time. */
  readonly untilMs: number | undefined;
  /** When it is due the next time; undefined: never again. */
  readonly nextAtMs: number | undefined;
  /** What shows that it was done. */
  readonly step: string;
};

/** What is known. */
export type RoutineContext = {
  readonly nowMs: number;
  readonly zone: string;
  readonly occurrencesOf: OccurrencesOf;
  /** Jobs of the schedule, with the instant from which on each was to run. */
  readonly jobs: readonly {
    readonly id: JobId;
    readonly pattern: string;
    readonly since: string;
  }[];
  readonly liveAtMs: number | undefined;
  readonly done: Readonly<Record<string, Deed>>;
  /** When the deeds were read: of what was due since, nothing is known yet. */
  readonly readAtMs: number;
};

type Times = {
  readonly pattern?: string;
  readonly days?: number;
  readonly lastDueMs: number | undefined;
  readonly nextAtMs: number | undefined;
};

function timesAfterLive(days: number, { nowMs, liveAtMs }: RoutineContext): Times | undefined {
  if (liveAtMs === undefined) {
    return undefined;
  }
  const atMs = liveAtMs + days * DAY_MS;
  return atMs <= nowMs
    ? { days, lastDueMs: atMs, nextAtMs: undefined }
    : { days, lastDueMs: undefined, nextAtMs: atMs };
}

/** When it was due last and is next; undefined: it is not planned here. */
function timesOf({ due }: Row, context: RoutineContext): Times | undefined {
  const { nowMs, zone, occurrencesOf, jobs, liveAtMs = Infinity } = context;
  if (due.kind === "after-live") {
    return timesAfterLive(due.days, context);
  }
  const own = due.kind === "job" ? jobs.filter(({ id }) => id === due.job) : [];
  const pattern = due.kind === "job" ? own[0]?.pattern : due.pattern;
  if (pattern === undefined) {
    return undefined;
  }
  // What people do is planned since anything is, or since the go-live when that was earlier.
  const sinceMs = due.kind === "job" ? begunMs(own) : Math.min(begunMs(jobs), liveAtMs);
  const occurrences = occurrencesOf(pattern, zone);
  const lastMs = occurrences.lastAtOrBefore(nowMs) ?? -Infinity;
  const lastDueMs = lastMs >= sinceMs ? lastMs : undefined;
  return { pattern, lastDueMs, nextAtMs: occurrences.nextAfter(nowMs) };
}

function begunMs(jobs: RoutineContext["jobs"]): number {
  return Math.min(...jobs.map(({ since }) => Date.parse(since)));
}

function stateOf(
  row: Row,
  { lastDueMs, nextAtMs }: Times,
  { last, nowMs, readAtMs }: RoutineContext & { readonly last: Deed | undefined },
): JudgedRoutine["state"] {
  const isDoneFor = (dueMs: number | undefined): boolean =>
    dueMs !== undefined && last !== undefined && last.atMs >= dueMs - row.earlyMs;
  if (isDoneFor(nextAtMs) || isDoneFor(lastDueMs)) {
    return "done";
  }
  if (lastDueMs === undefined) {
    return "planned";
  }
  return Math.min(nowMs, readAtMs) > lastDueMs + row.graceMs ? "missed" : "due";
}

/** Each routine that is planned here. A deed of the future, under a clock that was set back, shows nothing. */
export function judgeRoutines(context: RoutineContext): readonly JudgedRoutine[] {
  const { nowMs, done, jobs } = context;
  if (jobs.length === 0) {
    return [];
  }
  return routineIds.flatMap((id) => {
    const row = table[id];
    const times = timesOf(row, context);
    if (times === undefined) {
      return [];
    }
    const deed = done[SHOWN_BY[id] ?? id];
    const last = deed !== undefined && deed.atMs <= nowMs + scheduleClockSlackMs ? deed : undefined;
    const state = stateOf(row, times, { ...context, last });
    const isOpen = state === "due" || state === "missed";
    return [
      {
        id,
        pattern: times.pattern,
        days: times.days,
        last,
        state,
        dueAtMs: isOpen ? times.lastDueMs : undefined,
        untilMs: state === "due" ? (times.lastDueMs ?? 0) + row.graceMs : undefined,
        nextAtMs: times.nextAtMs,
        step: stepOf(id),
      },
    ];
  });
}
