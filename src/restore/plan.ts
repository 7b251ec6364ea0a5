/**
 * The restore plan: from what backups and WAL the repository holds, and a target, to the steps of a restore, or to a refusal that
 * names the nearest instants that can be reached. Everything is answered before anything is written (loss classes
 * 13, 15, 44, 48), and the answer is what a server will do, not what it is hoped to do.
 *
 * Rules. Timeline: as PostgreSQL's `latest`, the highest number, but among timelines that hold WAL and have a backup, so that
 * no file that happens to lie about decides. Backup: the newest on that branch whose end is not behind the target and whose
 * own WAL is whole. Its WAL is replayed in thought without a gap; a hole, or WAL written with wal_level=minimal, ends it.
 *
 * Pure but for loading indexes. Follows PerformWalRecovery in src/backend/access/transam/xlogrecovery.c.
 */
import { unreachable } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { type Lsn, lsnDistanceBytes } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type Attempt, type Reachable, attempt, earliestOf } from "./plan-attempt.ts";
import {
  type BackupSummary,
  type SurveyedBackup,
  backupsOn,
  isOnBranch,
  surveyBackup,
} from "./plan-backup.ts";
import {
  type Branch,
  type WalRun,
  branchesOf,
  laidUntil,
  piecesUntil,
  runFrom,
  siblingsOf,
} from "./plan-lineage.ts";
import { refusalOf } from "./plan-refusal.ts";
import {
  type Instant,
  type Nearest,
  type PlanNotice,
  type PlanReason,
  type RestorePlan,
  type Unreachable,
  plannedCommit,
} from "./plan-result.ts";
import { preferUndamaged } from "./prefer-undamaged.ts";
import { type ProofDoubts, isDamaged } from "./proof-doubt.ts";
import type { RestoreTarget, TargetTimeline } from "./target.ts";
import type { WalKnowledge } from "./wal-knowledge.ts";

/** What the repository holds of one incarnation. */
export type PlanCatalogue = {
  /** Accepted backups, in any order. */
  readonly backups: readonly BackupSummary[];
  readonly wal: WalKnowledge;
};

/** How to plan. */
export type PlanOptions = {
  /** Only from this backup. */
  readonly backup?: ObjectId | undefined;
  /** What proofs say of the backups: one that is damaged gives way to another, where that costs nothing but time. */
  readonly doubts?: ProofDoubts | undefined;
  readonly signal: AbortSignal;
};

type Call = PlanCatalogue & PlanOptions & { readonly target: RestoreTarget };

const NOTHING_NEAR: Nearest = { before: undefined, after: undefined };

function refused(error: DrError): Unreachable {
  return { reachable: false, error, nearest: NOTHING_NEAR, siblings: [] };
}

function list(values: readonly (string | number)[]): string {
  return values.length === 0 ? "–" : values.join(", ");
}

/** The backup asked for. */
function chosenOf({ backups, backup }: Call): BackupSummary | DrError | undefined {
  const chosen = backups.find(({ id }) => id === backup);
  return backup !== undefined && chosen === undefined
    ? new DrError("PLAN_BACKUP_UNKNOWN", { backup })
    : chosen;
}

function newestBackup(backups: readonly BackupSummary[]): BackupSummary | undefined {
  return backups.toSorted((a, b) => (a.id < b.id ? 1 : -1))[0];
}

/** The branch to follow. */
function branchFor(
  call: Call,
  timeline: TargetTimeline,
  chosen: BackupSummary | undefined,
): Branch | DrError {
  const branches = branchesOf(call.wal);
  const timelines = list(branches.map((branch) => branch.timeline));
  if (timeline === "latest") {
    const wanted = chosen === undefined ? call.backups : [chosen];
    const usable = branches.filter((branch) => backupsOn(branch, wanted).length > 0);
    return usable.at(-1) ?? new DrError("PLAN_NO_BACKUP", { timeline: "–", timelines });
  }
  const number =
    timeline === "backup" ? (chosen ?? newestBackup(call.backups))?.timeline : timeline;
  const branch = branches.find((known) => known.timeline === number);
  if (branch === undefined) {
    return new DrError("PLAN_TIMELINE_UNKNOWN", { timeline: number ?? "–", timelines });
  }
  if (chosen !== undefined && !isOnBranch(branch, chosen)) {
    return new DrError("PLAN_BACKUP_OTHER_BRANCH", {
      backup: chosen.id,
      backupTimeline: chosen.timeline,
      timeline: branch.timeline,
    });
  }
  return branch;
}

