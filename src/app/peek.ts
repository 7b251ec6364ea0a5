/**
 * `pra peek`: what a database answered at an instant. It is restored, alone of its cluster, to a server that is thrown away; queries run
 * there, and nothing is left of it. Production is not touched.
 */
import type { DrError } from "../core/errors.ts";
import { formatLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import { type PeekAnswer, peekQueries } from "../rescue/peek-queries.ts";
import { parseRelationWish } from "../restore/relation-wish.ts";
import type { TargetFlags } from "../restore/target.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type CopyEffort, openPartialCopy } from "./partial-copy.ts";
import { openRepository } from "./repository-access.ts";

/** What was asked for. */
export type PeekRequest = {
  readonly flags: TargetFlags;
  readonly backup: string | undefined;
  /** Undefined: the database of the connection. */
  readonly database: string | undefined;
  /** Of which tables the content is needed; none: of all. */
  readonly tables: readonly string[];
  readonly queries: readonly string[];
  readonly rowsMax: number;
  readonly workers: number;
  readonly onPlan: (plan: RestorePlan) => void;
  readonly onPhase: (phase: string) => void;
  readonly signal: AbortSignal;
};

/** What came of it. */
export type PeekResult = {
  readonly backup: ObjectId;
  readonly database: string;
  readonly reached: { readonly lsn: string; readonly time: string | null };
  readonly answers: readonly PeekAnswer[];
  readonly effort: CopyEffort;
  readonly durationMs: number;
  readonly ledgerFailure: DrError | undefined;
};

/** Looks. @throws DrError `RESTORE_PEEK_SQL`, `RESTORE_RESCUE_*`, `PLAN_*`, `RESTORE_*`, `PG_*`, `REPO_*`, `STORE_*`; nothing stays behind. */
export async function runPeek(
  adapters: Adapters,
  environment: Environment,
  request: PeekRequest,
): Promise<PeekResult> {
  const { clock, random } = adapters;
  const { signal, queries, rowsMax, onPhase } = request;
  const began = clock.monotonic();
  const relations = parseRelationWish(request, "pra peek");
  const repository = await openRepository(adapters, environment, { signal });
  const database = request.database ?? environment.connection.database;
  await using partial = await openPartialCopy(adapters, environment, repository, {
    ...request,
    database,
    relations,
    reason: "pra peek",
    command: "pra peek",
    onProgress: ({ phase }) => {
      onPhase(phase);
    },
  });
  const { copy, effort, ledgerFailure } = partial;
  onPhase("queries");
  const only =
    relations.kind === "all" ? undefined : [...partial.wished.tables, ...partial.wished.sequences];
  const answers = await peekQueries(copy.settings, queries, { rowsMax, only, random, signal });
  const { plan, reached } = copy.restored;
  const at = { lsn: formatLsn(reached.lsn), time: reached.time };
  const durationMs = Math.round(clock.monotonic() - began);
  const { id: backup } = plan.backup;
  return { backup, database, reached: at, answers, effort, durationMs, ledgerFailure };
}
