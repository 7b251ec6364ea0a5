/**
 * The words for a target that cannot be reached: which rule forbids it, and the nearest instants that can be reached
 * instead. Pure.
 */
import { unreachable } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { formatLsn } from "../core/lsn.ts";
import type { Attempt, Reachable } from "./plan-attempt.ts";
import type { BackupSummary } from "./plan-backup.ts";
import type { Branch, WalRun } from "./plan-lineage.ts";
import { type Instant, type Nearest, type PlanReason, describeInstant } from "./plan-result.ts";
import { formatInstant } from "./target-time.ts";
import { type RestoreTarget, describeTarget } from "./target.ts";

/** What is known when every backup of a branch has been tried. */
export type Refused = {
  readonly target: RestoreTarget;
  readonly branch: Branch;
  readonly chosen: BackupSummary | undefined;
  readonly closest: Exclude<Attempt, Reachable> | undefined;
  /** The first instant behind the target that a backup gives. */
  readonly after: Instant | undefined;
  readonly passedOver: PlanReason["passedOver"];
  /** Where it could be reached. */
  readonly other: Branch | undefined;
};

/** Why not, and what instead. */
export type Refusal = { readonly error: DrError; readonly nearest: Nearest };

/** Names of restore points that a message shows. */
const NAMES_SHOWN = 10;

function unfitError({ branch, passedOver }: Refused): DrError {
  const [first] = passedOver;
  if (first === undefined) {
    return new DrError("PLAN_NO_BACKUP", { timeline: branch.timeline, timelines: branch.timeline });
  }
  const { backup, unfit } = first;
  switch (unfit.kind) {
    case "wal-missing":
      return new DrError("PLAN_BACKUP_WAL_MISSING", {
        backup,
        fromLsn: formatLsn(unfit.fromLsn),
        toLsn: formatLsn(unfit.toLsn),
      });
    case "torn-pages":
      return new DrError("PLAN_BACKUP_TORN_PAGES", { backup, lsn: formatLsn(unfit.lsn) });
    default:
      return unreachable(unfit);
  }
}

function beyondError(target: string, run: WalRun, nearest: Nearest): DrError {
  const before = describeInstant(nearest.before);
  const after = describeInstant(nearest.after);
  const { hole } = run;
  if (hole === undefined) {
    return new DrError("PLAN_TARGET_AFTER_END", { target, before });
  }
  const fromLsn = formatLsn(hole.fromLsn);
  const toLsn = formatLsn(hole.toLsn);
  switch (hole.cause) {
    case "missing":
      return new DrError("PLAN_TARGET_IN_HOLE", { target, fromLsn, toLsn, before, after });
    case "wal-level-minimal":
      return new DrError("PLAN_WAL_MINIMAL", { target, lsn: fromLsn, before, after });
    case "unread":
      return new DrError("PLAN_WAL_UNREAD", { target, lsn: fromLsn, before, after });
    default:
      return unreachable(hole.cause);
  }
}

function notACommit(
  closest: Extract<Attempt, { readonly kind: "not-a-commit" }>,
  xid: number,
): Refusal {
  const { end, subtransaction } = closest.found;
  const nearest: Nearest = { before: closest.before, after: closest.after };
  const time = formatInstant(end.timeMicros);
  const error =
    subtransaction && end.kind === "commit"
      ? new DrError("PLAN_XID_SUBTRANSACTION", { xid, top: end.xid, time })
      : new DrError("PLAN_XID_ABORTED", {
          xid,
          top: end.xid,
          time,
          before: describeInstant(closest.before),
          after: describeInstant(closest.after),
        });
  return { error, nearest };
}

function notFound(
  refused: Refused,
  closest: Extract<Attempt, { readonly kind: "not-found" }>,
): DrError {
  const { target, branch } = refused;
  const { hole } = closest.run;
  if (hole?.cause === "unread" || hole?.cause === "wal-level-minimal") {
    return beyondError(describeTarget(target), closest.run, {
      before: undefined,
      after: undefined,
    });
  }
  if (target.kind === "xid") {
    return new DrError("PLAN_XID_UNKNOWN", { xid: target.xid, timeline: branch.timeline });
  }
  const names = closest.names.slice(-NAMES_SHOWN).map((name) => JSON.stringify(name));
  return new DrError("PLAN_NAME_UNKNOWN", {
    name: target.kind === "name" ? target.name : describeTarget(target),
    timeline: branch.timeline,
    names: names.length === 0 ? "–" : names.join(", "),
  });
}

/** The refusal. A transaction or name that is not found has no instants near it. */
export function refusalOf(refused: Refused): Refusal {
  const { target, branch, closest, other } = refused;
  const described = describeTarget(target);
  const found = refusalWithin(refused, described);
  if (other !== undefined && closest?.kind !== "not-a-commit") {
    const error = new DrError("PLAN_TARGET_OTHER_BRANCH", {
      target: described,
      timeline: branch.timeline,
      other: other.timeline,
    });
    return { error, nearest: found.nearest };
  }
  return found;
}

function refusalWithin(refused: Refused, described: string): Refusal {
  const { target, branch, chosen, closest, after } = refused;
  switch (closest?.kind) {
    case undefined:
      return { error: unfitError(refused), nearest: { before: undefined, after } };
    case "too-early": {
      const nearest: Nearest = { before: undefined, after };
      const details = { target: described, after: describeInstant(after) };
      const error =
        chosen === undefined
          ? new DrError("PLAN_TARGET_BEFORE_BACKUP", { ...details, timeline: branch.timeline })
          : new DrError("PLAN_TARGET_BEFORE_CHOSEN", { ...details, backup: chosen.id });
      return { error, nearest };
    }
    case "beyond": {
      const nearest: Nearest = { before: closest.newest, after };
      return { error: beyondError(described, closest.run, nearest), nearest };
    }
    case "not-found":
      return {
        error: notFound(refused, closest),
        nearest: { before: undefined, after: undefined },
      };
    case "not-a-commit":
      return notACommit(closest, target.kind === "xid" ? target.xid : closest.found.end.xid);
    default:
      return unreachable(closest);
  }
}
