/**
 * Tries one target from one backup along one branch: replays in thought from the backup's end and says where a server would
 * stop, or why it would not. The result is what `plan.ts` chooses from.
 */
import { unreachable } from "../core/assert.ts";
import { type Lsn, laterLsn } from "../core/lsn.ts";
import type { TransactionEnd } from "../wal/record/wal-event.ts";
import type { SurveyedBackup } from "./plan-backup.ts";
import { type WalPiece, type WalRun, laidUntil } from "./plan-lineage.ts";
import {
  type Replayed,
  type ReplayStop,
  type RequiredSettings,
  type Slice,
  largerSettings,
  replay,
  rowAt,
  rowsOf,
} from "./plan-replay.ts";
import type { Instant } from "./plan-result.ts";
import {
  type FoundPoint,
  type FoundTransaction,
  type PositionStop,
  pointsIn,
  stopForLsnIn,
  stopForTimeIn,
  transactionIn,
} from "./plan-stop.ts";
import type { RecoveryStop } from "./recovery-settings.ts";
import { formatRecoveryTime } from "./target-time.ts";
import type { TargetPoint } from "./target.ts";
import type { WalKnowledge } from "./wal-knowledge.ts";

/** The target can be reached. */
export type Reachable = {
  readonly kind: "reachable";
  readonly run: WalRun;
  readonly stop: RecoveryStop;
  /** WAL is needed up to here. */
  readonly toLsn: Lsn;
  readonly reachedLsn: Lsn;
  /** Of a replay of all there is: the instant up to which that is known to be everything. */
  readonly knownMicros: bigint | undefined;
  readonly lastCommit: TransactionEnd | undefined;
  readonly possibleCommit: TransactionEnd | undefined;
  readonly required: RequiredSettings;
  readonly unread: readonly WalPiece[];
  /** Further restore points of the name. */
  readonly again: readonly FoundPoint[];
};

/** How an attempt ends. */
export type Attempt =
  | Reachable
  /** The target lies before the backup's end: an older one may reach it. */
  | { readonly kind: "too-early"; readonly earliest: Instant }
  /** The WAL ends before it. */
  | { readonly kind: "beyond"; readonly run: WalRun; readonly newest: Instant }
  /** No such transaction or restore point from this backup on; names of points seen. */
  | { readonly kind: "not-found"; readonly run: WalRun; readonly names: readonly string[] }
  /** The transaction rolled back, or is a part of another one. */
  | {
      readonly kind: "not-a-commit";
      readonly found: FoundTransaction;
      readonly before: Instant;
      readonly after: Instant | undefined;
    };

/** What an attempt is made with. `untilLsn`: what lies behind was tried from a newer backup. */
export type AttemptInput = {
  readonly knowledge: WalKnowledge;
  readonly survey: SurveyedBackup;
  readonly untilLsn: Lsn | undefined;
  readonly signal: AbortSignal;
};

/** The first instant that a backup gives. */
export function earliestOf(survey: SurveyedBackup): Instant {
  const { backup, earliestMicros } = survey;
  return {
    kind: "backup",
    timeline: backup.timeline,
    lsn: backup.stopLsn,
    timeMicros: earliestMicros,
  };
}

function timelineAt(run: WalRun): WalPiece["timeline"] {
  return run.pieces.at(-1)?.timeline ?? run.branch.timeline;
}

/** The last instant that a replay to its end gives. A backup's own clock proves nothing about WAL behind the backup. */
export function newestOf(survey: SurveyedBackup, replayed: Replayed): Instant {
  const { run, endLsn: lsn } = replayed;
  const [found, before] = [replayed.newestMicros, survey.newestMicros];
  const timeMicros = found === undefined || (before ?? found) > found ? before : found;
  const claim = run.known?.atMicros;
  const timeline = timelineAt(run);
  const proven: Instant =
    claim !== undefined && (timeMicros === undefined || claim > timeMicros)
      ? { kind: "known", timeline, lsn, timeMicros: claim }
      : { kind: "transaction", timeline, lsn, timeMicros };
  // Where a host's clock dates the backup, what is proven may lie before it.
  const early = proven.timeMicros !== undefined && proven.timeMicros < survey.earliestMicros;
  return early ? { ...proven, timeMicros: undefined } : proven;
}

async function replayFrom(
  input: AttemptInput,
  stopIn: (slice: Slice) => ReplayStop | undefined,
  options: { readonly passUnread: boolean },
): Promise<Replayed> {
  const { knowledge, survey, untilLsn, signal } = input;
  return replay(knowledge, survey.run, {
    fromLsn: survey.backup.stopLsn,
    toLsn: untilLsn,
    passUnread: options.passUnread,
    stopIn,
    signal,
  });
}

function reached(
  survey: SurveyedBackup,
  replayed: Replayed,
  how: Pick<Reachable, "stop" | "toLsn" | "reachedLsn"> & Partial<Reachable>,
): Reachable {
  return {
    kind: "reachable",
    run: replayed.run,
    knownMicros: undefined,
    lastCommit: replayed.lastCommit ?? survey.lastCommit,
    possibleCommit: undefined,
    required: largerSettings(survey.required, replayed.required),
    unread: replayed.unread,
    again: [],
    ...how,
  };
}

