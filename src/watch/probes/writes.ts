/** Whether the server takes writes. A server that answers and lets every commit wait is down for its users. */
import { type Finding, found } from "../../core/finding/finding.ts";
import type { ServerHealth } from "../../postgres/server-health.ts";

/** Judges one look at the server. */
export function judgeWrites(health: ServerHealth): Finding {
  const { inRecovery, readOnly, synchronousNames, waitingCommits = 0 } = health;
  if (inRecovery) {
    return found("writes", "note", "writes-standby");
  }
  if (readOnly) {
    return found("writes", "bad", "writes-read-only");
  }
  const figure = { value: waitingCommits, unit: "sessions" };
  // One session that waits is a commit on its way; several, or one seen by two looks, the alert's delay tells.
  return waitingCommits > 0 && !health.synchronousConnected
    ? found(
        "writes",
        "bad",
        "writes-wait",
        { names: synchronousNames, waiting: waitingCommits },
        figure,
      )
    : found("writes", "good", "writes-taken", {}, figure);
}
