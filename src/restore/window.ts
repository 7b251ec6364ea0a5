/**
 * The windows: which instants can be restored, along each branch, and what is missing between them. Computed from the
 * repository alone, by the same steps as a plan, so that a window never shows an instant that a plan refuses.
 *
 * `depth: "ends"` looks at each run's backups and its newest transactions only, which is fast enough for a list; then WAL written
 * with wal_level=minimal, or a segment nobody could read, inside a run is not seen. `"all"` reads every index.
 */
import { present } from "../core/assert.ts";
import { type Lsn, formatLsn, laterLsn, lsnOf } from "../core/lsn.ts";
import { type TimelineId, segmentStartAt } from "../core/wal-name.ts";
import { earliestOf, newestOf } from "./plan-attempt.ts";
import { type SurveyedBackup, backupsOn, surveyBackup } from "./plan-backup.ts";
import { type Branch, type WalHole, branchesOf, stepOf } from "./plan-lineage.ts";
import { type Replayed, endIn, newestMicrosIn, replay, slicesOf } from "./plan-replay.ts";
import type { Instant } from "./plan-result.ts";
import type { PlanCatalogue } from "./plan.ts";
import { formatInstant } from "./target-time.ts";

/** A span of instants without holes. */
export type Window = {
  /** The branch along which it runs; its beginning may lie on an ancestor. */
  readonly timeline: TimelineId;
  readonly from: Instant;
  readonly to: Instant;
  readonly backups: number;
};

/** All windows and all holes of one incarnation. */
export type Windows = { readonly windows: readonly Window[]; readonly gaps: readonly WalHole[] };

/** How thoroughly to look. */
export type WindowOptions = { readonly depth: "ends" | "all"; readonly signal: AbortSignal };

/** The end behind a backup, looked for from the run's end: a segment at a time until one holds a transaction. */
async function endBehind(
  { wal }: PlanCatalogue,
  { run, backup }: SurveyedBackup,
  signal: AbortSignal,
): Promise<{ readonly newestMicros: bigint | undefined; readonly endLsn: Lsn }> {
  let newest: bigint | undefined;
  let endLsn = backup.stopLsn;
  let toLsn = run.toLsn;
  while (toLsn > backup.stopLsn) {
    const inside = segmentStartAt(lsnOf(toLsn - 1n), wal.walSegmentBytes);
    const fromLsn = laterLsn(inside, backup.stopLsn);
    for await (const part of slicesOf(wal, run, { fromLsn, toLsn, signal })) {
      // A record belongs to the segment in which it ends; it may begin before.
      const slice = { ...part, fromLsn: backup.stopLsn };
      endLsn = laterLsn(endLsn, endIn(slice));
      const micros = newestMicrosIn(slice);
      if (micros !== undefined && (newest === undefined || micros > newest)) {
        newest = micros;
      }
    }
    if (newest !== undefined) {
      break;
    }
    toLsn = fromLsn;
  }
  return { newestMicros: newest, endLsn };
}

/** The newest backup with a transaction near it, so that the search needs no clock. */
function newestDated(surveys: readonly SurveyedBackup[]): SurveyedBackup | undefined {
  return surveys.findLast(({ newestMicros }) => newestMicros !== undefined);
}

/** That, or the newest. */
function datedOf(surveys: readonly SurveyedBackup[]): SurveyedBackup {
  return present(newestDated(surveys) ?? surveys.at(-1), "a window has a backup");
}

/** The end of a run, as far as it was looked at. */
async function endOf(
  catalogue: PlanCatalogue,
  surveys: readonly SurveyedBackup[],
  { depth, signal }: WindowOptions,
): Promise<Replayed> {
  const oldest = present(surveys[0], "a window has a backup");
  // Without a transaction near any backup, there may be one between two of them: looked for down to the oldest.
  const newest = newestDated(surveys) ?? oldest;
  if (depth === "all") {
    const fromLsn = oldest.backup.stopLsn;
    const stopIn = (): undefined => undefined;
    return replay(catalogue.wal, oldest.run, { fromLsn, passUnread: false, stopIn, signal });
  }
  const { run } = newest;
  const { newestMicros, endLsn } = await endBehind(catalogue, newest, signal);
  return {
    stop: undefined,
    run,
    lastCommit: undefined,
    newestMicros,
    endLsn,
    required: {},
    unread: [],
  };
}

/** A beginning that only a host's clock dates, later than everything proven, is shown without its time. */
function boundsOf(from: Instant, to: Instant): Pick<Window, "from" | "to"> {
  const dated = from.timeMicros !== undefined && from.timeMicros <= (to.timeMicros ?? -1n);
  return { from: dated ? from : { ...from, timeMicros: undefined }, to };
}

