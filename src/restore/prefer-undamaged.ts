/**
 * What a plan makes of backups whose newest proof is not good. One that is known not to come back whole gives way to the newest older one
 * that arrives at exactly the same point: that costs replay, and nothing else. Where none does, it is taken all the same and the plan says
 * so: less than everything would be the worse answer. A backup named by a person is taken as named. Pure.
 */
import type { ObjectId } from "../core/object-id.ts";
import type { RestorePlan } from "./plan-result.ts";
import { type ProofDoubts, isDamaged } from "./proof-doubt.ts";

function isSamePoint(a: RestorePlan, b: RestorePlan): boolean {
  return a.timeline === b.timeline && a.reached.lsn === b.reached.lsn;
}

/** A plan that says what is known against its backup. */
function withNotice(plan: RestorePlan, doubts: ProofDoubts): RestorePlan {
  const doubt = doubts.get(plan.backup.id);
  return doubt === undefined
    ? plan
    : { ...plan, notices: [...plan.notices, { kind: "proof-not-good", doubt }] };
}

/**
 * The plan to carry out. `among`: plans the same target among backups that are not damaged, newest first; `order`: ids of the branch's
 * backups, newest first.
 */
export async function preferUndamaged(
  plan: RestorePlan,
  doubts: ProofDoubts,
  among: () => Promise<RestorePlan | undefined>,
  order: readonly ObjectId[],
): Promise<RestorePlan> {
  if (plan.reason.kind === "chosen" || !isDamaged(doubts, plan.backup.id)) {
    return withNotice(plan, doubts);
  }
  const other = await among();
  if (other === undefined || !isSamePoint(plan, other)) {
    return withNotice(plan, doubts);
  }
  const left = order
    .slice(order.indexOf(plan.backup.id), order.indexOf(other.backup.id))
    .flatMap((backup) => {
      const doubt = doubts.get(backup);
      return doubt?.kind === "damaged" ? [{ backup, doubt }] : [];
    });
  const { reason } = other;
  return withNotice({ ...other, reason: { ...reason, damaged: left } }, doubts);
}
