/** What retention makes of each dump, for people and for machines: the words of backups, and of what a dump is the newest. */
import type {
  DumpContent,
  DumpDecision,
  DumpKeepReason,
  DumpVerdict,
} from "../repository/retention-dumps.ts";
import type { SharedGiveUpReason } from "../repository/retention-rules.ts";
import type { RetentionPolicy } from "../repository/retention-view.ts";
import type { Frame, JsonValue } from "./frame.ts";
import {
  type VerdictLine,
  day,
  giveUpText,
  isoOf,
  keepText,
  limitLines,
  periodTexts,
  reasonJson,
  verdictLines,
} from "./retention-lines.ts";
import { retentionText } from "./text/retention-text.ts";

/** Databases named for a reason; more are counted. */
const NAMES_SHOWN_MAX = 4;

/** Of what it is the newest; nothing is said when that is all that it holds. */
function contentsText(
  contents: readonly DumpContent[],
  all: readonly DumpContent[],
  frame: Frame,
): string {
  if (contents.length === new Set(all).size) {
    return "";
  }
  const { roles } = retentionText[frame.language];
  const names = contents.map((content) => content ?? roles);
  const more = names.length - NAMES_SHOWN_MAX;
  return ` (${names.slice(0, NAMES_SHOWN_MAX).join(", ")}${more > 0 ? `, +${more}` : ""})`;
}

function dumpKeepText(reason: DumpKeepReason, verdict: DumpVerdict, frame: Frame): string {
  const why = keepText(reason, { frame, of: "dumps" });
  return "contents" in reason
    ? `${why}${contentsText(reason.contents, verdict.dump.contents, frame)}`
    : why;
}

function lineOf(verdict: DumpVerdict, frame: Frame): VerdictLine {
  const { id, startedAtMs } = verdict.dump;
  const why =
    verdict.kind === "keep"
      ? verdict.reasons.map((reason) => dumpKeepText(reason, verdict, frame))
      : verdict.reasons.map((reason) => giveUpText(reason, { frame, of: "dumps" }));
  return { kind: verdict.kind, id, startedAtMs, why };
}

/** Everything about dumps in a dry run; nothing when there are none. */
export function dumpRetentionLines(
  { reference, windowFromMs, dumps }: DumpDecision,
  about: { readonly frame: Frame; readonly policy: RetentionPolicy },
): string[] {
  const { frame, policy } = about;
  const text = retentionText[frame.language];
  if (dumps.length === 0) {
    return [];
  }
  const lines = dumps.map((verdict) => lineOf(verdict, frame));
  return [
    "",
    [
      text.dumpsPolicy(policy.days, policy.minBackups),
      ...periodTexts(policy, { frame, of: "dumps" }),
    ].join(" "),
    text.dumpsFrom(day(windowFromMs)),
    ...limitLines(reference, { pause: text.dumpsPause, noneSince: text.noDumpSince }),
    "",
    ...verdictLines(lines, { frame, several: text.severalDumps }),
  ];
}

function contentsJson(contents: readonly DumpContent[]): { [key: string]: JsonValue } {
  return {
    databases: contents.filter((content) => content !== null),
    globals: contents.includes(null),
  };
}

function dumpReasonJson(reason: DumpKeepReason | SharedGiveUpReason): JsonValue {
  if (!("contents" in reason)) {
    return reasonJson(reason);
  }
  const { contents, ...ranked } = reason;
  return { ...reasonJson(ranked), ...contentsJson(contents) };
}

/** The same in JSON. */
export function dumpRetentionJson(decision: DumpDecision): { [key: string]: JsonValue } {
  const { reference, windowFromMs, dumps } = decision;
  return {
    reference: isoOf(reference.atMs),
    referenceLimit: reference.limit?.kind ?? null,
    from: isoOf(windowFromMs),
    dumps: dumps.map(({ place, dump, kind, reasons }) => ({
      id: dump.id,
      incarnation: place.incarnation,
      startedAt: isoOf(dump.startedAtMs),
      ...contentsJson(dump.contents),
      verdict: kind,
      reasons: reasons.map(dumpReasonJson),
    })),
  };
}
