/** `pra plan`: what a restore would do, or why it cannot, from the repository alone. Nothing is written. */
import { type ObjectId, objectIdTimeMs } from "../core/object-id.ts";
import { clusterNameOf, type IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { DrError } from "../core/errors.ts";
import type { RestorePlan, Unreachable } from "../restore/plan-result.ts";
import { planRestore } from "../restore/plan.ts";
import { type RestoreTarget, type TargetFlags, parseTarget } from "../restore/target.ts";
import { formatInstant } from "../restore/target-time.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { findBackup } from "./find-backup.ts";
import { doubtsIn, readProofs } from "./last-proofs.ts";
import { newestRestorable } from "./newest-incarnation.ts";
import { type IncarnationView, readIncarnation } from "./plan-catalogue.ts";
import type { RestorePrediction } from "../core/restore-prediction.ts";
import { predictionFor } from "./predict-restore.ts";
import { type OpenRepository, openRepository } from "./repository-access.ts";

/** What to plan for. */
export type PlanRequest = {
  readonly flags: TargetFlags;
  /** A backup as typed: its id or the beginning of it. */
  readonly backup: string | undefined;
  /** "pra plan", for messages. */
  readonly command: string;
};

/** A plan and what it was made from. */
export type PlanResult = {
  readonly repository: OpenRepository;
  readonly view: IncarnationView;
  readonly target: RestoreTarget;
  readonly plan: RestorePlan | Unreachable;
};

async function placeFor(
  repository: OpenRepository,
  environment: Environment,
  request: PlanRequest,
  call: StoreCall,
): Promise<{ readonly place: IncarnationPlace; readonly backup: ObjectId | undefined }> {
  const { sealed } = repository;
  if (request.backup !== undefined) {
    const { place, id } = await findBackup(sealed, request.backup, call);
    return { place, backup: id };
  }
  const place = await newestRestorable(sealed, clusterNameOf(environment.cluster), call);
  if (place === undefined) {
    throw new DrError("PLAN_NOTHING_YET", { cluster: environment.cluster });
  }
  return { place, backup: undefined };
}

/**
 * A plan that knows what proofs say of the backup it takes. The ledger is read from the beginning of that backup on; where it then gives way to
 * an older one, from that one's.
 */
async function planJudged(
  { sealed }: OpenRepository,
  catalogue: IncarnationView["catalogue"],
  wanted: { readonly target: RestoreTarget; readonly backup: ObjectId | undefined },
  call: StoreCall,
): Promise<RestorePlan | Unreachable> {
  const { target, backup } = wanted;
  let sinceMs = Infinity;
  let parts = 0;
  let plan = await planRestore(catalogue, target, { backup, ...call });
  while (plan.reachable && objectIdTimeMs(plan.backup.id) < sinceMs) {
    sinceMs = objectIdTimeMs(plan.backup.id);
    const { proofs, unread } = await readProofs(sealed, { ...call, sinceMs });
    parts = unread.length;
    plan = await planRestore(catalogue, target, { backup, doubts: doubtsIn(proofs), ...call });
  }
  return plan.reachable && parts > 0
    ? { ...plan, notices: [...plan.notices, { kind: "proofs-unread", parts }] }
    : plan;
}

/** Plans. @throws DrError `USAGE_*` for the target; `CONFIG_*`, `KEY_*`, `STORE_*`, `REPO_*`; `PLAN_NOTHING_YET`. */
export async function planOperation(
  adapters: Adapters,
  environment: Environment,
  request: PlanRequest,
  call: StoreCall,
): Promise<PlanResult> {
  const target = parseTarget(request.flags, {
    now: adapters.clock.now(),
    localZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    command: request.command,
  });
  const repository = await openRepository(adapters, environment, call);
  const { place, backup } = await placeFor(repository, environment, request, call);
  const view = await readIncarnation(repository.sealed, place, call);
  if (view.roots.length === 0) {
    throw new DrError("PLAN_NOTHING_YET", { cluster: environment.cluster });
  }
  const plan = await planJudged(repository, view.catalogue, { target, backup }, call);
  return { repository, view, target, plan };
}

/** As `planOperation`, and how long it would take until a server has recovered, or, where none was measured, until the files are there. */
export async function planWithPrediction(
  adapters: Adapters,
  environment: Environment,
  request: PlanRequest,
  call: StoreCall,
): Promise<PlanResult & { readonly prediction: RestorePrediction | undefined }> {
  const planned = await planOperation(adapters, environment, request, call);
  const { plan, view, repository } = planned;
  if (!plan.reachable) {
    return { ...planned, prediction: undefined };
  }
  const { host } = adapters.observer.self;
  const wanted = { plan, cluster: view.place.cluster, host };
  const prediction = await predictionFor(repository.sealed, { ...wanted, start: "measured" }, call);
  return { ...planned, prediction };
}

/** An instant as people and JSON get it. */
export function showTime(micros: bigint): string {
  return formatInstant(micros);
}
