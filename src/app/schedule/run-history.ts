/**
 * What is remembered of one job's runs, and how it changes; pure. One state: nothing runs, or one run goes on.
 *
 *   idle ── begin ──> running ── finish ──> idle
 *   running ── begin, its process lives ──> running, and a run noted that found another at work
 *   running ── begin, its process is gone ──> running anew, and the old one noted as died
 *
 * The first runs after an installation are kept for good, of the others the newest; a text that cannot be read counts as empty, because a job
 * must run whatever became of its records.
 */
import * as z from "zod/mini";
import { scheduleFirstRunsMax, scheduleRunsKeptMax } from "../../core/limits.ts";

const instant = z.iso.datetime();
const text = z.string().check(z.maxLength(512));

const runSchema = z.object({
  startedAt: instant,
  finishedAt: instant,
  durationMs: z.number().check(z.nonnegative()),
  /**
   * `ended`: it has an exit code. `busy`: another run was at work, so nothing was done. `died`: its process vanished, and nobody knows how far it
   * was. `unstartable`: there was nothing to start.
   */
  outcome: z.enum(["ended", "busy", "died", "unstartable"]),
  exitCode: z.nullable(z.int()),
  /** The error code in its last words, such as REPO_LEASE_HELD. */
  code: z.nullable(text),
  cause: z.enum(["schedule", "catch-up"]),
  /** Of a run that caught up: when it had been due. */
  dueAt: z.nullable(instant),
  /** Its log could not be written. */
  logFailed: z.boolean(),
});

const runningSchema = z.object({
  startedAt: instant,
  process: text,
  cause: z.enum(["schedule", "catch-up"]),
  dueAt: z.nullable(instant),
});

const historySchema = z.object({
  version: z.literal(1),
  total: z.int().check(z.nonnegative()),
  first: z.array(runSchema),
  runs: z.array(runSchema),
  running: z.nullable(runningSchema),
});

/** One run that is over. */
export type Run = z.infer<typeof runSchema>;
/** One run that goes on, or whose process vanished. */
export type RunningRun = z.infer<typeof runningSchema>;
/** Newest run last. */
export type RunHistory = z.infer<typeof historySchema>;

/** Nothing has run. */
export const emptyHistory: RunHistory = {
  version: 1,
  total: 0,
  first: [],
  runs: [],
  running: null,
};

/** Reads what `encodeHistory` wrote; what cannot be read is empty. */
export function decodeHistory(content: Buffer): RunHistory {
  try {
    return historySchema.parse(JSON.parse(content.toString("utf8")));
  } catch {
    return emptyHistory;
  }
}

/** For a file. */
export function encodeHistory(history: RunHistory): Buffer {
  return Buffer.from(`${JSON.stringify(history)}\n`);
}

function noted(history: RunHistory, run: Run): RunHistory {
  return {
    ...history,
    total: history.total + 1,
    first: history.first.length < scheduleFirstRunsMax ? [...history.first, run] : history.first,
    runs: [...history.runs, run].slice(-scheduleRunsKeptMax),
  };
}

/** A run begins where none goes on; one whose process is gone is noted as died. */
export function begin(history: RunHistory, run: RunningRun): RunHistory {
  const { running } = history;
  if (running === null) {
    return { ...history, running: run };
  }
  const { startedAt, cause, dueAt } = running;
  const died: Run = {
    startedAt,
    finishedAt: run.startedAt,
    durationMs: Math.max(0, Date.parse(run.startedAt) - Date.parse(startedAt)),
    outcome: "died",
    exitCode: null,
    code: null,
    cause,
    dueAt,
    logFailed: false,
  };
  return { ...noted(history, died), running: run };
}

/** A run came while another went on. */
export function foundBusy(history: RunHistory, startedAt: string): RunHistory {
  return noted(history, {
    startedAt,
    finishedAt: startedAt,
    durationMs: 0,
    outcome: "busy",
    exitCode: null,
    code: null,
    cause: "schedule",
    dueAt: null,
    logFailed: false,
  });
}

/** The run that went on is over. Another process may have taken it for dead meanwhile and begun its own, which goes on then. */
export function finish(history: RunHistory, run: Run, process: string): RunHistory {
  const own = history.running?.process === process;
  return { ...noted(history, run), running: own ? null : history.running };
}
