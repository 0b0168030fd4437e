import type { Viewport } from './viewport.ts';

/** Points of a step line: x in seconds since the epoch, y in US dollars. */
export type StepSeries = readonly [number[], number[]];

/**
 * The part of a rising line that can be seen, with the step into it, thinned to at most `most` points by leaving out steps that lie
 * closer together than a pixel. The last value is carried on to the end of the view, or to `until` when that comes first.
 */
export function costSteps(at: Float64Array, usd: Float64Array, view: Viewport, until: number, most: number): StepSeries {
  const first = Math.max(0, lowerBound(at, view.from) - 1);
  const end = Math.min(at.length, lowerBound(at, view.to) + 1);
  const stride = Math.max(1, Math.ceil((end - first) / most));
  const xs: number[] = [];
  const ys: number[] = [];
  const push = (x: number, y: number): void => {
    xs.push(x / 1000);
    ys.push(y);
  };
  if (first === 0) push(Math.min(view.from, at[0] ?? view.from), 0);
  for (let i = first; i < end; i += stride) push(at[i] ?? 0, usd[i] ?? 0);
  if ((end - first) % stride !== 1 && stride > 1) push(at[end - 1] ?? 0, usd[end - 1] ?? 0);
  const last = xs.at(-1) ?? 0;
  const stop = Math.min(view.to, until) / 1000;
  if (stop > last) {
    xs.push(stop);
    ys.push(ys.at(-1) ?? 0);
  }
  return [xs, ys];
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
