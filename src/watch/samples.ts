/**
 * Figures of past looks, from which the day is told on which something fills. Pure. One sample in five minutes is kept for a day, one an
 * hour for a fortnight. After the clock was set back, what lies in the future is dropped: a trend must not be drawn from it.
 */
import { samplesCoarseMs, samplesFineMs, samplesMax } from "../core/look-limits.ts";

/** One look's figures; undefined where it could not tell. */
export type Sample = {
  readonly atMs: number;
  /** Free where the repository lies. */
  readonly repositoryFreeBytes: number | undefined;
  /** Free where the server's pg_wal lies. */
  readonly walFreeBytes: number | undefined;
  /** What the server may still write until it removes WAL that our slot needs, where it has such a limit. */
  readonly slotSafeBytes?: number | undefined;
};

const FINE_STEP_MS = 4.5 * 60_000;
const COARSE_STEP_MS = 3_540_000;

/** The samples with a new one. Looks that come faster than every five minutes take the place of the last. */
export function withSample(samples: readonly Sample[], now: Sample): readonly Sample[] {
  const kept: Sample[] = [];
  const past = samples.filter(({ atMs }) => atMs < now.atMs && now.atMs - atMs <= samplesCoarseMs);
  for (const sample of past) {
    const last = kept.at(-1);
    const stepMs = now.atMs - sample.atMs <= samplesFineMs ? FINE_STEP_MS : COARSE_STEP_MS;
    if (last === undefined || sample.atMs - last.atMs >= stepMs) {
      kept.push(sample);
    }
  }
  return [...kept, now].slice(-samplesMax);
}

/** How much the second grows with the first, by least squares; undefined where the first does not change. */
export function slopePerMs(points: readonly (readonly [number, number])[]): number | undefined {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  let above = 0;
  let below = 0;
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return below > 0 ? above / below : undefined;
}
