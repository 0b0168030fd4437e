import type { DayOf } from '../core/projections/daySpending.ts';

/** The day a moment falls on where this editor runs. */
export const localDay: DayOf = (at) => {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

/** Midnight, where this editor runs, `days` after the one before `now`. */
export function dayStart(now: number, days = 0): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}
