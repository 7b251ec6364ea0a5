/**
 * How a restored server is told where to stop. All WAL up to the target lies in `pg_wal`, verified by the plan, so
 * `restore_command` (mandatory with `recovery.signal`) answers "not in the archive" for everything.
 *
 * Follows section 20.5.5 "Recovery Target" of PostgreSQL's documentation and validateRecoveryParameters in
 * src/backend/access/transam/xlogrecovery.c.
 */
import { unreachable } from "../core/assert.ts";
import { type Lsn, formatLsn } from "../core/lsn.ts";
import type { TimelineId } from "../core/wal-name.ts";

/** Where replay stops. `end`: replay exactly the WAL that was laid ready, without any target. */
export type RecoveryStop =
  | { readonly kind: "end" }
  | { readonly kind: "immediate" }
  | { readonly kind: "time"; readonly time: string }
  | { readonly kind: "lsn"; readonly lsn: Lsn }
  | { readonly kind: "xid"; readonly xid: string }
  | { readonly kind: "name"; readonly name: string };

/** What the server does when it stops. */
export type RecoveryAction = "pause" | "promote" | "shutdown";

/** Answers that nothing is in the archive: 1 is what PostgreSQL takes for that. */
const NOTHING_ARCHIVED = "exit 1";

function targetOf(stop: RecoveryStop): Readonly<Record<string, string>> {
  switch (stop.kind) {
    case "end":
      return {};
    case "immediate":
      return { recovery_target: "immediate" };
    case "time":
      return { recovery_target_time: stop.time };
    case "lsn":
      return { recovery_target_lsn: formatLsn(stop.lsn) };
    case "xid":
      return { recovery_target_xid: stop.xid };
    case "name":
      return { recovery_target_name: stop.name };
    default:
      return unreachable(stop);
  }
}

/** Every setting that names a target; PostgreSQL refuses two of them at once. */
const TARGETS = [
  "recovery_target",
  "recovery_target_time",
  "recovery_target_lsn",
  "recovery_target_xid",
  "recovery_target_name",
] as const;

/**
 * The recovery settings of a restored server. Targets that are not meant are emptied, because the source's own
 * `postgresql.conf` may name one; they come first, since emptying one after another was set counts as two.
 */
export function recoverySettings(recovery: {
  readonly stop: RecoveryStop;
  readonly timeline: TimelineId;
  readonly action: RecoveryAction;
}): Readonly<Record<string, string>> {
  const target = targetOf(recovery.stop);
  const others = TARGETS.filter((name) => target[name] === undefined);
  return {
    ...Object.fromEntries(others.map((name) => [name, ""])),
    restore_command: NOTHING_ARCHIVED,
    // A delayed standby's configuration would delay this replay as well.
    recovery_min_apply_delay: "0",
    // Always named: `latest` would follow whatever history file lies there.
    recovery_target_timeline: String(recovery.timeline),
    recovery_target_inclusive: "on",
    ...target,
    // Without a target there is nothing to pause at; the server refuses to start then.
    ...(recovery.stop.kind === "end" ? {} : { recovery_target_action: recovery.action }),
  };
}
