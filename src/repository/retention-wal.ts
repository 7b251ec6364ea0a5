/**
 * Which WAL is needed, once it is known which backups are kept: for each of them exactly what it needs to become consistent, from
 * its start to its end; and from the oldest backup of the window on everything along its branch, without a hole. A branch with instants in
 * the window but without a backup for them keeps its own timeline: its first backup may be on its way.
 *
 * Everything else goes: loss class 37 is deleting WAL that an older kept backup needs, and keeping WAL for ever.
 */
import { guard } from "../core/failpoint.ts";
import { type Lsn, LSN_ZERO, addToLsn } from "../core/lsn.ts";
import {
  type TimelineId,
  segmentStartAt,
  startOfSegment,
  timelineOfSegment,
} from "../core/wal-name.ts";
import type { ObjectName } from "./object-names.ts";
import {
  type RetainedBackup,
  type RetentionBranch,
  type RetentionIncarnation,
  childrenOf,
  heldUntil,
} from "./retention-view.ts";

/** WAL of one timeline; without an end: all that follows. */
type Stretch = { readonly timeline: TimelineId; readonly fromLsn: Lsn; readonly toLsn?: Lsn };

/** What is needed of one incarnation's WAL. */
export type WalNeeds =
  | { readonly kind: "all" }
  | {
      readonly kind: "some";
      readonly walSegmentBytes: number;
      readonly stretches: ReadonlyMap<TimelineId, readonly Stretch[]>;
      /** Timelines whose history is needed. */
      readonly histories: ReadonlySet<TimelineId>;
      /** Histories from this number on are needed: a number once used shall not be used again. */
      readonly historiesFrom: number;
    };

/** A branch with instants in the window, and the backups by which they are reached. */
export type WindowBranch = {
  readonly branch: RetentionBranch;
  readonly backups: readonly RetainedBackup[];
};

function* alongBranch({ branch, backups }: WindowBranch): Generator<Stretch, void, undefined> {
  const { steps, of } = branch;
  if (backups.length === 0) {
    yield { timeline: of.timeline, fromLsn: LSN_ZERO };
  }
  for (const [number, { timeline, fromLsn, toLsn }] of steps.entries()) {
    const own = backups.filter((backup) => backup.timeline === timeline);
    const before = steps.slice(0, number).map((step) => step.timeline);
    const isAfter = backups.some((backup) => before.includes(backup.timeline));
    const first = own.reduce<Lsn | undefined>(
      (least, { walFrom }) => (least === undefined || walFrom < least ? walFrom : least),
      undefined,
    );
    const from = isAfter ? fromLsn : first;
    if (from !== undefined) {
      yield toLsn === undefined ? { timeline, fromLsn: from } : { timeline, fromLsn: from, toLsn };
    }
  }
}

/** Where a timeline's last segment is held only as its successor's copy, that one is needed too. */
function copiesFor(incarnation: RetentionIncarnation, bytes: number, stretch: Stretch): Stretch[] {
  return childrenOf(incarnation, stretch.timeline).flatMap(({ timeline, switchLsn }) => {
    const segmentLsn = segmentStartAt(switchLsn, bytes);
    const fromLsn = stretch.fromLsn > segmentLsn ? stretch.fromLsn : segmentLsn;
    const ends = stretch.toLsn ?? switchLsn;
    const toLsn = ends < switchLsn ? ends : switchLsn;
    const missing = fromLsn < toLsn && heldUntil(incarnation, stretch.timeline, fromLsn) < toLsn;
    return missing ? [{ timeline, fromLsn: segmentLsn, toLsn: addToLsn(segmentLsn, bytes) }] : [];
  });
}

function historiesOf(
  incarnation: RetentionIncarnation,
  timelines: Iterable<TimelineId>,
): ReadonlySet<TimelineId> {
  const needed = new Set<TimelineId>(timelines);
  for (const timeline of needed) {
    const known = incarnation.timelines.find((one) => one.timeline === timeline);
    known?.switches?.forEach((ancestor) => needed.add(ancestor.timeline));
  }
  return needed;
}

/** What is needed when these backups are kept and these branches reach into the window. */
export function walNeedsOf(
  incarnation: RetentionIncarnation,
  kept: readonly RetainedBackup[],
  window: readonly WindowBranch[],
): WalNeeds {
  const { walSegmentBytes, timelines, unreadableRoots } = incarnation;
  if (walSegmentBytes === undefined || unreadableRoots.length > 0) {
    return { kind: "all" };
  }
  const own = kept.map(({ timeline, walFrom, walTo }) => ({
    timeline,
    fromLsn: walFrom,
    toLsn: walTo,
  }));
  const continuous = window.flatMap((branch) => [...alongBranch(branch)]);
  const needed: Stretch[] = [...(guard("L37-own-wal") ? own : []), ...continuous];
  // Only what a backup needs by itself: a branch that goes on has its successor's first segment anyway.
  const copies = own.flatMap((stretch) => copiesFor(incarnation, walSegmentBytes, stretch));
  const all = [...needed, ...copies];
  const newest = timelines.reduce((most, { timeline }) => Math.max(most, timeline), 0);
  return {
    kind: "some",
    walSegmentBytes,
    stretches: Map.groupBy(all, ({ timeline }) => timeline),
    histories: historiesOf(incarnation, [
      ...all.map(({ timeline }) => timeline),
      ...kept.map(({ timeline }) => timeline),
    ]),
    historiesFrom: all.length === 0 ? Infinity : newest,
  };
}

/** Does a rule ask for any of this stretch, whether or not it is there? */
export function isStretchNeeded(
  needs: WalNeeds,
  stretch: { readonly timeline: TimelineId; readonly fromLsn: Lsn; readonly toLsn: Lsn },
): boolean {
  return (
    needs.kind === "all" ||
    (needs.stretches.get(stretch.timeline) ?? []).some(
      ({ fromLsn, toLsn }) =>
        fromLsn < stretch.toLsn && (toLsn === undefined || toLsn > stretch.fromLsn),
    )
  );
}

/** The name of an object of WAL. */
export type WalObjectName = Extract<
  ObjectName,
  { readonly type: "walSegment" | "walPart" | "walIndex" | "walConflict" | "history" }
>;

/** True for the names that this module judges. */
export function isWalObject(name: ObjectName): name is WalObjectName {
  return (
    name.type === "walSegment" ||
    name.type === "walPart" ||
    name.type === "walIndex" ||
    name.type === "walConflict" ||
    name.type === "history"
  );
}

/** Is this object of the incarnation's WAL needed? */
export function isWalNeeded(needs: WalNeeds, name: WalObjectName): boolean {
  if (needs.kind === "all") {
    return true;
  }
  if (name.type === "history") {
    return needs.histories.has(name.timeline) || name.timeline >= needs.historiesFrom;
  }
  const { walSegmentBytes, stretches } = needs;
  const start = startOfSegment(name.segment, walSegmentBytes);
  const end = addToLsn(start, walSegmentBytes);
  return (stretches.get(timelineOfSegment(name.segment)) ?? []).some(
    ({ fromLsn, toLsn }) => fromLsn < end && (toLsn === undefined || toLsn > start),
  );
}
