/**
 * When pg_wal fills: a slot that nobody reads, or an archiver that fails, makes the server keep WAL until its disk is full and it stops
 * (L47). What is free is known where the server is on this host; elsewhere the limit of what slots may retain is all there is, and reaching it costs the window instead.
 */
import { type Finding, found } from "../../core/finding/finding.ts";
import type { Thresholds } from "../../core/first-week.ts";
import { walFreeBadBytes, walTrendMinMs } from "../../core/look-limits.ts";
import type { Sample } from "../samples.ts";

type Room = "walFreeBytes" | "slotSafeBytes";

/**
 * Milliseconds until nothing of it is left, as it went since the newest sample that is old enough; undefined while nothing is used up.
 */
export function usedUpInMs(
  samples: readonly Sample[],
  now: Sample,
  room: Room,
): number | undefined {
  const left = now[room];
  const before = samples.findLast(
    (sample) => sample[room] !== undefined && now.atMs - sample.atMs >= walTrendMinMs,
  );
  const leftBefore = before?.[room];
  if (left === undefined || before === undefined || leftBefore === undefined) {
    return undefined;
  }
  const usedBytes = leftBefore - left;
  return usedBytes <= 0 ? undefined : (left * (now.atMs - before.atMs)) / usedBytes;
}

/** What the room is judged beside. */
type About = {
  /** Ours; `active` undefined: the server does not have it, or was not asked. */
  readonly slot: { readonly name: string; readonly active: boolean | undefined };
  /** A slot holds WAL that nobody reads, or the archiver is behind: only then the trend goes on. */
  readonly retaining: boolean;
  readonly thresholds: Pick<Thresholds, "walFillBadMs">;
};

function judgeDisk(samples: readonly Sample[], now: Sample, about: About): Finding | undefined {
  const { walFreeBytes: freeBytes } = now;
  if (freeBytes === undefined) {
    return undefined;
  }
  const figure = { value: freeBytes, unit: "bytes" };
  const untilMs = about.retaining ? usedUpInMs(samples, now, "walFreeBytes") : undefined;
  if (untilMs !== undefined && untilMs < about.thresholds.walFillBadMs) {
    const values = { freeBytes, untilMs, slot: about.slot.name };
    return found("wal-space", "bad", "wal-space-filling", values, figure);
  }
  return freeBytes < walFreeBadBytes
    ? found("wal-space", "bad", "wal-space-low", { freeBytes }, figure)
    : found("wal-space", "good", "wal-space-free", { freeBytes }, figure);
}

/** Of a server elsewhere, whose disk nobody here sees, and of one here that would give the slot up before its disk is full. */
function judgeLimit(samples: readonly Sample[], now: Sample, about: About): Finding | undefined {
  const { name: slot, active } = about.slot;
  const { slotSafeBytes: safeBytes } = now;
  if (active === undefined) {
    return undefined;
  }
  if (safeBytes === undefined) {
    return now.walFreeBytes === undefined
      ? found("wal-space", "note", "wal-space-unknown", {})
      : undefined;
  }
  const untilMs = active ? undefined : usedUpInMs(samples, now, "slotSafeBytes");
  if (untilMs !== undefined && untilMs < about.thresholds.walFillBadMs) {
    return found("wal-space", "bad", "wal-limit-nearing", { slot, safeBytes, untilMs });
  }
  return now.walFreeBytes === undefined
    ? found("wal-space", "good", "wal-limit-far", { slot, safeBytes })
    : undefined;
}

/** The disk where pg_wal lies, and the limit of what our slot may retain. */
export function judgeWalSpace(
  samples: readonly Sample[],
  now: Sample,
  about: About,
): readonly Finding[] {
  const judged = [judgeDisk(samples, now, about), judgeLimit(samples, now, about)];
  return judged.filter((finding) => finding !== undefined);
}
