/** Whether `archive_command` succeeds: base backups stay green while it has been failing for months (L46). */
import { type Finding, found } from "../../core/finding/finding.ts";
import { archiverWaitBadMs } from "../../core/look-limits.ts";
import type { ArchiverHealth } from "../../postgres/server-health.ts";

/** Judges one look; `nowMs` is the server's. */
export function judgeArchiver(archiver: ArchiverHealth, nowMs: number): Finding {
  const { mode, lastArchivedMs, lastFailedMs, lastFailedWal, failures, waiting } = archiver;
  if (mode === "off") {
    return found("archiver", "good", "archiver-off");
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
