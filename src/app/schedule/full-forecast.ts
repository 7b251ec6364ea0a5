/**
 * What a full backup every hour comes to: the day on which the disk is full, from what the newest full backup stored and what is free now.
 * Measured values, and an estimate that says so; without a repository that can be read there is none.
 */
import { type DrError, isDrError } from "../../core/errors.ts";
import { scheduleForecastMs } from "../../core/limits.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { listRoots } from "../backup-roots.ts";
import { newestRestorable } from "../newest-incarnation.ts";
import { openRepository } from "../repository-access.ts";
import { clusterNameOf } from "../../repository/object-names.ts";

/** The forecast. */
export type FullForecast =
  /** Full on that instant, before retention gives the first of them up. */
  | {
      readonly kind: "fills";
      readonly at: string;
      readonly storedBytes: number;
      readonly freeBytes: number;
    }
  /** Retention gives backups up faster than the disk fills. */
  | {
      readonly kind: "fits";
      readonly keptBytes: number;
      readonly storedBytes: number;
      readonly freeBytes: number;
    }
  /** There is no full backup yet, or its repository cannot be read. */
  | { readonly kind: "unknown"; readonly error: DrError | undefined };

const HOUR_MS = 3_600_000;

/** The arithmetic; pure. */
export function forecastOf(facts: {
  readonly storedBytes: number;
  readonly freeBytes: number;
  readonly retentionDays: number;
  readonly nowMs: number;
}): FullForecast {
  const { storedBytes, freeBytes, retentionDays, nowMs } = facts;
  const hours = storedBytes === 0 ? Number.POSITIVE_INFINITY : Math.floor(freeBytes / storedBytes);
  // A backup goes when the window that needs it has passed, which is a backup more than the window is long.
  const kept = retentionDays * 24 + 1;
  return hours < kept
    ? {
        kind: "fills",
        at: new Date(nowMs + hours * HOUR_MS).toISOString(),
        storedBytes,
        freeBytes,
      }
    : { kind: "fits", keptBytes: kept * storedBytes, storedBytes, freeBytes };
}

/** Looks at the repository, for a while at most. @throws the signal's reason when aborted. */
export async function forecastFull(
  adapters: Adapters,
  environment: Environment,
  options: { readonly signal: AbortSignal },
): Promise<FullForecast> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(scheduleForecastMs)]);
  try {
    const { sealed } = await openRepository(adapters, environment, { signal });
    const cluster = clusterNameOf(environment.cluster);
    const place = await newestRestorable(sealed, cluster, { signal });
    const { freeBytes } = await sealed.store.capabilities({ signal });
    for await (const listed of place === undefined ? [] : listRoots(sealed, place, { signal })) {
      if (listed.state === "readable" && listed.root.kind === "full" && freeBytes !== undefined) {
        const { storedBytes } = listed.root.totals;
        const retentionDays = environment.retention.days;
        return forecastOf({ storedBytes, freeBytes, retentionDays, nowMs: adapters.clock.now() });
      }
    }
    return { kind: "unknown", error: undefined };
  } catch (error) {
    options.signal.throwIfAborted();
    if (isDrError(error)) {
      return { kind: "unknown", error };
    }
    if (signal.aborted) {
      return { kind: "unknown", error: undefined };
    }
    throw error;
  }
}
