/**
 * Branches of history, and how far WAL without a hole leads along one. A branch is a timeline and its ancestors, each up
 * to where it was left; WAL of an ancestor beyond that point belongs to a sibling and is never laid.
 *
 * The segment in which a timeline begins exists twice: the old one's, perhaps never finished, and the new one's,
 * which begins with a copy of the old one's bytes (XLogInitNewTimeline in xlog.c). Either serves.
 */
import { type Lsn, LSN_ZERO, addToLsn, laterLsn, lsnOf } from "../core/lsn.ts";
import { type TimelineId, segmentStartAt } from "../core/wal-name.ts";
import { type LineageStep, lineageOf } from "../wal/timeline-history.ts";
import type { KnownSpan, WalKnowledge } from "./wal-knowledge.ts";

/** A timeline with its past. */
export type Branch = {
  readonly timeline: TimelineId;
  /** Oldest first; the timeline itself last. */
  readonly steps: readonly LineageStep[];
  /** False when the history file is missing: then only its own backups can be used. */
  readonly historyKnown: boolean;
};

/** WAL of one timeline. */
export type WalPiece = {
  readonly timeline: TimelineId;
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn;
};

/** Missing WAL. `cause`: a word for people and machines. */
export type WalHole = WalPiece & { readonly cause: WalHoleCause };

/** Why WAL cannot be used from a position on. */
export type WalHoleCause = "missing" | "wal-level-minimal" | "unread";

/** WAL without a hole along a branch. */
export type WalRun = {
  readonly branch: Branch;
  readonly pieces: readonly WalPiece[];
  readonly toLsn: Lsn;
  /** What is missing behind it; undefined when nothing later is known. */
  readonly hole: WalHole | undefined;
  /** The claim of the span in which it ends, when it does not reach beyond the run. */
  readonly known: KnownSpan["known"];
};

/** Every timeline that holds WAL, ascending. */
export function branchesOf(knowledge: WalKnowledge): readonly Branch[] {
  return knowledge.timelines.map(({ timeline, switches }) => ({
    timeline,
    steps: lineageOf(timeline, switches ?? []),
    historyKnown: switches !== undefined || timeline === 1,
  }));
}

/** The step of a timeline within a branch. */
export function stepOf(branch: Branch, timeline: TimelineId): LineageStep | undefined {
  return branch.steps.find((step) => step.timeline === timeline);
}

function spansOf(knowledge: WalKnowledge, timeline: TimelineId): readonly KnownSpan[] {
  return knowledge.timelines.find((known) => known.timeline === timeline)?.spans ?? [];
}

function spanAt(knowledge: WalKnowledge, timeline: TimelineId, lsn: Lsn): KnownSpan | undefined {
  return spansOf(knowledge, timeline).find((span) => span.fromLsn <= lsn && lsn < span.toLsn);
}

/** True when a timeline's own WAL holds all of a stretch. */
export function holds(knowledge: WalKnowledge, piece: WalPiece): boolean {
  return spansOf(knowledge, piece.timeline).some(
    (span) => span.fromLsn <= piece.fromLsn && piece.toLsn <= span.toLsn,
  );
}

/** True when the next timeline's first segment holds its parent's bytes from `lsn` on, and some of its own behind them, so that it is laid. */
function copiedByNext(
  knowledge: WalKnowledge,
  at: { readonly step: LineageStep; readonly next: LineageStep | undefined; readonly lsn: Lsn },
): boolean {
  const { step, next, lsn } = at;
  if (next === undefined || step.toLsn === undefined) {
    return false;
  }
  const inSwitchSegment = lsn >= segmentStartAt(step.toLsn, knowledge.walSegmentBytes);
  return (
    inSwitchSegment &&
    spansOf(knowledge, next.timeline).some(
      (span) => span.fromLsn <= lsn && span.toLsn > (step.toLsn ?? lsn),
    )
  );
}

/** The first WAL of the branch behind `lsn`; where the hole that begins there ends. */
function nextWalAfter(knowledge: WalKnowledge, branch: Branch, lsn: Lsn): WalPiece | undefined {
  for (const step of branch.steps) {
    for (const span of spansOf(knowledge, step.timeline)) {
      const fromLsn = span.fromLsn > step.fromLsn ? span.fromLsn : step.fromLsn;
      const inStep = fromLsn < span.toLsn && (step.toLsn === undefined || fromLsn < step.toLsn);
      if (inStep && fromLsn > lsn) {
        return { timeline: step.timeline, fromLsn, toLsn: span.toLsn };
      }
    }
  }
  return undefined;
}

/** How far WAL of one step leads from `at`. `whole`: to where the step was left. */
function reachIn(
  knowledge: WalKnowledge,
  steps: readonly LineageStep[],
  from: { readonly step: LineageStep; readonly lsn: Lsn },
): { readonly toLsn: Lsn; readonly whole: boolean; readonly known: KnownSpan["known"] } {
  const { step, lsn } = from;
  const found = spanAt(knowledge, step.timeline, lsn);
  // The new timeline's first segment is laid as a whole, its copy of the old one's bytes included.
  const begins = segmentStartAt(step.fromLsn, knowledge.walSegmentBytes);
  const span =
    found !== undefined && lsn === step.fromLsn && found.fromLsn > begins ? undefined : found;
  const held = span?.toLsn ?? lsn;
  const next = steps[steps.indexOf(step) + 1];
  const left = step.toLsn;
  return left !== undefined && (held >= left || copiedByNext(knowledge, { step, next, lsn: held }))
    ? { toLsn: left, whole: true, known: undefined }
    : { toLsn: held, whole: false, known: span?.known };
}