/** What the backups of a branch make of the target. */
type BranchAnswer =
  | { readonly kind: "plan"; readonly plan: RestorePlan }
  | {
      readonly kind: "none";
      /** The attempt that came closest; undefined when no backup could be used. */
      readonly attempt: Exclude<Attempt, Reachable> | undefined;
      readonly after: Instant | undefined;
      readonly passedOver: PlanReason["passedOver"];
    };

/** The first instant of a backup; without its time when that cannot be asked for. */
async function reachableEarliest(call: Call, survey: SurveyedBackup): Promise<Instant> {
  const earliest = earliestOf(survey);
  const { wal: knowledge, signal } = call;
  const timeMicros = survey.earliestMicros;
  if (timeMicros === survey.newestMicros) {
    return earliest;
  }
  const input = { knowledge, survey, untilLsn: undefined, signal };
  const found = await attempt(input, { kind: "time", timeMicros });
  return found.kind === "reachable" ? earliest : { ...earliest, timeMicros: undefined };
}

/** What has been tried on a branch. */
class Tried {
  readonly passedOver: PlanReason["passedOver"][number][] = [];
  closest: Exclude<Attempt, Reachable> | undefined;
  after: Instant | undefined;
  /** Where the last replay began and the run that it followed to its end. */
  #from: Lsn | undefined;
  #end: Lsn | undefined;
  #dated = false;

  /** What lies behind was looked through from a newer backup. */
  untilLsn(run: WalRun): Lsn | undefined {
    return this.#end === run.toLsn ? this.#from : undefined;
  }

  /** An older backup of the same run can only end at the same instant, unless a clock alone dated the newer one. */
  isSettledFor(run: WalRun | undefined): boolean {
    return this.closest?.kind === "beyond" && this.#dated && run?.toLsn === this.#end;
  }

  /** Older backups come later, and their instants are nearer; to who asks for a time, one without a time is none. */
  addAfter(target: RestoreTarget, instant: Instant): void {
    if (this.after === undefined || target.kind !== "time" || instant.timeMicros !== undefined) {
      this.after = instant;
    }
  }

  add(survey: SurveyedBackup, found: Exclude<Attempt, Reachable>): void {
    const told =
      this.closest?.kind === "beyond" && this.closest.newest.timeMicros !== undefined
        ? this.closest
        : undefined;
    this.closest = found.kind === "too-early" ? (this.closest ?? found) : (told ?? found);
    if (found.kind !== "too-early") {
      this.#from = survey.backup.stopLsn;
      this.#end = survey.run.toLsn;
      this.#dated = survey.newestMicros !== undefined;
    }
  }
}

async function answerOn(
  call: Call,
  branch: Branch,
  chosen: BackupSummary | undefined,
): Promise<BranchAnswer> {
  const { wal: knowledge, target, signal } = call;
  const tried = new Tried();
  for (const backup of chosen === undefined ? backupsOn(branch, call.backups) : [chosen]) {
    const { timeline, walFrom: lsn } = backup;
    if (tried.isSettledFor(runFrom(knowledge, branch, { timeline, lsn }))) {
      continue;
    }
    const survey = await surveyBackup(knowledge, branch, backup, { signal });
    if (!("run" in survey)) {
      tried.passedOver.push({ backup: backup.id, unfit: survey });
      continue;
    }
    const bySearch = target.kind === "xid" || target.kind === "name";
    const untilLsn = bySearch ? tried.untilLsn(survey.run) : undefined;
    const found = await attempt({ knowledge, survey, untilLsn, signal }, target);
    if (found.kind === "reachable") {
      const kind = chosen === undefined ? "newest" : "chosen";
      const reason = { kind, passedOver: tried.passedOver, damaged: [] } as const;
      return { kind: "plan", plan: planOf(call, backup, found, reason) };
    }
    if (found.kind === "too-early") {
      tried.addAfter(target, await reachableEarliest(call, survey));
    }
    tried.add(survey, found);
    if (found.kind === "not-a-commit") {
      break;
    }
  }
  const { closest: attempted, after, passedOver } = tried;
  return { kind: "none", attempt: attempted, after, passedOver };
}

