/** The day on which the repository's disk is full, as its free space went in the last fortnight. */
import { type Finding, found } from "../../core/finding/finding.ts";
import type { Thresholds } from "../../core/first-week.ts";
import { spaceTrendMinMs } from "../../core/look-limits.ts";
import { type Sample, slopePerMs } from "../samples.ts";

type Point = readonly [atMs: number, freeBytes: number];

function pointsOf(samples: readonly Sample[]): readonly Point[] {
  return samples.flatMap(({ atMs, repositoryFreeBytes }) =>
    repositoryFreeBytes === undefined ? [] : [[atMs, repositoryFreeBytes] as const],
  );
}

function observedMs(points: readonly Point[]): number {
  return (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0);
}

/** When nothing will be free; `never`: not as it goes now; undefined: it was not watched for long enough to say. */
export function repositoryFullAtMs(samples: readonly Sample[]): number | "never" | undefined {
  const points = pointsOf(samples);
  const last = points.at(-1);
  if (last === undefined || observedMs(points) < spaceTrendMinMs) {
    return undefined;
  }
  const slope = slopePerMs(points) ?? 0;
  return slope < 0 ? last[0] + last[1] / -slope : "never";
}

/** Judges the trend of all samples, the newest included. */
export function judgeForecast(
  samples: readonly Sample[],
  { spaceFillNoteMs, spaceFillBadMs }: Thresholds,
): readonly Finding[] {
  const points = pointsOf(samples);
  const nowMs = points.at(-1)?.[0];
  if (nowMs === undefined) {
    return [];
  }
  const fullAtMs = repositoryFullAtMs(samples);
  if (fullAtMs === undefined) {
    return [found("forecast", "good", "forecast-unknown")];
  }
  const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
  if (fullAtMs === "never" || fullAtMs - nowMs >= spaceFillNoteMs) {
    const day = dayOf(nowMs + spaceFillNoteMs);
    return [found("forecast", "good", "space-lasts", { day })];
  }
  const untilMs = fullAtMs - nowMs;
  const figure = { value: Math.floor(untilMs / 86_400_000), unit: "days" };
  const state = untilMs < spaceFillBadMs ? "bad" : "note";
  return [found("forecast", state, "space-fills", { day: dayOf(fullAtMs) }, figure)];
}
