/**
 * When pg_wal fills: a slot that nobody reads, or an archiver that fails, makes the server keep WAL until its disk is full and it stops
 * (L47). What is free is known where the server is on this host; elsewhere the slot's own limit is all there is.
 */
import { type Finding, found } from "../../core/finding/finding.ts";
import type { Thresholds } from "../../core/first-week.ts";
import { walFreeBadBytes, walTrendMinMs } from "../../core/look-limits.ts";
import type { Sample } from "../samples.ts";

/**
 * Milliseconds until nothing is free, as it went since the newest sample that is old enough; undefined while nothing is used up.
 */
export function fullInMs(samples: readonly Sample[], now: Sample): number | undefined {
  const { walFreeBytes } = now;
  const before = samples.findLast(
    ({ atMs, walFreeBytes: free }) => free !== undefined && now.atMs - atMs >= walTrendMinMs,
  );
  if (walFreeBytes === undefined || before?.walFreeBytes === undefined) {
    return undefined;
  }
  const usedBytes = before.walFreeBytes - walFreeBytes;
  return usedBytes <= 0 ? undefined : (walFreeBytes * (now.atMs - before.atMs)) / usedBytes;
}

/** `retaining`: a slot holds WAL that nobody reads, or the archiver is behind: only then the trend goes on. */
export function judgeWalSpace(
  samples: readonly Sample[],
  now: Sample,
  about: {
    readonly slot: string;
    readonly retaining: boolean;
    readonly thresholds: Pick<Thresholds, "walFillBadMs">;
  },
): readonly Finding[] {
  const { walFreeBytes: freeBytes } = now;
  if (freeBytes === undefined) {
    return [];
  }
  const figure = { value: freeBytes, unit: "bytes" };
  const untilMs = about.retaining ? fullInMs(samples, now) : undefined;
  if (untilMs !== undefined && untilMs < about.thresholds.walFillBadMs) {
    const values = { freeBytes, untilMs, slot: about.slot };
    return [found("wal-space", "bad", "wal-space-filling", values, figure)];
  }
  return [
    freeBytes < walFreeBadBytes
      ? found("wal-space", "bad", "wal-space-low", { freeBytes }, figure)
      : found("wal-space", "good", "wal-space-free", { freeBytes }, figure),
  ];
}
