/**
 * What protection costs a server, from windows of its load: each window with it is held against one right beside it without it, because a shared
 * machine drifts within minutes. The cost is the mean over the pairs, with its interval. Pure.
 */
import { type MeanInterval, meanInterval } from "../core/mean-interval.ts";
import type { LoadFigures, LoadStretch, LoadWindow } from "./latency-record.ts";

/** Two neighbours. Null figures: nothing was committed in it, which is no rate but zero. */
export type WindowPair = {
  readonly without: LoadFigures;
  readonly with: LoadFigures | null;
};

/** Over all pairs: the share of commits a second that is lost (below zero: gained), and how much longer a commit takes. */
export type Slowdown = {
  readonly rate: MeanInterval;
  readonly p50Ms: MeanInterval | null;
  readonly p95Ms: MeanInterval | null;
  readonly p99Ms: MeanInterval | null;
};

/** Streaming against none: the two windows of each round. */
export function streamingPairs(windows: readonly LoadWindow[]): readonly WindowPair[] {
  const ofRound = (kind: LoadStretch, round: number): LoadWindow | undefined =>
    windows.find((window) => window.kind === kind && window.round === round);
  return windows.flatMap(({ kind, round, figures }) => {
    const streaming = round === null ? undefined : ofRound("streaming", round);
    return kind === "plain" && figures !== null && streaming !== undefined
      ? [{ without: figures, with: streaming.figures }]
      : [];
  });
}

/** The middle of both neighbours: what a straight drift makes of the server between them. */
function between(before: LoadFigures | null, after: LoadFigures | null): LoadFigures | null {
  if (before === null || after === null) {
    return before ?? after;
  }
  const middle = (key: keyof LoadFigures): number => (before[key] + after[key]) / 2;
  return {
    seconds: before.seconds + after.seconds,
    commits: before.commits + after.commits,
    perSecond: middle("perSecond"),
    p50Ms: middle("p50Ms"),
    p95Ms: middle("p95Ms"),
    p99Ms: middle("p99Ms"),
  };
}

/** Each backup against the windows without one right before and after it. */
export function backupPairs(windows: readonly LoadWindow[]): readonly WindowPair[] {
  const without = (window: LoadWindow | undefined): LoadFigures | null =>
    window?.kind === "streaming" ? window.figures : null;
  return windows.flatMap(({ kind, figures }, index) => {
    const beside =
      kind === "backup" ? between(without(windows[index - 1]), without(windows[index + 1])) : null;
    return beside === null ? [] : [{ without: beside, with: figures }];
  });
}

/** Null of no pair. */
export function slowdownOf(pairs: readonly WindowPair[]): Slowdown | null {
  const rate = meanInterval(
    pairs.map((pair) => 1 - (pair.with?.perSecond ?? 0) / pair.without.perSecond),
  );
  const longer = (key: "p50Ms" | "p95Ms" | "p99Ms"): MeanInterval | null =>
    meanInterval(
      pairs.flatMap((pair) => (pair.with === null ? [] : [pair.with[key] - pair.without[key]])),
    );
  return rate === null
    ? null
    : { rate, p50Ms: longer("p50Ms"), p95Ms: longer("p95Ms"), p99Ms: longer("p99Ms") };
}
