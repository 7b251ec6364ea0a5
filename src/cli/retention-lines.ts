/**
 * What retention makes of each backup, for people and for machines. People get a line for each backup with every reason; backups in a
 * row with the same verdict for the same reasons share one, so that a month of hourly backups does not fill the screen.
 */
import type { RetentionPreview } from "../app/expire.ts";
import type { RetentionPolicy } from "../repository/retention-view.ts";
import type { PeriodRule } from "../repository/retention-calendar.ts";
import type { RetentionReference } from "../repository/retention-clock.ts";
import type { BackupVerdict, GiveUpReason, KeepReason } from "../repository/retention.ts";
import type { Window } from "../restore/window.ts";
import type { Frame, JsonValue } from "./frame.ts";
import { listText } from "./text/list-text.ts";
import { retentionText } from "./text/retention-text.ts";

/** Of an id: the milliseconds of its making, and a quarter of the rest. */
const SHORT_ID_DIGITS = 17;
const PERIOD_RULES: readonly PeriodRule[] = ["daily", "weekly", "monthly", "yearly"];

/** So many alike in a row are told in one line. */
const ALIKE_MIN = 4;

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

/** An instant, to the minute. */
export function day(ms: number): string {
  return `${minute(ms)} UTC`;
}

/** What is told of: its words, and whose gender they have. */
export type Told = { readonly frame: Frame; readonly of: "backups" | "dumps" };

/** Why something is kept. */
export function keepText(reason: KeepReason, { frame, of }: Told): string {
  const { base, proofsUnread } = retentionText[frame.language];
  const text = retentionText[frame.language][of];
  switch (reason.kind) {
    case "window":
      return text.window;
    case "base":
      return base(reason.timeline);
    case "minimum":
      return text.minimum(reason.rank, reason.of);
    case "period":
      return text.newestOf[reason.rule](reason.period);
    case "hold": {
      const { untilMs } = reason.hold;
      return text.heldFor(reason.hold.reason, untilMs === null ? undefined : day(untilMs));
    }
    case "used":
      return text.used;
    case "proofs-unread":
      return proofsUnread(reason.parts);
    case "unreadable-root":
      return text.unreadableRoot(reason.root.slice(0, SHORT_ID_DIGITS));
  }
}

/** Why something is given up. */
export function giveUpText(reason: GiveUpReason, { frame, of }: Told): string {
  const { newerBase, noInstants, proofFailed } = retentionText[frame.language];
  const text = retentionText[frame.language][of];
  switch (reason.kind) {
    case "before-window":
      return text.beforeWindow;
    case "newer-base":
      return newerBase(reason.base.slice(0, SHORT_ID_DIGITS));
    case "no-instants":
      return noInstants;
    case "proof-failed":
      return proofFailed;
    case "beyond-minimum":
      return text.beyondMinimum(reason.of);
    case "no-period":
      return text.noPeriod;
    case "hold-over":
      return text.holdOver(day(reason.untilMs));
  }
}

/** What becomes of one backup or dump, told. */
export type VerdictLine = {
  readonly kind: "keep" | "give-up";
  readonly id: string;
  readonly startedAtMs: number;
  readonly why: readonly string[];
};

function lineOf({ backup, ...verdict }: BackupVerdict, frame: Frame): VerdictLine {
  const told = { frame, of: "backups" } as const;
  const why =
    verdict.kind === "keep"
      ? verdict.reasons.map((reason) => keepText(reason, told))
      : verdict.reasons.map((reason) => giveUpText(reason, told));
  return { kind: verdict.kind, id: backup.id, startedAtMs: backup.startedAtMs, why };
}

function isAlike(a: VerdictLine, b: VerdictLine): boolean {
  return a.kind === b.kind && JSON.stringify(a.why) === JSON.stringify(b.why);
}

/** Lines alike in a row. */
function rowsOf(lines: readonly VerdictLine[]): (readonly VerdictLine[])[] {
  const rows: VerdictLine[][] = [];
  for (const line of lines) {
    const last = rows.at(-1);
    const first = last?.[0];
    if (first !== undefined && isAlike(first, line)) {
      last?.push(line);
    } else {
      rows.push([line]);
    }
  }
  return rows.flatMap((row) => (row.length < ALIKE_MIN ? row.map((line) => [line]) : [row]));
}

