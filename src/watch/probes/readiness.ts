/**
 * Whether the server still lets itself be backed up: a right is revoked, or a file of settings replaced, long after the check that found both well,
 * and a stream that runs goes on without them until it breaks.
 */
import { type Finding, found } from "../../core/finding/finding.ts";
import { quoteIdentifier } from "../../postgres/replication-connection.ts";
import type { ServerHealth } from "../../postgres/server-health.ts";

/** Judges one look at the server. */
export function judgeReadiness({
  walLevel,
  role: { name: role, replicates },
}: Pick<ServerHealth, "walLevel" | "role">): readonly Finding[] {
  return [
    walLevel === "minimal"
      ? found("wal-level", "bad", "wal-level-minimal")
      : found("wal-level", "good", "wal-level-fit", { walLevel }),
    replicates
      ? found("replication-right", "good", "replication-granted", { role })
      : found("replication-right", "bad", "replication-missing", {
          role,
          quoted: quoteIdentifier(role),
        }),
  ];
}