type BranchWindow = Window & { readonly hole: WalHole | undefined };

async function windowsOf(
  catalogue: PlanCatalogue,
  branch: Branch,
  options: WindowOptions,
): Promise<readonly BranchWindow[]> {
  const surveys: SurveyedBackup[] = [];
  for (const backup of backupsOn(branch, catalogue.backups).toReversed()) {
    const survey = await surveyBackup(catalogue.wal, branch, backup, options);
    if ("run" in survey) {
      surveys.push(survey);
    }
  }
  const windows: BranchWindow[] = [];
  for (let rest = surveys; rest.length > 0;) {
    const [oldest] = rest;
    const same = rest.filter(({ run }) => run.toLsn === oldest?.run.toLsn);
    const replayed = await endOf(catalogue, same, options);
    const within = same.filter(({ backup }) => backup.stopLsn <= replayed.run.toLsn);
    const [first] = within;
    if (first === undefined) {
      break;
    }
    windows.push({
      timeline: branch.timeline,
      ...boundsOf(earliestOf(first), newestOf(datedOf(within), replayed)),
      backups: within.length,
      hole: replayed.run.hole,
    });
    rest = rest.filter((survey) => !within.includes(survey));
  }
  return windows;
}

/** True when `other` shows the same stretch and more: its branch passes through the end of this window. */
function isPartOf(window: BranchWindow, other: BranchWindow, branches: readonly Branch[]): boolean {
  const branch = branches.find(({ timeline }) => timeline === other.timeline);
  const step = branch === undefined ? undefined : stepOf(branch, window.to.timeline);
  return (
    other !== window &&
    other.timeline > window.timeline &&
    step?.toLsn !== undefined &&
    window.to.lsn <= step.toLsn &&
    other.from.lsn <= window.from.lsn
  );
}

function sameHole(a: WalHole, b: WalHole): boolean {
  return a.timeline === b.timeline && a.fromLsn === b.fromLsn && a.cause === b.cause;
}

/** The windows of an incarnation. Aborted: rejects. Throws only what loading an index throws. */
export async function windowsIn(
  catalogue: PlanCatalogue,
  options: WindowOptions,
): Promise<Windows> {
  const branches = branchesOf(catalogue.wal);
  const found: BranchWindow[] = [];
  for (const branch of branches) {
    found.push(...(await windowsOf(catalogue, branch, options)));
  }
  const kept = found.filter((window) => !found.some((other) => isPartOf(window, other, branches)));
  const holes = found.flatMap(({ hole }) => (hole === undefined ? [] : [hole]));
  const bare = holesBetweenSpans(catalogue);
  const gaps = [...holes, ...bare].filter(
    (hole, index, all) => all.findIndex((other) => sameHole(other, hole)) === index,
  );
  return {
    windows: kept.map(({ timeline, from, to, backups }) => ({ timeline, from, to, backups })),
    gaps,
  };
}

/** What is missing between spans, whether or not a backup precedes it. */
function holesBetweenSpans({ wal }: PlanCatalogue): readonly WalHole[] {
  return wal.timelines.flatMap(({ timeline, spans }) =>
    spans.slice(1).map(({ fromLsn: toLsn }, index) => ({
      timeline,
      fromLsn: spans[index]?.toLsn ?? toLsn,
      toLsn,
      cause: "missing" as const,
    })),
  );
}

/** An end of a window in JSON. */
export type InstantJson = { readonly lsn: string; readonly time: string | null };

/** The windows as `list --json` and `window --json` give them. */
export type WindowsJson = {
  readonly windows: readonly {
    readonly timeline: TimelineId;
    readonly from: InstantJson;
    readonly to: InstantJson;
  }[];
  readonly gaps: readonly {
    readonly timeline: TimelineId;
    readonly from: string;
    readonly to: string;
    readonly cause: string;
  }[];
};

/** An instant in JSON. */
export function instantJson({ lsn, timeMicros }: Instant): InstantJson {
  return {
    lsn: formatLsn(lsn),
    time: timeMicros === undefined ? null : formatInstant(timeMicros),
  };
}

/** The windows in JSON. */
export function windowsJson({ windows, gaps }: Windows): WindowsJson {
  return {
    windows: windows.map(({ timeline, from, to }) => ({
      timeline,
      from: instantJson(from),
      to: instantJson(to),
    })),
    gaps: gaps.map(({ timeline, fromLsn, toLsn, cause }) => ({
      timeline,
      from: formatLsn(fromLsn),
      to: formatLsn(toLsn),
      cause,
    })),
  };
}