/** Newest first: what of each, which, why. `lines`: oldest first. */
export function verdictLines(
  lines: readonly VerdictLine[],
  about: { readonly frame: Frame; readonly several: (count: number) => string },
): string[] {
  const { language } = about.frame;
  const text = retentionText[language];
  const rows = rowsOf(lines.toReversed());
  return rows.flatMap((row) => {
    const [newest, oldest] = [row[0], row.at(-1)];
    if (newest === undefined || oldest === undefined) {
      return [];
    }
    const { kind, id, startedAtMs, why } = newest;
    const word = kind === "keep" ? text.keep : text.giveUp;
    const times =
      row.length === 1
        ? `${id.slice(0, SHORT_ID_DIGITS)}, ${minute(startedAtMs)}`
        : `${about.several(row.length)}, ${minute(oldest.startedAtMs)} ${text.to} ${minute(startedAtMs)}`;
    return [
      `${kind === "keep" ? "✓" : "–"} ${word}${times}`,
      `    ${why.join(language === "fr" ? " ; " : "; ")}`,
    ];
  });
}

type ShowInstant = (instant: Window["from"]) => string;

function windowLines(windows: readonly Window[], frame: Frame, show: ShowInstant): string[] {
  const text = listText[frame.language];
  return windows.length === 0
    ? [`  ${text.noWindow}`]
    : windows.map(
        ({ timeline, from, to, backups }) =>
          `  ${text.windowLine(timeline, show(from), show(to), backups)}`,
      );
}

function changeLines(preview: RetentionPreview, frame: Frame, show: ShowInstant): string[] {
  const text = retentionText[frame.language];
  return preview.windows
    .filter(({ before }) => before.length > 0)
    .flatMap(({ before, after }) => {
      const now = windowLines(before, frame, show);
      const then = after.length === 0 ? [`  ${text.historyGone}`] : windowLines(after, frame, show);
      return now.join("\n") === then.join("\n")
        ? [text.windowsNow, ...now, text.windowsSame]
        : [text.windowsNow, ...now, text.windowsAfter, ...then];
    });
}

/** Why days are not counted back from now. */
export function limitLines(
  { limit }: RetentionReference,
  text: {
    readonly pause: (before: string, after: string) => string;
    readonly noneSince: (instant: string) => string;
  },
): string[] {
  if (limit === undefined) {
    return [];
  }
  return limit.kind === "pause"
    ? [text.pause(day(limit.beforeMs), day(limit.afterMs))]
    : [text.noneSince(day(limit.newestMs))];
}

/** The periods of the policy. */
export function periodTexts(policy: RetentionPolicy, { frame, of }: Told): string[] {
  const { periods } = retentionText[frame.language][of];
  return PERIOD_RULES.flatMap((rule) => (policy[rule] > 0 ? [periods[rule](policy[rule])] : []));
}

/** Everything about backups and WAL in a dry run. */
export function retentionLines(
  preview: RetentionPreview,
  about: { readonly frame: Frame; readonly policy: RetentionPolicy; readonly show: ShowInstant },
): string[] {
  const { frame, policy, show } = about;
  const text = retentionText[frame.language];
  const { decision } = preview;
  if (decision.backups.length === 0) {
    return [text.noBackups];
  }
  const lines = decision.backups.map((verdict) => lineOf(verdict, frame));
  return [
    [
      text.policy(policy.days, policy.minBackups),
      ...periodTexts(policy, { frame, of: "backups" }),
    ].join(" "),
    text.windowFrom(day(decision.windowFromMs)),
    ...limitLines(decision.reference, { pause: text.pause, noneSince: text.noBackupSince }),
    "",
    ...verdictLines(lines, { frame, several: text.several }),
    "",
    ...changeLines(preview, frame, show),
  ];
}

type WindowsToJson = (windows: readonly Window[]) => JsonValue;

/** A reason in JSON: instants as text. */
export function reasonJson(reason: KeepReason | GiveUpReason): { [key: string]: JsonValue } {
  const { kind } = reason;
  if (kind === "hold") {
    const { untilMs, reason: why } = reason.hold;
    return { kind, reason: why, until: untilMs === null ? null : isoOf(untilMs) };
  }
  if (kind === "before-window") {
    return { kind, from: isoOf(reason.fromMs) };
  }
  return kind === "hold-over" ? { kind, until: isoOf(reason.untilMs) } : { ...reason };
}

/** For machines. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The same in JSON. */
export function retentionJson(
  preview: RetentionPreview,
  policy: RetentionPolicy,
  windows: WindowsToJson,
): { [key: string]: JsonValue } {
  const { decision } = preview;
  const { reference, windowFromMs, backups } = decision;
  return {
    policy: { ...policy },
    reference: isoOf(reference.atMs),
    referenceLimit: reference.limit?.kind ?? null,
    windowFrom: isoOf(windowFromMs),
    backups: backups.map(({ place, backup, kind, reasons }) => ({
      id: backup.id,
      incarnation: place.incarnation,
      startedAt: isoOf(backup.startedAtMs),
      verdict: kind,
      reasons: reasons.map(reasonJson),
    })),
    windows: preview.windows.map(({ place, before, after }) => ({
      incarnation: place.incarnation,
      before: windows(before),
      after: windows(after),
    })),
  };
}
