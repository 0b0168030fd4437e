import { addUsd, scaleUsd, type Usd, usdToNumber, zeroUsd } from '../../model/usd.ts';
import { project } from '../../money/burnRate.ts';
import { type DayOf, daysLater, startOfDay } from './calendar.ts';
import { type RunCosts, slotMs } from './runCosts.ts';

const hourMs = 3_600_000;

/** How the day's money goes. */
export interface Burn {
  readonly budgetUsd: Usd | null;
  readonly spentUsd: Usd;
  /** At the rate of the last hour, to the quarter of an hour; null when nothing was spent in it. */
  readonly perHourUsd: Usd | null;
  /** At the end of the day if it goes on at that rate; null without one. */
  readonly projectedUsd: Usd | null;
  /** When the budget is used up at that rate; null without one, or when the day ends before. In the past: it is used up. */
  readonly reachedAt: number | null;
  /** When the day began and ends, milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** What had been spent of the day's money by each moment, a point for each quarter of an hour in which something was. */
  readonly points: readonly { readonly at: number; readonly usd: number }[];
}

/** What was spent today, how fast it goes, and where that leads. */
export function burnOf(
  runs: readonly RunCosts[],
  { now, today, dayOf, budgetUsd }: { now: number; today: string; dayOf: DayOf; budgetUsd: Usd | null },
): Burn {
  const from = startOfDay(today, dayOf);
  const to = startOfDay(daysLater(today, 1), dayOf);
  const slots = new Map<number, Usd>();
  for (const run of runs) {
    if (run.lastAt < from) continue;
    for (const { at, usd } of run.cells) if (at >= from && at < to) slots.set(at, addUsd(slots.get(at) ?? zeroUsd, usd));
  }
  let spentUsd = zeroUsd;
  const points = [...slots]
    .sort(([a], [b]) => a - b)
    .map(([at, usd]) => {
      spentUsd = addUsd(spentUsd, usd);
      return { at: Math.min(at + slotMs, Math.max(now, at)), usd: usdToNumber(spentUsd) };
    });
  const charges = [...slots].map(([at, usd]) => ({ at, usd }));
  const { perHourUsd, reachedAt } = project(charges, now, budgetUsd === null ? null : { limitUsd: budgetUsd, spentUsd, until: to });
  return {
    budgetUsd,
    spentUsd,
    perHourUsd,
    projectedUsd: perHourUsd === null ? null : addUsd(spentUsd, scaleUsd(perHourUsd, Math.max(0, to - now), hourMs)),
    reachedAt,
    from,
    to,
    points,
  };
}