function noticesOf(call: Call, branch: Branch, found: Reachable): readonly PlanNotice[] {
  const notices: PlanNotice[] = found.again.map(({ lsn, timeMicros }) => ({
    kind: "name-again",
    lsn,
    timeMicros,
  }));
  if (call.target.kind === "latest" && found.run.hole !== undefined) {
    notices.push({ kind: "ends-at-hole", hole: found.run.hole });
  }
  if (found.unread.length > 0) {
    notices.push({ kind: "unread", pieces: found.unread });
  }
  if (!branch.historyKnown) {
    notices.push({ kind: "history-missing", timeline: branch.timeline });
  }
  return notices;
}

function planOf(
  call: Call,
  backup: BackupSummary,
  found: Reachable,
  reason: PlanReason,
): RestorePlan {
  const { branch } = found.run;
  const toLsn = laidUntil(call.wal, found.run, found.toLsn);
  const pieces = piecesUntil(found.run.pieces, toLsn);
  return {
    reachable: true,
    backup,
    timeline: branch.timeline,
    histories: branch.historyKnown
      ? branch.steps.map((step) => step.timeline).filter((timeline) => timeline > 1)
      : [],
    pieces,
    wal: { lineage: branch.steps, fromLsn: backup.walFrom, toLsn },
    stop: found.stop,
    reached: {
      lsn: found.reachedLsn,
      timeMicros: found.lastCommit?.timeMicros,
      knownMicros: found.knownMicros,
      lastCommit: plannedCommit(found.lastCommit),
      possibleCommit: plannedCommit(found.possibleCommit),
    },
    walBytes: pieces.reduce((sum, { fromLsn, toLsn }) => sum + lsnDistanceBytes(fromLsn, toLsn), 0),
    restoreBytes: backup.clusterBytes,
    reason,
    requiredSettings: found.required,
    siblings: siblingsOf(call.wal, branch),
    notices: noticesOf(call, branch, found),
  };
}

/** Another branch on which the target can be reached. */
async function otherBranchFor(call: Call, branch: Branch): Promise<Branch | undefined> {
  switch (call.target.kind) {
    case "latest":
    case "immediate":
      return undefined;
    case "time":
    case "lsn":
    case "xid":
    case "name":
      for (const other of branchesOf(call.wal).toReversed()) {
        if (other.timeline !== branch.timeline) {
          const answer = await answerOn(call, other, undefined);
          if (answer.kind === "plan") {
            return other;
          }
        }
      }
      return undefined;
    default:
      return unreachable(call.target);
  }
}

/** The same point from a backup that is not known to be damaged, where there is one. */
async function undamaged(call: Call, branch: Branch, plan: RestorePlan): Promise<RestorePlan> {
  const { doubts = new Map(), backups } = call;
  const among = async (): Promise<RestorePlan | undefined> => {
    const whole = backups.filter(({ id }) => !isDamaged(doubts, id));
    const answer = await answerOn({ ...call, backups: whole }, branch, undefined);
    return answer.kind === "plan" && guard("R5-damaged-passed-over") ? answer.plan : undefined;
  };
  const order = backupsOn(branch, backups).map(({ id }) => id);
  return await preferUndamaged(plan, doubts, among, order);
}

/**
 * Plans a restore, or says why there is none; it throws only what loading an index throws. Aborted: rejects. Memory: the indexes
 * that the knowledge keeps, and those of the newest backups' own WAL.
 */
export async function planRestore(
  catalogue: PlanCatalogue,
  target: RestoreTarget,
  options: PlanOptions,
): Promise<RestorePlan | Unreachable> {
  const call: Call = { ...catalogue, ...options, target };
  const chosen = chosenOf(call);
  if (chosen instanceof DrError) {
    return refused(chosen);
  }
  const branch = branchFor(call, target.timeline, chosen);
  if (branch instanceof DrError) {
    return refused(branch);
  }
  const answer = await answerOn(call, branch, chosen);
  if (answer.kind === "plan") {
    return await undamaged(call, branch, answer.plan);
  }
  const { attempt: closest, after, passedOver } = answer;
  const other = chosen === undefined ? await otherBranchFor(call, branch) : undefined;
  const refusal = refusalOf({ target, branch, chosen, closest, after, passedOver, other });
  return { reachable: false, ...refusal, siblings: siblingsOf(call.wal, branch) };
}
