/**
 * `pra diff`: how a database changed between two instants: its definitions, and the rows of its tables. Each instant is restored, alone of its
 * cluster, to a server that is thrown away, one after the other: so it takes the room of one.
 */
import type { DrError } from "../core/errors.ts";
import { formatLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import {
  type DatabaseDescription,
  type DescriptionDifference,
  compareDescriptions,
  describeDatabase,
} from "../rescue/describe-database.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { TargetFlags } from "../restore/target.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { openPartialCopy } from "./partial-copy.ts";
import { planOperation } from "./plan-operation.ts";
import { openRepository } from "./repository-access.ts";

/** What was asked for. */
export type DiffRequest = {
  /** Two instants, as typed; "latest" is the newest point. */
  readonly instants: readonly [string, string];
  /** Undefined: the database of the connection. */
  readonly database: string | undefined;
  readonly workers: number;
  readonly onPlan: (plan: RestorePlan) => void;
  readonly onPhase: (instant: 1 | 2, phase: string) => void;
  readonly signal: AbortSignal;
};

/** One side. */
export type DiffSide = {
  readonly at: string;
  readonly backup: ObjectId;
  readonly lsn: string;
  readonly time: string | null;
};

type Look = {
  readonly side: DiffSide;
  readonly described: DatabaseDescription;
  readonly ledgerFailure: DrError | undefined;
};

/** What came of it. */
export type DiffResult = DescriptionDifference & {
  readonly database: string;
  readonly from: DiffSide;
  readonly to: DiffSide;
  readonly durationMs: number;
  readonly ledgerFailure: DrError | undefined;
};

function flagsOf(at: string): TargetFlags {
  return at === "latest" ? { latest: true } : { at };
}

/** Compares. An instant that cannot be reached is refused before anything is restored. @throws DrError `USAGE_TIME`, `RESTORE_RESCUE_NO_DATABASE`, `PLAN_*`, `RESTORE_*`, `PG_*`, `REPO_*`, `STORE_*`; nothing stays behind. */
export async function runDiff(
  adapters: Adapters,
  environment: Environment,
  request: DiffRequest,
): Promise<DiffResult> {
  const { clock } = adapters;
  const { signal, workers, onPhase } = request;
  const command = "pra diff";
  const began = clock.monotonic();
  const repository = await openRepository(adapters, environment, { signal });
  const database = request.database ?? environment.connection.database;
  for (const at of request.instants) {
    const wanted = { flags: flagsOf(at), backup: undefined, command };
    const { plan } = await planOperation(adapters, environment, wanted, { signal });
    if (!plan.reachable) {
      throw plan.error;
    }
  }
  const look = async (number: 1 | 2, at: string): Promise<Look> => {
    await using partial = await openPartialCopy(adapters, environment, repository, {
      flags: flagsOf(at),
      backup: undefined,
      database,
      relations: { kind: "all" },
      workers,
      reason: command,
      command,
      onPlan: request.onPlan,
      onProgress: ({ phase }) => {
        onPhase(number, phase);
      },
      signal,
    });
    onPhase(number, "describe");
    const { copy, ledgerFailure } = partial;
    const { settings, restored } = copy;
    await using session = await SqlSession.open(settings, { applicationName: "pra_diff", signal });
    const described = await describeDatabase(session, { signal });
    const { plan, reached } = restored;
    const { lsn, time } = reached;
    const side = { at, backup: plan.backup.id, lsn: formatLsn(lsn), time };
    return { side, described, ledgerFailure };
  };
  const from = await look(1, request.instants[0]);
  const to = await look(2, request.instants[1]);
  return {
    database,
    from: from.side,
    to: to.side,
    ...compareDescriptions(from.described, to.described),
    durationMs: Math.round(clock.monotonic() - began),
    ledgerFailure: from.ledgerFailure ?? to.ledgerFailure,
  };
}
