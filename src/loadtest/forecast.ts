/**
 * What a load test says of a server of production's size: arithmetic on what was measured, with the ends between which the measurements put it. It
 * assumes this host, these disks and as much WAL to replay as here, and its assumptions go with it. Pure.
 */
import { type RestoreMeasurement, predictRestore } from "../core/restore-prediction.ts";

/** Milliseconds. Without ends where only one measurement was there. */
export type Predicted = {
  readonly expectedMs: number;
  readonly lowMs: number | null;
  readonly highMs: number | null;
  readonly measurements: number;
};

/** Of production, from its newest backup; null: from its server, where it has no backup yet. */
export type ProductionForecast = {
  readonly clusterBytes: number;
  readonly backupFinishedAt: string | null;
  /** How many times as large it is as what was measured. */
  readonly factor: number;
  readonly fullBackup: Predicted;
  /** Until the server answers. */
  readonly restore: Predicted;
  /** `open`: the objective lies between the ends. */
  readonly objective: "met" | "missed" | "open";
};

/** What is known of one backup. */
export type BackupMeasurement = {
  readonly kind: "full" | "incremental";
  readonly readBytes: number;
  readonly durationMs: number;
};

/** The full backup by its own rate; every backup reads all bytes, so the slowest and the fastest are its ends. */
function predictFullBackup(
  clusterBytes: number,
  backups: readonly BackupMeasurement[],
): Predicted | undefined {
  const usable = backups.filter(({ readBytes }) => readBytes > 0);
  const full = usable.find(({ kind }) => kind === "full");
  if (full === undefined) {
    return undefined;
  }
  const times = usable.map(({ readBytes, durationMs }) => (durationMs * clusterBytes) / readBytes);
  const several = usable.length > 1;
  return {
    expectedMs: Math.round((full.durationMs * clusterBytes) / full.readBytes),
    lowMs: several ? Math.round(Math.min(...times)) : null,
    highMs: several ? Math.round(Math.max(...times)) : null,
    measurements: usable.length,
  };
}

function judge(
  { expectedMs, lowMs, highMs }: Predicted,
  objectiveMs: number,
): "met" | "missed" | "open" {
  if ((highMs ?? expectedMs) <= objectiveMs) {
    return "met";
  }
  return (lowMs ?? expectedMs) > objectiveMs ? "missed" : "open";
}

/** Null where nothing was measured that it could come from. `earlier`: other restores, of whichever size. */
export function forecastProduction(
  production: { readonly clusterBytes: number; readonly backupFinishedAt: string | null },
  measured: {
    readonly restore: RestoreMeasurement;
    readonly earlier: readonly RestoreMeasurement[];
    readonly backups: readonly BackupMeasurement[];
    readonly rtoObjectiveSeconds: number;
  },
): ProductionForecast | null {
  const { restore, earlier, backups, rtoObjectiveSeconds } = measured;
  const { clusterBytes } = production;
  const { host, walBytes, restoredBytes } = restore;
  // Another host's disks say nothing of what was assumed.
  const own = earlier.filter((one) => one.host === host);
  const found = predictRestore({ host, restoreBytes: clusterBytes, walBytes, start: true }, [
    restore,
    ...own,
  ]);
  const fullBackup = predictFullBackup(clusterBytes, backups);
  if (found === undefined || fullBackup === undefined || restoredBytes === 0) {
    return null;
  }
  const several = found.measurements > 1;
  const predicted: Predicted = {
    expectedMs: found.expectedMs,
    lowMs: several ? found.lowMs : null,
    highMs: several ? found.highMs : null,
    measurements: found.measurements,
  };
  return {
    ...production,
    factor: clusterBytes / restoredBytes,
    fullBackup,
    restore: predicted,
    objective: judge(predicted, rtoObjectiveSeconds * 1000),
  };
}
