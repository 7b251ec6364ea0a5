/**
 * The mean of a few measurements and how well they determine it: Student's t for the mean of what was measured in pairs, where one of each pair
 * was taken right beside the other. Pure. One measurement has no interval, and none is made up for it.
 *
 * The interval is exact where the differences are normal; for a handful of pairs that is an assumption, and whoever shows it gives their number.
 */

/** Mean and 95 % interval; null where fewer than two were measured. */
export type MeanInterval = {
  readonly count: number;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
};

/** Quantiles of Student's t at 97.5 %, for 1 to 30 degrees of freedom. */
const T_QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
] as const;
/** Of the normal distribution, to which t tends. */
const NORMAL_QUANTILE = 1.959964;

/** By the table; beyond it by the first term of Cornish and Fisher's expansion, which is right to 0.001 there. */
export function studentQuantile(degrees: number): number {
  const z = NORMAL_QUANTILE;
  return T_QUANTILES[degrees - 1] ?? z + (z ** 3 + z) / (4 * degrees);
}

/** Null of nothing. */
export function meanInterval(values: readonly number[]): MeanInterval | null {
  const count = values.length;
  if (count === 0) {
    return null;
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) {
    return { count, mean, low: null, high: null };
  }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const half = studentQuantile(count - 1) * Math.sqrt(variance / count);
  return { count, mean, low: mean - half, high: mean + half };
}
