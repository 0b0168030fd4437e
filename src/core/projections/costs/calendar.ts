import { slotMs } from './runCosts.ts';

/** A day as YYYY-MM-DD, in the time zone in which it is shown. */
export type DayOf = (at: number) => string;

export const periods = ['day', 'week', 'month'] as const;
export type Period = (typeof periods)[number];

const dayMs = 86_400_000;
const twoDigits = (n: number): string => String(n).padStart(2, '0');
const utc = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const dayText = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The week of a day as 2026-W21: weeks begin on Monday, and the first one has the year's first Thursday (ISO 8601). */
export function weekOf(day: string): string {
  const weekday = (new Date(utc(day)).getUTCDay() + 6) % 7;
  const thursday = new Date(utc(day) + (3 - weekday) * dayMs);
  const yearStart = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return `${thursday.getUTCFullYear()}-W${twoDigits(Math.floor((thursday.getTime() - yearStart) / (7 * dayMs)) + 1)}`;
}

/** The name of the day, week or month that a day lies in. They sort by time. */
export const periodOf = (period: Period, day: string): string =>
  period === 'day' ? day : period === 'week' ? weekOf(day) : day.slice(0, 7);

/** The days before and after. */
export const daysLater = (day: string, days: number): string => dayText(utc(day) + days * dayMs);

/** The last `count` periods up to the one of `today`, oldest first, without gaps. */
export function lastPeriods(period: Period, today: string, count: number): string[] {
  const names: string[] = [];
  for (let day = today; names.length < count; day = before(period, day)) names.unshift(periodOf(period, day));
  return names;
}

const before = (period: Period, day: string): string =>
  period === 'day' ? daysLater(day, -1) : period === 'week' ? daysLater(day, -7) : daysLater(`${day.slice(0, 7)}-01`, -1);

/** The same answers, remembered: charges come in slots, and a day is asked for again and again. */
export function rememberedDays(dayOf: DayOf): DayOf {
  const known = new Map<number, string>();
  return (at) => {
    const slot = Math.floor(at / slotMs);
    const day = known.get(slot) ?? dayOf(slot * slotMs);
    known.set(slot, day);
    return day;
  };
}

/** The first moment of a day, to the quarter of an hour; of a day that has none, the first one after. */
export function startOfDay(day: string, dayOf: DayOf): number {
  let low = Math.floor((utc(day) - 15 * 3_600_000) / slotMs);
  let high = Math.ceil((utc(day) + 15 * 3_600_000) / slotMs);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (dayOf(middle * slotMs) < day) low = middle + 1;
    else high = middle;
  }
  return low * slotMs;
}
