import { addUsd, scaleUsd, type Usd, usdToNumber } from '../../model/usd.ts';
import { project } from '../../money/burnRate.ts';
import { type DayOf, daysLater, startOfDay } from './calendar.ts';
import { CostCounter } from './costSum.ts';
import { type RunCosts, slotMs } from './runCosts.ts';
import { type ShownCost, shownCost } from './shownCost.ts';

const hourMs = 3_600_000;

/** How the day's money goes. */
export interface Burn {
  readonly budgetUsd: Usd | null;
  readonly spent: ShownCost;
  /** At the rate of the last hour, to the quarter of an hour; null when nothing was spent in it. */
  readonly perHourUsd: Usd | null;
  /** At the end of the day if it goes on at that rate; null without one. */
  readonly projectedUsd: Usd | null;
  /** When the budget is used up at that rate; null without one, or when the day ends before. In the past: it is used up. */
  readonly reachedAt: number | null;
  /** When the day began and ends, milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** What had been spent of the day's money by each moment, a point for each quarter of an hour in which a call was made. */
  readonly points: readonly { readonly at: number; readonly usd: number; readonly unpricedCalls: number }[];
}

/** What was spent today, how fast it goes, and where that leads. */
export function burnOf(
  runs: readonly RunCosts[],
  { now, today, dayOf, budgetUsd }: { now: number; today: string; dayOf: DayOf; budgetUsd: Usd | null },
): Burn {
  const from = startOfDay(today, dayOf);
  const to = startOfDay(daysLater(today, 1), dayOf);
  const slots = new Map<number, CostCounter>();
  for (const run of runs) {
    if (run.lastAt < from) continue;
    for (const cell of run.cells) {
      if (cell.at < from || cell.at >= to) continue;
      const counter = slots.get(cell.at) ?? new CostCounter();
      slots.set(cell.at, counter.add(cell));
    }
  }
  const total = new CostCounter();
  const charges: { at: number; usd: Usd }[] = [];
  const points = [...slots]
    .sort(([a], [b]) => a - b)
    .map(([at, counter]) => {
      charges.push({ at, usd: counter.sum.usd });
      const { usd, unpricedCalls } = total.add(counter.sum).sum;
      return { at: Math.min(at + slotMs, Math.max(now, at)), usd: usdToNumber(usd), unpricedCalls };
    });
  const spent = shownCost(total.sum);
  const spentUsd = spent.usd;
  const { perHourUsd, reachedAt } = project(charges, now, budgetUsd === null ? null : { limitUsd: budgetUsd, spentUsd, until: to });
  return {
    budgetUsd,
    spent,
    perHourUsd,
    projectedUsd: perHourUsd === null ? null : addUsd(spentUsd, scaleUsd(perHourUsd, Math.max(0, to - now), hourMs)),
    reachedAt,
    from,
    to,
    points,
  };
}
