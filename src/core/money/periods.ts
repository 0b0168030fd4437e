import type { BudgetPeriod } from './budget.ts';

/** Days of a period as YYYY-MM-DD, both included, and its name. */
export interface Period {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

const DAY_MS = 86_400_000;
const text = (utc: number): string => new Date(utc).toISOString().slice(0, 10);

/** The first day after the period that a day is in. */
export function dayAfter(over: Exclude<BudgetPeriod, 'run' | 'task'>, day: string): string {
  const { from } = periodOf(over, day);
  const [year = 0, month = 1] = from.split('-').map(Number);
  return over === 'month' ? text(Date.UTC(year, month, 1)) : text(Date.parse(`${from}T00:00:00Z`) + (over === 'week' ? 7 : 1) * DAY_MS);
}

/**
 * The period that a day is in. Weeks begin on Monday and are named by it; months as YYYY-MM.
 * @param day YYYY-MM-DD, in whatever time zone the reader goes by
 */
export function periodOf(over: Exclude<BudgetPeriod, 'run' | 'task'>, day: string): Period {
  const utc = Date.parse(`${day}T00:00:00Z`);
  switch (over) {
    case 'day':
      return { id: day, from: day, to: day };
    case 'week': {
      const monday = utc - ((new Date(utc).getUTCDay() + 6) % 7) * DAY_MS;
      return { id: text(monday), from: text(monday), to: text(monday + 6 * DAY_MS) };
    }
    case 'month': {
      const month = day.slice(0, 7);
      return { id: month, from: `${month}-01`, to: `${month}-31` };
    }
  }
}