/** Replay of all there is, without a target: a server meets no record behind the last one and would fail with one. */
function toTheEnd(survey: SurveyedBackup, replayed: Replayed): Reachable {
  const { run, endLsn } = replayed;
  const knownMicros = newestOf(survey, replayed).timeMicros;
  const stop = { kind: "end" } as const;
  return reached(survey, replayed, { stop, toLsn: run.toLsn, reachedLsn: endLsn, knownMicros });
}

async function toLatest(input: AttemptInput): Promise<Attempt> {
  const replayed = await replayFrom(input, () => undefined, { passUnread: true });
  return toTheEnd(input.survey, replayed);
}

function atBackupEnd({ survey }: AttemptInput, stop: RecoveryStop): Reachable {
  const { stopLsn } = survey.backup;
  return {
    kind: "reachable",
    run: survey.run,
    stop,
    toLsn: stopLsn,
    reachedLsn: stopLsn,
    knownMicros: undefined,
    lastCommit: survey.lastCommit,
    possibleCommit: undefined,
    required: survey.required,
    unread: [],
    again: [],
  };
}

/**
 * `recovery_target = 'immediate'` stops before the record that follows the consistent point, and fails when there is none. A replay
 * of exactly the backup's own WAL needs none. Where the backup's last segment is held only as the next timeline's copy, more
 * has to be laid: then a record does follow, and the server must be told to stop before it.
 */
async function toImmediate(input: AttemptInput): Promise<Reachable> {
  const { knowledge, survey, signal } = input;
  const { stopLsn } = survey.backup;
  const toLsn = laidUntil(knowledge, survey.run, stopLsn);
  if (toLsn === stopLsn) {
    return atBackupEnd(input, { kind: "end" });
  }
  const { endLsn, unread, run } = await replay(knowledge, survey.run, {
    fromLsn: stopLsn,
    toLsn,
    passUnread: true,
    stopIn: () => undefined,
    signal,
  });
  const follows = endLsn > stopLsn || unread.length > 0 || run.toLsn < toLsn;
  return atBackupEnd(input, { kind: follows ? "immediate" : "end" });
}

async function toTime(input: AttemptInput, timeMicros: bigint): Promise<Attempt> {
  const { survey } = input;
  if (timeMicros < survey.earliestMicros) {
    return { kind: "too-early", earliest: earliestOf(survey) };
  }
  const stopIn = (slice: Slice): ReplayStop | undefined => stopForTimeIn(slice, timeMicros);
  const replayed = await replayFrom(input, stopIn, { passUnread: false });
  const { stop } = replayed;
  if (stop !== undefined) {
    const time = formatRecoveryTime(timeMicros);
    const { lsn: reachedLsn, endLsn: toLsn } = stop;
    return reached(survey, replayed, { stop: { kind: "time", time }, toLsn, reachedLsn });
  }
  const newest = newestOf(survey, replayed);
  const provable = newest.timeMicros !== undefined && timeMicros <= newest.timeMicros;
  return provable ? toTheEnd(survey, replayed) : { kind: "beyond", run: replayed.run, newest };
}

async function toPosition(input: AttemptInput, asked: Lsn): Promise<Attempt> {
  const { survey } = input;
  const { stopLsn } = survey.backup;
  if (asked < survey.earliestLsn) {
    return { kind: "too-early", earliest: earliestOf(survey) };
  }
  const recoveryStop: RecoveryStop = { kind: "lsn", lsn: asked };
  if (asked === survey.earliestLsn && asked < stopLsn) {
    return atBackupEnd(input, recoveryStop);
  }
  const seen: { position?: PositionStop | undefined; commit?: TransactionEnd | undefined } = {};
  const from = laterLsn(asked, stopLsn);
  const replayed = await replayFrom(
    input,
    (slice) => {
      seen.position = stopForLsnIn(slice, from);
      seen.commit = seen.position === undefined ? undefined : commitAt(slice, seen.position.lsn);
      return seen.position;
    },
    { passUnread: true },
  );
  const { unread, endLsn } = replayed;
  const { position, commit } = seen;
  if (position === undefined) {
    const before = replayed.newestMicros ?? survey.newestMicros;
    const newest: Instant = {
      kind: "transaction",
      timeline: timelineAt(replayed.run),
      lsn: endLsn,
      timeMicros: before,
    };
    const certain = unread.every((piece) => piece.toLsn < endLsn);
    return asked <= endLsn && certain
      ? toTheEnd(survey, replayed)
      : { kind: "beyond", run: replayed.run, newest };
  }
  // Between two records that the index names, there may be others: then the second one is not reached.
  const doubtful = position.lsn > from ? commit : undefined;
  return reached(survey, replayed, {
    stop: recoveryStop,
    toLsn: position.endLsn,
    reachedLsn: position.exact ? position.endLsn : from,
    ...(doubtful === undefined
      ? {}
      : { lastCommit: await commitBefore(input, position.lsn), possibleCommit: doubtful }),
  });
}

