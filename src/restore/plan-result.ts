/**
 * What a plan says: how a target is reached and what will be there, or why it cannot be reached and what can. Times are
 * microseconds since 2000 by the server's clock; whoever shows them formats them with `formatInstant`.
 */
import type { DrError } from "../core/errors.ts";
import { type Lsn, formatLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { TimelineId } from "../core/wal-name.ts";
import type { TransactionEnd } from "../wal/record/wal-event.ts";
import type { LineageStep } from "../wal/timeline-history.ts";
import type { BackupSummary, Unfit } from "./plan-backup.ts";
import type { WalHole, WalPiece } from "./plan-lineage.ts";
import type { RequiredSettings } from "./plan-replay.ts";
import type { ProofDoubt } from "./proof-doubt.ts";
import type { RecoveryStop } from "./recovery-settings.ts";
import { formatInstant } from "./target-time.ts";

/** An instant that can be reached. */
export type Instant = {
  /** A transaction's end, the end of a backup, or an instant for which the repository is known to be complete. */
  readonly kind: "transaction" | "backup" | "known";
  readonly timeline: TimelineId;
  readonly lsn: Lsn;
  readonly timeMicros: bigint | undefined;
};

/** The instants around a target. */
export type Nearest = {
  readonly before: Instant | undefined;
  readonly after: Instant | undefined;
};

/** A commit, as a plan tells of it. */
export type PlannedCommit = {
  readonly xid: number;
  readonly lsn: Lsn;
  readonly endLsn: Lsn;
  readonly timeMicros: bigint;
};

/** Why this backup. */
export type PlanReason = {
  readonly kind: "newest" | "chosen";
  /** Newer ones that could not be used. */
  readonly passedOver: readonly { readonly backup: ObjectId; readonly unfit: Unfit }[];
  /** Newer ones that would arrive at the same point, and are known not to come back whole. */
  readonly damaged: readonly { readonly backup: ObjectId; readonly doubt: ProofDoubt }[];
};

/** What a person should know before going on. */
export type PlanNotice =
  /** The latest is not the newest WAL in the repository: a hole lies before that. */
  | { readonly kind: "ends-at-hole"; readonly hole: WalHole }
  /** What these segments hold was never read: commits in them are not foretold. */
  | { readonly kind: "unread"; readonly pieces: readonly WalPiece[] }
  /** The server stops at the first of these; the others are reached with --lsn. */
  | { readonly kind: "name-again"; readonly lsn: Lsn; readonly timeMicros: bigint }
  /** The newest proof of this backup is not good, and no other one does. */
  | { readonly kind: "proof-not-good"; readonly doubt: ProofDoubt }
  /** Results of proofs cannot be read: this backup, or one that was passed over for it, may have been found damaged. */
  | { readonly kind: "proofs-unread"; readonly parts: number }
  /** The history of the newest timeline is missing, so nothing before it leads there. */
  | { readonly kind: "history-missing"; readonly timeline: TimelineId };

/** Another timeline, and where it parts from this one. */
export type Sibling = { readonly timeline: TimelineId; readonly partsAtLsn: Lsn };

/** How a target is reached. */
export type RestorePlan = {
  readonly reachable: true;
  readonly backup: BackupSummary;
  /** For `recovery_target_timeline`. */
  readonly timeline: TimelineId;
  /** Timelines whose history files are laid too. */
  readonly histories: readonly TimelineId[];
  /** The WAL to lay. With the stop `end` nothing behind the last position may be there. */
  readonly pieces: readonly WalPiece[];
  /** The same for whoever lays it: along this lineage, whole segments from `fromLsn` on, nothing from `toLsn` on. */
  readonly wal: {
    readonly lineage: readonly LineageStep[];
    readonly fromLsn: Lsn;
    readonly toLsn: Lsn;
  };
  readonly stop: RecoveryStop;
  readonly reached: {
    /** Where replay stands. With a position as target that is no record's start: at least here. */
    readonly lsn: Lsn;
    /** The time of the last commit included. */
    readonly timeMicros: bigint | undefined;
    /** Of a replay to the end: nothing was committed between that commit and this instant, at which the window ends. */
    readonly knownMicros: bigint | undefined;
    readonly lastCommit: PlannedCommit | undefined;
    /** It may be included: the position asked for lies between records that the index does not name. */
    readonly possibleCommit: PlannedCommit | undefined;
  };
  readonly walBytes: number;
  readonly restoreBytes: number;
  readonly reason: PlanReason;
  /** `max_*` that reads during recovery need at least, as far as WAL tells; `pg_control` tells the rest. */
  readonly requiredSettings: RequiredSettings;
  readonly siblings: readonly Sibling[];
  readonly notices: readonly PlanNotice[];
};

/** Why a target cannot be reached. */
export type Unreachable = {
  readonly reachable: false;
  readonly error: DrError;
  readonly nearest: Nearest;
  readonly siblings: readonly Sibling[];
};

/** What a plan tells of a commit. */
export function plannedCommit(commit: TransactionEnd | undefined): PlannedCommit | undefined {
  return commit === undefined
    ? undefined
    : {
        xid: commit.xid,
        lsn: commit.lsn,
        endLsn: commit.endLsn,
        timeMicros: commit.timeMicros,
      };
}

/** For messages: "2026-11-22T13:05:00.123456Z (0/3000148)", or a dash. */
export function describeInstant(instant: Instant | undefined): string {
  if (instant === undefined) {
    return "–";
  }
  const lsn = formatLsn(instant.lsn);
  return instant.timeMicros === undefined ? lsn : `${formatInstant(instant.timeMicros)} (${lsn})`;
}
