/** A middle and the bounds between which the next value lies in four of five cases. */
export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Quantiles 0.9 of Student's t for 1 to 7 degrees of freedom (any table of it). */
const student90 = [3.078, 1.886, 1.638, 1.533, 1.476, 1.44, 1.415];
/** From so many values on, the 10th and 90th of a hundred lie within them. */
const enough = 9;

/**
 * The median of some positive values and the 80 % prediction interval for one more of the same kind. From nine values on it is that of order
 * statistics, which holds whatever the distribution: the next value falls between the k-th and the j-th of n with probability (j − k)/(n + 1).
 * With two to eight it takes them as log-normal (Student's t on logarithms), as costs and durations are. Null for the bounds of a single value.
 */
export function predictionInterval(values: readonly number[]): {
  readonly median: number;
  readonly bounds: Omit<Interval, 'median'> | null;
} {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  if (sorted.length === 1) return { median, bounds: null };
  if (sorted.length >= enough) return { median, bounds: { low: quantile(sorted, 0.1), high: quantile(sorted, 0.9) } };
  const logs = sorted.map((value) => Math.log(Math.max(value, Number.MIN_VALUE)));
  const n = logs.length;
  const mean = logs.reduce((sum, log) => sum + log, 0) / n;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (n - 1);
  const reach = (student90[n - 2] ?? 0) * Math.sqrt(variance * (1 + 1 / n));
  return { median, bounds: { low: Math.min(median, Math.exp(mean - reach)), high: Math.max(median, Math.exp(mean + reach)) } };
}

/** The value at place p(n + 1) of n in order, between two of them in proportion (Weibull's plotting position). */
function quantile(sorted: readonly number[], p: number): number {
  const place = Math.min(sorted.length, Math.max(1, p * (sorted.length + 1))) - 1;
  const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return below + (above - below) * (place - Math.floor(place));
}
