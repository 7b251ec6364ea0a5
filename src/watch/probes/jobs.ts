/** Backups that failed, hang, or died without an end. What the ledger and the lease say; a process that died can record nothing. */
import { type Finding, found } from "../../core/finding/finding.ts";
import { jobStuckMs } from "../../core/look-limits.ts";

/** The last backup that failed, when none has ended well since. */
export type FailedBackup = { readonly at: string; readonly code: string; readonly message: string };

/** Who holds the lease of backups. */
export type BackupHolder = {
  readonly host: string;
  readonly pid: number;
  readonly sinceMs: number;
  readonly liveness: "alive" | "dead" | "unknown";
};

/** Judges both; one finding each, one when all is well. */
export function judgeJobs(
  about: { readonly failed: FailedBackup | undefined; readonly holder: BackupHolder | undefined },
  nowMs: number,
): readonly Finding[] {
  const { failed, holder } = about;
  const findings: Finding[] = [];
  if (failed !== undefined) {
    const { code, message } = failed;
    const ageMs = Math.max(0, nowMs - Date.parse(failed.at));
    findings.push(found("jobs", "bad", "jobs-failed", { code, message, ageMs }));
  }
  if (holder !== undefined) {
    const { host, pid, liveness } = holder;
    const ageMs = Math.max(0, nowMs - holder.sinceMs);
    if (liveness === "dead") {
      findings.push(found("jobs", "bad", "jobs-dead", { host, pid }));
    } else if (ageMs > jobStuckMs) {
      findings.push(found("jobs", "bad", "jobs-stuck", { host, pid, ageMs }));
    }
  }
  return findings.length === 0 ? [found("jobs", "good", "jobs-good")] : findings;
}
