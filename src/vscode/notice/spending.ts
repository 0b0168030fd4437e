import { addUsd, type CostTotal, costText, noCost, type Usd, usdToNumber } from '../../core/model/usd.ts';
import type { RunState } from '../../core/run/state.ts';

export interface Spending {
  readonly today: CostTotal;
  /** Of today, by task, highest first. */
  readonly byTask: readonly { readonly task: string; readonly cost: CostTotal }[];
}

const add = (a: CostTotal, b: CostTotal): CostTotal => ({ usd: addUsd(a.usd, b.usd), unpricedCalls: a.unpricedCalls + b.unpricedCalls });

/** Midnight, where this editor runs, before `now`. */
export function dayStart(now: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** What was spent since `from`. An attempt counts whole on the day it began. */
export function spendingSince(runs: Iterable<RunState>, from: number): Spending {
  const tasks = new Map<string, CostTotal>();
  let today = noCost;
  for (const run of runs) {
    for (const { startedAt, cost } of run.attempts) {
      if (startedAt < from || (cost.unpricedCalls === 0 && Number(cost.usd) === 0)) continue;
      today = add(today, cost);
      tasks.set(run.task, add(tasks.get(run.task) ?? noCost, cost));
    }
  }
  const byTask = [...tasks].map(([task, cost]) => ({ task, cost })).sort((a, b) => usdToNumber(b.cost.usd) - usdToNumber(a.cost.usd));
  return { today, byTask };
}

/** '$3.12 / $10.00 today', '$3.12 today', 'unpriced today'. */
export const spendingText = ({ today }: Spending, limit: Usd | null): string =>
  `${costText(today)}${limit === null ? '' : ` / $${usdToNumber(limit).toFixed(2)}`} today`;

/** Share of the limit that is used, from 0; null without a limit. */
export const shareOf = ({ today }: Spending, limit: Usd | null): number | null => {
  const most = limit === null ? 0 : usdToNumber(limit);
  return most > 0 ? usdToNumber(today.usd) / most : null;
};
