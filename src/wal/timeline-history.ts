/**
 * A timeline's history file: which timelines it descends from, and where each was left. Kept and served byte for
 * byte; what is read out of it decides which WAL belongs to a restore, so nothing doubtful is let through.
 *
 * Follows readTimeLineHistory in src/backend/access/transam/timeline.c.
 */
import { DrError } from "../core/errors.ts";
import { timelineAncestorsMax } from "../core/limits.ts";
import { type Lsn, LSN_ZERO, parseLsn } from "../core/lsn.ts";
import { type TimelineId, formatTimeline, timelineOf } from "../core/wal-name.ts";

/** An ancestor, and the position at which its successor left it. */
export type TimelineSwitch = { readonly timeline: TimelineId; readonly switchLsn: Lsn };

/** One timeline of a lineage: its WAL counts from `fromLsn` up to `toLsn`, which is open on the newest. */
export type LineageStep = {
  readonly timeline: TimelineId;
  readonly fromLsn: Lsn;
  readonly toLsn: Lsn | undefined;
};

/**
 * The ancestors of `timeline`, oldest first. Numbers and positions ascend. @throws DrError `WAL_HISTORY_INVALID`.
 */
export function parseTimelineHistory(
  timeline: TimelineId,
  content: Uint8Array,
): readonly TimelineSwitch[] {
  const invalid = (reason: string): DrError =>
    new DrError("WAL_HISTORY_INVALID", { timeline: formatTimeline(timeline), reason });
  const switches: TimelineSwitch[] = [];
  // The rest of a line is a reason in the server's encoding; latin1 maps every byte.
  for (const line of Buffer.from(content).toString("latin1").split("\n")) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) {
      continue;
    }
    const match = /^(\d{1,10})\s+([0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8})(?:\s|$)/.exec(text);
    const number = Number(match?.[1]);
    if (match === null || !(number >= 1 && number < timeline)) {
      throw invalid(`the line ${JSON.stringify(text.slice(0, 100))}`);
    }
    const previous = switches.at(-1);
    const entry = { timeline: timelineOf(number), switchLsn: parseLsn(match[2] ?? "") };
    if (
      previous !== undefined &&
      (entry.timeline <= previous.timeline || entry.switchLsn < previous.switchLsn)
    ) {
      throw invalid("its lines do not ascend");
    }
    switches.push(entry);
    if (switches.length > timelineAncestorsMax) {
      throw invalid("it has too many lines");
    }
  }
  if (switches.length === 0) {
    throw invalid("it names no ancestor");
  }
  return switches;
}

/** The whole path to `timeline`, oldest first; itself last. */
export function lineageOf(
  timeline: TimelineId,
  switches: readonly TimelineSwitch[],
): readonly LineageStep[] {
  const steps: LineageStep[] = [];
  let fromLsn = LSN_ZERO;
  for (const { timeline: ancestor, switchLsn } of switches) {
    steps.push({ timeline: ancestor, fromLsn, toLsn: switchLsn });
    fromLsn = switchLsn;
  }
  return [...steps, { timeline, fromLsn, toLsn: undefined }];
}

/** The timeline to which the byte at `lsn` belongs. */
export function stepAt(lineage: readonly LineageStep[], lsn: Lsn): LineageStep | undefined {
  return lineage.findLast((step) => lsn >= step.fromLsn);
}