/**
 * How far WAL leads from `lsn` of `timeline` along a branch. Undefined when the branch does not pass there, or
 * not even that byte is held.
 */
export function runFrom(
  knowledge: WalKnowledge,
  branch: Branch,
  start: { readonly timeline: TimelineId; readonly lsn: Lsn },
): WalRun | undefined {
  const first = branch.steps.findIndex(({ timeline }) => timeline === start.timeline);
  const steps = first < 0 ? [] : branch.steps.slice(first);
  const pieces: WalPiece[] = [];
  let at = start.lsn;
  let known: KnownSpan["known"];
  for (const step of steps) {
    if (step.toLsn !== undefined && at >= step.toLsn) {
      continue;
    }
    const reach = reachIn(knowledge, steps, { step, lsn: at });
    if (reach.toLsn > at) {
      pieces.push({ timeline: step.timeline, fromLsn: at, toLsn: reach.toLsn });
      at = reach.toLsn;
      known = reach.known;
    }
    if (!reach.whole) {
      break;
    }
  }
  return pieces.length === 0 ? undefined : finish(knowledge, branch, { pieces, at, known });
}

function finish(
  knowledge: WalKnowledge,
  branch: Branch,
  run: {
    readonly pieces: readonly WalPiece[];
    readonly at: Lsn;
    readonly known: KnownSpan["known"];
  },
): WalRun {
  const { pieces, at: toLsn, known } = run;
  const later = nextWalAfter(knowledge, branch, toLsn);
  const timeline = pieces.at(-1)?.timeline ?? branch.timeline;
  const hole: WalHole | undefined =
    later === undefined
      ? undefined
      : { timeline, fromLsn: toLsn, toLsn: later.fromLsn, cause: "missing" };
  const claim = known !== undefined && known.endLsn <= toLsn ? known : undefined;
  return { branch, pieces, toLsn, hole, known: claim };
}

/**
 * Up to where WAL is laid for a stop at `toLsn`: further, when the stop lies in a stretch that only the next timeline's first
 * segment holds, because that is laid only when its own WAL is wanted too.
 */
export function laidUntil(knowledge: WalKnowledge, run: WalRun, toLsn: Lsn): Lsn {
  const bytes = knowledge.walSegmentBytes;
  const number = run.pieces.findLastIndex((piece) => piece.fromLsn < toLsn);
  const [piece, next] = [run.pieces[number], run.pieces[number + 1]];
  const segmentLsn = segmentStartAt(lsnOf(toLsn - 1n), bytes);
  if (piece === undefined || next === undefined) {
    return toLsn;
  }
  const fromLsn = laterLsn(piece.fromLsn, segmentLsn);
  const end = addToLsn(segmentLsn, bytes);
  const own = holds(knowledge, { timeline: piece.timeline, fromLsn, toLsn });
  return own || end <= next.fromLsn ? toLsn : next.toLsn < end ? next.toLsn : end;
}

/** A run that ends earlier, because what follows cannot be used. */
export function cutRun(run: WalRun, atLsn: Lsn, cause: WalHoleCause): WalRun {
  const pieces = piecesUntil(run.pieces, atLsn);
  const timeline = pieces.at(-1)?.timeline ?? run.branch.timeline;
  const hole: WalHole = { timeline, fromLsn: atLsn, toLsn: run.toLsn, cause };
  return { branch: run.branch, pieces, toLsn: atLsn, hole, known: undefined };
}

/** The pieces up to a position. */
export function piecesUntil(pieces: readonly WalPiece[], toLsn: Lsn): readonly WalPiece[] {
  return pieces
    .filter((piece) => piece.fromLsn < toLsn)
    .map((piece) => (piece.toLsn <= toLsn ? piece : { ...piece, toLsn }));
}

/** Where a branch and another timeline part; undefined when nothing of it lies apart from the branch. */
function partingOf(knowledge: WalKnowledge, branch: Branch, other: Branch): Lsn | undefined {
  const own = stepOf(branch, other.timeline);
  if (own !== undefined) {
    const left = own.toLsn;
    const goesOn = spansOf(knowledge, other.timeline).some(
      (span) => left !== undefined && span.toLsn > left,
    );
    return goesOn ? left : undefined;
  }
  const shared = other.steps.findLast((step) => stepOf(branch, step.timeline) !== undefined);
  const here = shared === undefined ? undefined : stepOf(branch, shared.timeline)?.toLsn;
  const there = shared?.toLsn ?? LSN_ZERO;
  return here !== undefined && here < there ? here : there;
}

/** Timelines that hold WAL apart from this branch, and where they part from it. */
export function siblingsOf(
  knowledge: WalKnowledge,
  branch: Branch,
): readonly { readonly timeline: TimelineId; readonly partsAtLsn: Lsn }[] {
  return branchesOf(knowledge).flatMap((other) => {
    const partsAtLsn = partingOf(knowledge, branch, other);
    return partsAtLsn === undefined ? [] : [{ timeline: other.timeline, partsAtLsn }];
  });
}
