import type { Viewport } from './viewport.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  second,
  2 * second,
  5 * second,
  10 * second,
  15 * second,
  30 * second,
  minute,
  2 * minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  14 * day,
  30 * day,
];

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/**
 * Moments to write on the axis, at round times of the local clock, at least `gapPx` apart.
 * @param offsetMs what local time is ahead of UTC
 */
export function ticks(view: Viewport, widthPx: number, gapPx: number, offsetMs: number): Tick[] {
  const perPx = (view.to - view.from) / Math.max(1, widthPx);
  const step = steps.find((candidate) => candidate / perPx >= gapPx) ?? 60 * day;
  const first = Math.ceil((view.from + offsetMs) / step) * step;
  const found: Tick[] = [];
  for (let local = first; local - offsetMs <= view.to && found.length < 200; local += step) {
    found.push({ at: local - offsetMs, label: tickLabel(local, step) });
  }
  return found;
}

/** `local` is shifted so that its UTC fields are the local ones. */
function tickLabel(local: number, step: number): string {
  const date = new Date(local);
  const iso = date.toISOString();
  if (step >= day) return iso.slice(5, 10);
  if (step >= minute) return local % day === 0 ? iso.slice(5, 10) : iso.slice(11, 16);
  return step >= second ? iso.slice(11, 19) : iso.slice(14, 23);
}
