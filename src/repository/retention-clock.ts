/**
 * From when on retention counts back. Not simply from the host's clock: one that jumps ten years ahead would make every backup
 * older than the window (loss class 43). So the window ends, at the latest, a stated grace behind the newest backup; and where the
 * newest backups lie behind a long pause, which may as well be a clock set forward, behind the last one before
 * the pause, until those after it span a window of their own. Then nothing is lost but time.
 */
import { guard } from "../core/failpoint.ts";
import { retentionGraceMs, retentionPauseMs } from "../core/limits.ts";

/** Why the window does not end at the host's clock. */
export type ReferenceLimit =
  | { readonly kind: "no-backup-since"; readonly newestMs: number }
  | { readonly kind: "pause"; readonly beforeMs: number; readonly afterMs: number };

/** The instant from which days are counted back. */
export type RetentionReference = {
  readonly atMs: number;
  /** Undefined when it is the host's clock. */
  readonly limit: ReferenceLimit | undefined;
};

/** A pause is longer than a week and a day, and than twice what usually lies between two backups. */
function pauseOf(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? 0;
  return gaps.length > 1 ? Math.max(retentionPauseMs, 2 * usual) : retentionPauseMs;
}

/** `finishedMs`: when the backups of the cluster ended, in any order. */
export function referenceOf(
  finishedMs: readonly number[],
  now: { readonly nowMs: number; readonly windowMs: number },
): RetentionReference {
  const { nowMs, windowMs } = now;
  const times = finishedMs.toSorted((a, b) => a - b);
  const newest = times.at(-1);
  if (newest === undefined || !guard("L43-expire-clock")) {
    return { atMs: nowMs, limit: undefined };
  }
  const pauseMs = pauseOf(times);
  let first = times.length - 1;
  while (first > 0 && (times[first] ?? 0) - (times[first - 1] ?? 0) <= pauseMs) {
    first -= 1;
  }
  const [beforeMs, afterMs] = [times[first - 1], times[first] ?? newest];
  if (
    beforeMs !== undefined &&
    newest - afterMs < windowMs &&
    beforeMs + retentionGraceMs < nowMs
  ) {
    return { atMs: beforeMs + retentionGraceMs, limit: { kind: "pause", beforeMs, afterMs } };
  }
  return newest + retentionGraceMs < nowMs
    ? { atMs: newest + retentionGraceMs, limit: { kind: "no-backup-since", newestMs: newest } }
    : { atMs: nowMs, limit: undefined };
}