function commitAt(slice: Slice, lsn: Lsn): TransactionEnd | undefined {
  const { from, to } = rowsOf(slice);
  for (let row = from; row < to; row++) {
    const end = rowAt(slice, row);
    if (end.lsn === lsn) {
      return end.kind === "commit" ? end : undefined;
    }
  }
  return undefined;
}

async function commitBefore(input: AttemptInput, lsn: Lsn): Promise<TransactionEnd | undefined> {
  const { lastCommit } = await replayFrom({ ...input, untilLsn: lsn }, () => undefined, {
    passUnread: true,
  });
  return lastCommit ?? input.survey.lastCommit;
}

function instantOf(end: TransactionEnd | undefined, run: WalRun): Instant | undefined {
  const timeline = run.pieces.findLast((piece) => end !== undefined && piece.fromLsn <= end.lsn);
  return end === undefined
    ? undefined
    : {
        kind: "transaction",
        timeline: timeline?.timeline ?? timelineAt(run),
        lsn: end.endLsn,
        timeMicros: end.timeMicros,
      };
}

/** The first commit behind a position. */
async function commitAfter(input: AttemptInput, fromLsn: Lsn): Promise<TransactionEnd | undefined> {
  const { knowledge, survey, signal } = input;
  const seen: { commit?: TransactionEnd } = {};
  await replay(knowledge, survey.run, {
    fromLsn,
    passUnread: false,
    stopIn: (slice) => {
      const { from, to } = rowsOf(slice);
      for (let row = from; row < to; row++) {
        const end = rowAt(slice, row);
        if (end.kind === "commit") {
          seen.commit = end;
          return { lsn: end.lsn, endLsn: end.endLsn, timeline: slice.timeline, replayed: true };
        }
      }
      return undefined;
    },
    signal,
  });
  return seen.commit;
}

async function toTransaction(input: AttemptInput, xid: number): Promise<Attempt> {
  const { survey } = input;
  if (survey.slices.some((slice) => transactionIn(slice, xid) !== undefined)) {
    return { kind: "too-early", earliest: earliestOf(survey) };
  }
  const seen: { found?: FoundTransaction | undefined } = {};
  const replayed = await replayFrom(
    input,
    (slice) => {
      const found = transactionIn(slice, xid);
      seen.found = found;
      return found === undefined
        ? undefined
        : {
            lsn: found.end.lsn,
            endLsn: found.end.endLsn,
            timeline: slice.timeline,
            replayed: found.end.kind === "commit",
          };
    },
    { passUnread: false },
  );
  const { stop, run } = replayed;
  const { found } = seen;
  if (stop === undefined || found === undefined) {
    return { kind: "not-found", run, names: [] };
  }
  if (found.subtransaction || found.end.kind === "abort") {
    const before = instantOf(replayed.lastCommit, run) ?? earliestOf(survey);
    const after = await commitAfter(input, stop.endLsn);
    return { kind: "not-a-commit", found, before, after: instantOf(after, run) };
  }
  const { endLsn } = stop;
  return reached(survey, replayed, {
    stop: { kind: "xid", xid: String(xid) },
    toLsn: endLsn,
    reachedLsn: endLsn,
  });
}

async function toPoint(input: AttemptInput, name: string): Promise<Attempt> {
  const { survey } = input;
  const named = (slice: Slice): readonly FoundPoint[] =>
    pointsIn(slice).filter((point) => point.name === name);
  if (survey.slices.some((slice) => named(slice).length > 0)) {
    return { kind: "too-early", earliest: earliestOf(survey) };
  }
  const names = new Set<string>();
  const replayed = await replayFrom(
    input,
    (slice) => {
      for (const point of pointsIn(slice)) {
        names.add(point.name);
      }
      const [first] = named(slice);
      return first === undefined
        ? undefined
        : { lsn: first.lsn, endLsn: first.endLsn, timeline: slice.timeline, replayed: true };
    },
    { passUnread: false },
  );
  const { stop, run } = replayed;
  if (stop === undefined) {
    return { kind: "not-found", run, names: [...names] };
  }
  const { endLsn } = stop;
  const again: FoundPoint[] = [];
  await replay(input.knowledge, survey.run, {
    fromLsn: endLsn,
    passUnread: true,
    stopIn: (slice) => {
      again.push(...named(slice));
      return undefined;
    },
    signal: input.signal,
  });
  const recoveryStop: RecoveryStop = { kind: "name", name };
  return reached(survey, replayed, {
    stop: recoveryStop,
    toLsn: endLsn,
    reachedLsn: endLsn,
    again,
  });
}

/** Tries the target from the backup. Aborted: rejects, leaving nothing behind. */
export async function attempt(input: AttemptInput, target: TargetPoint): Promise<Attempt> {
  switch (target.kind) {
    case "latest":
      return toLatest(input);
    case "immediate":
      return toImmediate(input);
    case "time":
      return toTime(input, target.timeMicros);
    case "lsn":
      return toPosition(input, target.lsn);
    case "xid":
      return toTransaction(input, target.xid);
    case "name":
      return toPoint(input, target.name);
    default:
      return unreachable(target);
  }
}
