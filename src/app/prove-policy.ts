/**
 * Which proof is made when nobody names one: of an instant drawn at random from all that can be restored, of every backup that has no good
 * proof, of a backup that was just taken. A routine that always proves the same point proves only that.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { proofDrawsMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type Random, SeededRandom } from "../core/random.ts";
import type { TimelineId } from "../core/wal-name.ts";
import { clusterNameOf } from "../repository/object-names.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import { planRestore } from "../restore/plan.ts";
import { formatInstant } from "../restore/target-time.ts";
import { type Window, windowsIn } from "../restore/window.ts";
import { oldestBackupMs } from "./backup-roots.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { readProofs } from "./last-proofs.ts";
import { newestRestorable } from "./newest-incarnation.ts";
import { readIncarnation } from "./plan-catalogue.ts";
import { type ProveRequest, runProve } from "./prove-operation.ts";
import type { ProveReport } from "./prove-records.ts";
import { openRepository } from "./repository-access.ts";

/** What every proof of a policy has in common. */
export type PolicyRequest = Omit<ProveRequest, "target" | "backup">;

/** A span of instants along a branch, in microseconds since 2000, both ends included. */
export type Span = {
  readonly timeline: TimelineId;
  readonly fromMicros: bigint;
  readonly toMicros: bigint;
};

/** Windows whose two ends have a time. */
function spansOf(windows: readonly Window[]): readonly Span[] {
  return windows.flatMap(({ timeline, from, to }) =>
    from.timeMicros === undefined || to.timeMicros === undefined || from.timeMicros > to.timeMicros
      ? []
      : [{ timeline, fromMicros: from.timeMicros, toMicros: to.timeMicros }],
  );
}

/** An instant of the spans, each as likely as any other; undefined without any span. Pure but for the draw. */
export function drawInstant(
  spans: readonly Span[],
  random: Random,
): { readonly timeline: TimelineId; readonly micros: bigint } | undefined {
  const lengths = spans.map(({ fromMicros, toMicros }) => toMicros - fromMicros + 1n);
  const total = lengths.reduce((sum, length) => sum + length, 0n);
  // 53 bits of chance in two draws: a microsecond of 285 years.
  const high = BigInt(Math.floor(random.fraction() * 2 ** 26));
  const low = BigInt(Math.floor(random.fraction() * 2 ** 27));
  let at = (((high << 27n) | low) * total) >> 53n;
  for (const [index, { timeline, fromMicros }] of spans.entries()) {
    const length = lengths[index] ?? 0n;
    if (at < length) {
      return { timeline, micros: fromMicros + at };
    }
    at -= length;
  }
  return undefined;
}

/** A new seed: 32 bits, so that it can be typed. */
export function drawSeed(random: Random): number {
  return Math.floor(random.fraction() * 2 ** 32);
}

/**
 * Proves an instant drawn from the windows of the newest history. @throws DrError `PROOF_NO_WINDOW`, and what `runProve` throws;
 * the same seed draws the same instant from the same windows.
 */
export async function proveRandom(
  adapters: Adapters,
  environment: Environment,
  request: PolicyRequest & { readonly seed: number },
): Promise<ProveReport> {
  const { signal, seed } = request;
  const cluster = clusterNameOf(environment.cluster);
  request.onStep("plan");
  const { sealed } = await openRepository(adapters, environment, { signal });
  const place = await newestRestorable(sealed, cluster, { signal });
  const random = new SeededRandom(seed);
  if (place !== undefined) {
    const { catalogue } = await readIncarnation(sealed, place, { signal });
    const { windows } = await windowsIn(catalogue, { depth: "all", signal });
    const spans = spansOf(windows);
    for (let draws = 0; draws < proofDrawsMax; draws += 1) {
      const drawn = drawInstant(spans, random);
      if (drawn === undefined) {
        break;
      }
      const { timeline, micros: timeMicros } = drawn;
      const target = { kind: "time", timeMicros, timeline } as const;
      // Of two branches that share their beginning an instant may belong to one only.
      if ((await planRestore(catalogue, target, { signal })).reachable) {
        const flags = { at: formatInstant(timeMicros), timeline: String(timeline) };
        return await runProve(adapters, environment, { ...request, target: flags });
      }
    }
  }
  throw new DrError("PROOF_NO_WINDOW", { cluster });
}

/** What became of one backup. */
export type BackupProof =
  | { readonly backup: ObjectId; readonly state: "judged"; readonly report: ProveReport }
  | { readonly backup: ObjectId; readonly state: "not-made"; readonly error: DrError };

/** Backups of every history of the cluster whose newest proof is not good, newest first. */
export async function unprovedBackups(
  adapters: Adapters,
  environment: Environment,
  options: { readonly signal: AbortSignal },
): Promise<readonly ObjectId[]> {
  const { sealed } = await openRepository(adapters, environment, options);
  const cluster = clusterNameOf(environment.cluster);
  const sinceMs = await oldestBackupMs(sealed, [cluster], options);
  const { proofs } = await readProofs(sealed, { ...options, sinceMs });
  const ids: ObjectId[] = [];
  for await (const place of listIncarnations(sealed, cluster, options)) {
    const { roots } = await readIncarnation(sealed, place, options);
    ids.push(...roots.flatMap(({ root }) => (root === undefined ? [] : [root.id])));
  }
  // Ids begin with their time.
  return ids
    .filter((id) => proofs.get(id)?.verdict !== "proven")
    .toSorted()
    .toReversed();
}

async function proveOne(
  adapters: Adapters,
  environment: Environment,
  request: ProveRequest & { readonly backup: ObjectId },
): Promise<BackupProof> {
  const { backup } = request;
  try {
    const report = await runProve(adapters, environment, request);
    return { backup, state: "judged", report };
  } catch (error) {
    request.signal.throwIfAborted();
    if (!isDrError(error)) {
      throw error;
    }
    return { backup, state: "not-made", error };
  }
}

/** Proves each as it was when it ended. One that cannot be proved does not stop the others; being told to stop does. */
export async function proveEach(
  adapters: Adapters,
  environment: Environment,
  backups: readonly ObjectId[],
  request: PolicyRequest & { readonly onBackup: (id: ObjectId, number: number) => void },
): Promise<readonly BackupProof[]> {
  const results: BackupProof[] = [];
  for (const [index, backup] of backups.entries()) {
    request.onBackup(backup, index + 1);
    const target = { immediate: true };
    results.push(await proveOne(adapters, environment, { ...request, target, backup }));
  }
  return results;
}

/** Proves the backup that was just taken, as far as WAL goes, where the configuration wants that; undefined where it does not. */
export async function proveAfterBackup(
  adapters: Adapters,
  environment: Environment,
  taken: { readonly id: ObjectId; readonly kind: "full" | "incremental" },
  request: PolicyRequest,
): Promise<BackupProof | undefined> {
  const { afterBackup } = environment.proof;
  if (afterBackup === "no" || (afterBackup === "full" && taken.kind !== "full")) {
    return undefined;
  }
  const target = { latest: true };
  return await proveOne(adapters, environment, { ...request, target, backup: taken.id });
}
