import { localDay } from '../../base/localDay.ts';
import type { Usd } from '../../core/model/usd.ts';
import { projectionText } from '../../core/money/burnRate.ts';
import { burnOf } from '../../core/projections/costs/burn.ts';
import { daysLater, startOfDay } from '../../core/projections/costs/calendar.ts';
import type { CostSum } from '../../core/projections/costs/costSum.ts';
import { costTable } from '../../core/projections/costs/costTable.ts';
import { type Currency, limitText, moneyText } from '../../core/projections/costs/currency.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import { sumText } from '../../core/projections/costs/sumText.ts';

export interface Spending {
  readonly today: CostSum;
  /** Of today, by task, highest first. */
  readonly byTask: readonly { readonly task: string; readonly cost: CostSum }[];
  /** '$5.00 reached at about 14:20'; null when not today at the present rate, or without a limit. */
  readonly projection: string | null;
}

/** Midnight, where this editor runs, `days` after the one before `now`. */
export const dayStart = (now: number, days = 0): number => startOfDay(daysLater(localDay(now), days), localDay);

/** What was spent since midnight. @param runs at least those charged since then; @param limit of the day */
export function spendingToday(runs: readonly RunCosts[], now: number, limit: Usd | null): Spending {
  const table = costTable(runs, 'task', { from: dayStart(now), to: null }, localDay);
  const burn = burnOf(runs, { now, today: localDay(now), dayOf: localDay, budgetUsd: limit });
  const isAhead = limit !== null && burn.reachedAt !== null && burn.reachedAt > now;
  return {
    today: table.total.sum,
    byTask: table.rows.filter(({ sum }) => sum.calls > 0).map(({ key, sum }) => ({ task: key, cost: sum })),
    projection: isAhead ? projectionText(burn, limit, timeOf) : null,
  };
}

const timeOf = (at: number): string => new Date(at).toTimeString().slice(0, 5);

/** '$3.12 / $10.00 today', '$3.12 today', 'unpriced today'. */
export const spendingText = ({ today }: Spending, limit: Usd | null, currency: Currency): string => {
  const spent = today.calls === 0 ? moneyText('0', currency) : sumText(today, currency);
  return `${spent}${limit === null ? '' : ` / ${limitText(limit, currency)}`} today`;
};

/** A share from which on a limit is told of is a warning from here on, in percent; below it is only a remark. */
const REMARK_BELOW = 75;

/**
 * How a used share of a limit is to be taken: `error` when it is used up, `warning` from the first of the told percentages that is no mere remark,
 * or from the last when all are.
 */
export function levelOf(share: number | null, thresholds: readonly number[]): 'warning' | 'error' | null {
  if (share === null) return null;
  if (share >= 1) return 'error';
  const told = [...thresholds].sort((a, b) => a - b);
  const from = told.find((percent) => percent >= REMARK_BELOW) ?? told.at(-1);
  return from !== undefined && share * 100 >= from ? 'warning' : null;
}

/** Share of the limit that is used, from 0; null without a limit. */
export const shareOf = ({ today }: Spending, limit: Usd | null): number | null => {
  const most = Number(limit ?? 0);
  return most > 0 ? Number(today.usd) / most : null;
};
