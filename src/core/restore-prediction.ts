/**
 * How long a restore will take, from how long others took: files by their bytes, WAL by its bytes, a start by the WAL it replays. Pure. A
 * prediction is an estimate and says so: it names how many measurements it comes from, and between which ends they would put it.
 *
 * Each earlier restore predicts by its own rates; the middle of these is the prediction, the least and the greatest are its interval. Nothing
 * is fitted, so that one odd measurement widens the interval and does not bend the middle.
 */

/** What one restore took. */
export type RestoreMeasurement = {
  /** The host that restored. */
  readonly host: string;
  readonly restoredBytes: number;
  readonly walBytes: number;
  /** From the claim of the directory to its end, WAL and start aside. */
  readonly filesMs: number;
  readonly walMs: number;
  /** Null: no server was started. */
  readonly startMs: number | null;
};

/** What shall be restored. */
export type RestoreSize = {
  readonly host: string;
  readonly restoreBytes: number;
  readonly walBytes: number;
  readonly start: boolean;
};

/** Milliseconds. */
export type RestorePrediction = {
  readonly expectedMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  /** Measurements that it comes from, and whether they are this host's. */
  readonly measurements: number;
  readonly isSameHost: boolean;
};

/** Below this a measurement tells of fixed costs, not of rates. */
const BYTES_MIN = 1024 * 1024;

function middle(sorted: readonly number[]): number {
  const upper = Math.floor(sorted.length / 2);
  const lower = sorted.length % 2 === 0 ? upper - 1 : upper;
  return ((sorted[lower] ?? 0) + (sorted[upper] ?? 0)) / 2;
}

/** What starting takes however little is replayed: the least that was seen. */
function startFloor(measurements: readonly RestoreMeasurement[]): number | undefined {
  const starts = measurements.flatMap(({ startMs }) => (startMs === null ? [] : [startMs]));
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/** As long as `measured` says that so many bytes take; of too few bytes nothing is inferred but their own time. */
function scaled(durationMs: number, measuredBytes: number, bytes: number): number {
  return measuredBytes < BYTES_MIN
    ? durationMs
    : durationMs * Math.max(bytes / measuredBytes, Math.min(1, BYTES_MIN / measuredBytes));
}

/** The prediction; undefined when nothing like it was measured yet. */
export function predictRestore(
  size: RestoreSize,
  measured: readonly RestoreMeasurement[],
): RestorePrediction | undefined {
  const usable = size.start ? measured.filter(({ startMs }) => startMs !== null) : measured;
  const own = usable.filter(({ host }) => host === size.host);
  const chosen = own.length > 0 ? own : usable;
  const floorMs = startFloor(chosen) ?? 0;
  const predicted = chosen
    .map((one) => {
      const filesMs = scaled(one.filesMs, one.restoredBytes, size.restoreBytes);
      const walMs = scaled(one.walMs, one.walBytes, size.walBytes);
      const replayMs = scaled((one.startMs ?? floorMs) - floorMs, one.walBytes, size.walBytes);
      return filesMs + walMs + (size.start ? floorMs + replayMs : 0);
    })
    .toSorted((a, b) => a - b);
  const [lowMs] = predicted;
  const highMs = predicted.at(-1);
  return lowMs === undefined || highMs === undefined
    ? undefined
    : {
        expectedMs: Math.round(middle(predicted)),
        lowMs: Math.round(lowMs),
        highMs: Math.round(highMs),
        measurements: predicted.length,
        isSameHost: own.length > 0,
      };
}
