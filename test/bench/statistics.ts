import type { Benchmark, Measured, Target } from './benchmark.ts';

/** Middle value; mean of the two middle ones for an even count. @throws RangeError for an empty list or a value that is no number */
export function median(values: readonly number[]): number {
  if (values.length === 0 || values.some(Number.isNaN)) throw new RangeError(`no median of [${values.join(', ')}]`);
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (upper + lower) / 2;
}

/** Numbers of the rounds of one benchmark, the warm-up left out. */
export interface Rounds {
  readonly subject: readonly number[];
  readonly baseline: readonly number[];
}

export function summarise(benchmark: Pick<Benchmark, 'name' | 'unit' | 'target'>, rounds: Rounds): Measured {
  const own = median(rounds.subject);
  const baseline = rounds.baseline.length === 0 ? null : median(rounds.baseline);
  const ratio = baseline === null ? null : own / baseline;
  const target = benchmark.target;
  return {
    name: benchmark.name,
    unit: benchmark.unit,
    median: own,
    min: Math.min(...rounds.subject),
    max: Math.max(...rounds.subject),
    n: rounds.subject.length,
    baseline,
    ratio,
    target: target === undefined ? null : targetText(target),
    holds: target === undefined ? null : doesHold(target, own, ratio),
  };
}

const targetText = (target: Target): string =>
  'atMost' in target ? `${target.of} <= ${target.atMost}` : `${target.of} >= ${target.atLeast}`;

/** A bound on a ratio that could not be measured does not hold. */
function doesHold(target: Target, own: number, ratio: number | null): boolean {
  const value = target.of === 'median' ? own : ratio;
  if (value === null || !Number.isFinite(value)) return false;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}
