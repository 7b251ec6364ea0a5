/** Whether `archive_command` succeeds: base backups stay green while it has been failing for months (L46). */
import { type Finding, found } from "../../core/finding/finding.ts";
import { archiverWaitBadMs } from "../../core/look-limits.ts";
import type { ArchiverHealth } from "../../postgres/server-health.ts";

/** The server's statistics outlive the restart that switching it off takes. */
function judgeOff(
  lastArchivedMs: number | undefined,
  { nowMs, streamed }: { readonly nowMs: number; readonly streamed: boolean },
): Finding {
  if (streamed) {
    return found("archiver", "good", "archiver-streamed");
  }
  return lastArchivedMs === undefined
    ? found("archiver", "good", "archiver-off")
    : found("archiver", "bad", "archiver-ended", { ageMs: Math.max(0, nowMs - lastArchivedMs) });
}

/** Judges one look; `nowMs` is the server's. `streamed`: somebody reads WAL from our slot. */
export function judgeArchiver(
  archiver: ArchiverHealth,
  { nowMs, streamed }: { readonly nowMs: number; readonly streamed: boolean },
): Finding {
  const { mode, lastArchivedMs, lastFailedMs, lastFailedWal, failures, waiting } = archiver;
  if (mode === "off") {
    return judgeOff(lastArchivedMs, { nowMs, streamed });
  }
  if (lastFailedMs !== undefined && lastFailedMs > (lastArchivedMs ?? -Infinity)) {
    const sinceMs = nowMs - (lastArchivedMs ?? lastFailedMs);
    const values = { sinceMs: Math.max(0, sinceMs), failures, wal: lastFailedWal ?? "?" };
    return found("archiver", "bad", "archiver-failing", values, { value: failures });
  }
  const waitedMs = waiting?.oldestMs === undefined ? 0 : Math.max(0, nowMs - waiting.oldestMs);
  if (waiting !== undefined && waiting.count > 0 && waitedMs > archiverWaitBadMs) {
    const values = { count: waiting.count, ageMs: waitedMs };
    return found("archiver", "bad", "archiver-stuck", values, { value: waiting.count });
  }
  return lastArchivedMs === undefined
    ? found("archiver", "note", waiting === undefined ? "archiver-hidden" : "archiver-idle")
    : found("archiver", "good", "archiver-well", {
        wal: archiver.lastArchivedWal ?? "?",
        ageMs: Math.max(0, nowMs - lastArchivedMs),
      });
}
