/** Predictions of restores, from what the ledger has measured: before one begins, and written beside what it then took. */
import { predictionMeasurementsMax, predictionObjectsMax } from "../core/limits.ts";
import { isDrError } from "../core/errors.ts";
import type { EventData } from "../ledger/event-kinds.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import {
  type RestoreMeasurement,
  type RestorePrediction,
  predictRestore,
} from "../core/restore-prediction.ts";
import type { RestoredBackup } from "../restore/restore-backup.ts";

/** What is predicted, and for whom. */
type Wanted = {
  readonly plan: RestorePlan;
  readonly cluster: string;
  readonly host: string;
  /** "measured": with a start where one was measured, else up to the files. */
  readonly start: boolean | "measured";
};

/** What the ledger holds, the newest first; what it cannot show any more is no reason not to restore, and `pra verify` tells of it. */
export async function measurementsOf(
  sealed: SealedStore,
  cluster: string,
  signal: AbortSignal,
): Promise<readonly RestoreMeasurement[]> {
  const measured: RestoreMeasurement[] = [];
  try {
    await searchNewestEvents(
      sealed,
      ({ content }) => {
        if (content?.kind === "restoreMeasured" && content.data.cluster === cluster) {
          measured.push(content.data);
        }
        return measured.length >= predictionMeasurementsMax;
      },
      { signal, objectsMax: predictionObjectsMax },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!isDrError(error)) {
      throw error;
    }
  }
  return measured;
}

/** Undefined when nothing was measured yet. */
export async function predictionFor(
  sealed: SealedStore,
  { plan, cluster, host, start }: Wanted,
  { signal }: StoreCall,
): Promise<RestorePrediction | undefined> {
  const measured = await measurementsOf(sealed, cluster, signal);
  const { restoreBytes, walBytes } = plan;
  const size = { host, restoreBytes, walBytes };
  return (
    predictRestore({ ...size, start: start !== false }, measured) ??
    (start === "measured" ? predictRestore({ ...size, start: false }, measured) : undefined)
  );
}

type Measured = EventData<"restoreMeasured">;

/**
 * What a restore took, for later predictions; undefined where part of it was there before, which says nothing of others. `startMs`:
 * until its server had recovered.
 */
export function measurementOf(
  about: Pick<Measured, "cluster" | "incarnation" | "backup" | "purpose" | "host">,
  restored: Pick<RestoredBackup, "restoredBytes" | "keptBytes" | "phases">,
  took: { readonly walBytes: number; readonly startMs: number | undefined },
): Measured | undefined {
  const { restoredBytes, keptBytes, phases } = restored;
  const walMs = phases.find(({ name }) => name === "wal")?.durationMs ?? 0;
  const allMs = phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const { walBytes, startMs = null } = took;
  return keptBytes > 0
    ? undefined
    : { ...about, restoredBytes, walBytes, filesMs: allMs - walMs, walMs, startMs };
}
