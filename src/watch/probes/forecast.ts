/** The day on which the repository's disk is full, as its free space went in the last fortnight. */
import { type Finding, found } from "../../core/finding/finding.ts";
import { spaceFillBadMs, spaceFillNoteMs, spaceTrendMinMs } from "../../core/look-limits.ts";
import { type Sample, slopePerMs } from "../samples.ts";

/** Judges the trend of all samples, the newest included. */
export function judgeForecast(samples: readonly Sample[]): readonly Finding[] {
  const points = samples.flatMap(({ atMs, repositoryFreeBytes }) =>
    repositoryFreeBytes === undefined ? [] : [[atMs, repositoryFreeBytes] as const],
  );
  const first = points.at(0);
  const last = points.at(-1);
  if (first === undefined || last === undefined) {
    return [];
  }
  const ageMs = last[0] - first[0];
  if (ageMs < spaceTrendMinMs) {
    return [found("forecast", "good", "forecast-unknown", { ageMs })];
  }
  const slope = slopePerMs(points) ?? 0;
  const untilMs = slope < 0 ? last[1] / -slope : Infinity;
  const dayOf = (afterMs: number): string => new Date(last[0] + afterMs).toISOString().slice(0, 10);
  const figure = { value: Math.floor(untilMs / 86_400_000), unit: "days" };
  return untilMs < spaceFillNoteMs
    ? [
        found(
          "forecast",
          untilMs < spaceFillBadMs ? "bad" : "note",
          "space-fills",
          { day: dayOf(untilMs) },
          figure,
        ),
      ]
    : [found("forecast", "good", "space-lasts", { day: dayOf(spaceFillNoteMs) })];
}
