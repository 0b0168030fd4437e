import type { Usd } from '../../core/model/usd.ts';
import { projectionText } from '../../core/money/burnRate.ts';
import { burnOf } from '../../core/projections/costs/burn.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import type { Terminal } from '../terminal.ts';

/** 'Today: $3.12 of $5.00; $5.00 reached at about 14:20 at the present rate'. Amounts are those of the budget, in US dollars. */
export function todayText(runs: readonly RunCosts[], limitUsd: Usd, { clock, dayOf, timeOfDay }: Terminal): string {
  const now = clock.now();
  const burn = burnOf(runs, { now, today: dayOf(now), dayOf, budgetUsd: limitUsd });
  const { usd, unpricedCalls } = burn.spent;
  const amount = unpricedCalls > 0 && Number(usd) === 0 ? '' : `$${Number(usd).toFixed(2)}`;
  const spent = [amount, unpricedCalls > 0 ? 'unpriced' : ''].filter((part) => part !== '').join(' + ');
  const sentence = `Today: ${spent} of $${Number(limitUsd).toFixed(2)}`;
  if (burn.reachedAt !== null && burn.reachedAt <= now) return `${sentence}: the budget is used up`;
  const projection = projectionText(burn, limitUsd, (at) => timeOfDay(at).slice(0, 5));
  return projection === null ? sentence : `${sentence}; ${projection} at the present rate`;
}
