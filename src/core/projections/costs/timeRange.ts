import { err, ok, type Result } from '../../../base/result.ts';
import { parseDuration } from '../../model/duration.ts';
import { type DayOf, daysLater, lastPeriods, startOfDay, weekOf } from './calendar.ts';
import type { TimeRange } from './costTable.ts';
import { slotMs } from './runCosts.ts';

/** What a moment of a report looks like, to follow the name of an option. */
export const momentRule = 'must be a day (2026-05-20), a month (2026-05), today, yesterday, week, month, or a time ago such as 7d or 12h';

interface Now {
  readonly now: number;
  readonly dayOf: DayOf;
}

/** The days a word stands for: its first one, and the first one after it. */
function daysOf(text: string, today: string): readonly [string, string] | null {
  if (text === 'today') return [today, daysLater(today, 1)];
  if (text === 'yesterday') return [daysLater(today, -1), today];
  if (text === 'week') {
    let monday = today;
    while (weekOf(daysLater(monday, -1)) === weekOf(today)) monday = daysLater(monday, -1);
    return [monday, daysLater(monday, 7)];
  }
  const month = text === 'month' ? (lastPeriods('month', today, 1)[0] ?? '') : text;
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return [`${month}-01`, `${daysLater(`${month}-28`, 4).slice(0, 7)}-01`];
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && daysLater(text, 0) === text;
  return isDay ? [text, daysLater(text, 1)] : null;
}

function moment(text: string, end: 0 | 1, { now, dayOf }: Now): Result<number, string> {
  const days = daysOf(text, dayOf(now));
  if (days !== null) return ok(startOfDay(days[end], dayOf));
  const ago = parseDuration(text);
  return ago.ok ? ok(Math.floor((now - ago.value) / slotMs) * slotMs) : err(momentRule);
}

/**
 * The range from `since` to `until`, both of them in it when they are days, weeks or months; times ago are taken to the quarter of an hour. Days begin where `dayOf` says.
 * @returns a phrase that follows the option's name when it can't be read
 */
export function timeRange(
  since: string | undefined,
  until: string | undefined,
  now: Now,
): Result<TimeRange, { option: string; problem: string }> {
  const from = since === undefined ? null : moment(since, 0, now);
  if (from !== null && !from.ok) return err({ option: 'since', problem: from.error });
  const to = until === undefined ? null : moment(until, 1, now);
  if (to !== null && !to.ok) return err({ option: 'until', problem: to.error });
  if (from !== null && to !== null && from.value >= to.value) return err({ option: 'until', problem: 'must not lie before --since' });
  return ok({ from: from?.value ?? null, to: to?.value ?? null });
}
