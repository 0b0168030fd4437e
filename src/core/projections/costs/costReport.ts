import { subtractUsd, toScaled, type Usd } from '../../model/usd.ts';
import { periodOf as budgetPeriod } from '../../money/periods.ts';
import { type Burn, burnOf } from './burn.ts';
import { type DayOf, daysLater, lastPeriods, type Period, periodOf, periods, rememberedDays, startOfDay } from './calendar.ts';
import type { CostDimension } from './costDimensions.ts';
import { CostCounter, type CostSum, noCosts } from './costSum.ts';
import { allTime, type CostOutcome, type CostRow, costTable, revertedOf, shareOf, type TimeRange } from './costTable.ts';
import { type Currency, usDollars } from './currency.ts';
import { type Efficiency, efficiencyOf } from './efficiency.ts';
import type { RunCosts } from './runCosts.ts';
import { type ShownCost, shownCost } from './shownCost.ts';
import { isUnpriced } from './sumText.ts';

export const figureNames = ['today', 'month', 'perLanding', 'perLine', 'perAttempt', 'wasted'] as const;

/**
 * One of the figures on top. What is compared: today with the same weekday a week ago; for the others the last seven days with the seven
 * before. Null where there was nothing.
 */
export interface CostFigure {
  readonly name: (typeof figureNames)[number];
  readonly cost: ShownCost | null;
  /** Of all that was spent in the same time, from 0 to 1; for `wasted` alone. */
  readonly share: number | null;
  readonly comparedUsd: Usd | null;
  readonly beforeUsd: Usd | null;
}

/** What a day, week or month cost and brought. */
export interface TrendPoint {
  readonly period: string;
  readonly cost: ShownCost;
  /** Of that, on attempts that were reverted. */
  readonly wasted: ShownCost;
  readonly landed: number;
  readonly models: readonly { readonly model: string; readonly cost: ShownCost }[];
}

/** A row of a table: a task, model, category or operation. */
export interface ReportRow {
  readonly key: string;
  readonly title: string;
  readonly cost: ShownCost;
  /** Of that, on attempts that were reverted. */
  readonly wasted: ShownCost;
  readonly runs: number;
  readonly attempts: number;
  readonly landed: number;
  readonly changedLines: number;
  readonly share: number | null;
}

/** A limit for a time and what of it is used. */
export interface BudgetUse {
  readonly over: Period;
  readonly limitUsd: Usd;
  readonly spent: ShownCost;
  readonly leftUsd: Usd;
}

export type ReportTable = Extract<CostDimension, 'task' | 'model' | 'category' | 'operation'>;

/** What the journal says of money, ready to be shown. Amounts are exact decimal text in US dollars. */
export interface CostReport {
  readonly currency: Currency;
  readonly now: number;
  readonly today: string;
  readonly figures: readonly CostFigure[];
  readonly budgets: readonly BudgetUse[];
  readonly burn: Burn;
  /** Oldest first, without gaps: 30 days, 12 weeks, 12 months, the present one last. */
  readonly trend: Readonly<Record<Period, readonly TrendPoint[]>>;
  /** Dearest first. */
  readonly by: Readonly<Record<ReportTable, readonly ReportRow[]>>;
  /** All that falls in the range of the tables. */
  readonly total: ReportRow;
}

export interface CostBudgets {
  readonly perDayUsd?: Usd | undefined;
  readonly perWeekUsd?: Usd | undefined;
  readonly perMonthUsd?: Usd | undefined;
}

const trendLengths: Record<Period, number> = { day: 30, week: 12, month: 12 };

export interface ReportOptions {
  readonly now: number;
  readonly zone: DayOf;
  readonly budgets: CostBudgets;
  readonly range?: TimeRange;
  readonly currency?: Currency;
}

/** @param range of the tables; figures, budgets and trends are always those up to `now` */
export function costReport(
  runs: readonly RunCosts[],
  { now, zone, budgets, range = allTime, currency = usDollars }: ReportOptions,
): CostReport {
  const dayOf = rememberedDays(zone);
  const today = dayOf(now);
  const tasks = costTable(runs, 'task', range, dayOf);
  const { total } = tasks;
  const rows = (by: ReportTable) => (by === 'task' ? tasks : costTable(runs, by, range, dayOf)).rows.map((row) => reportRow(row, total));
  return {
    currency,
    now,
    today,
    figures: figuresOf(runs, today, dayOf),
    budgets: budgetUses(runs, today, budgets, dayOf),
    burn: burnOf(runs, { now, today, dayOf, budgetUsd: budgets.perDayUsd ?? null }),
    trend: trendsOf(runs, today, dayOf),
    by: { task: rows('task'), model: rows('model'), category: rows('category'), operation: rows('operation') },
    total: reportRow({ ...total, key: '', title: '' }, total),
  };
}

const reportRow = ({ key, title, sum, wasted, runs, attempts, landed, changedLines }: CostRow, total: CostOutcome): ReportRow => ({
  key,
  title,
  cost: shownCost(sum),
  wasted: shownCost(wasted),
  runs,
  attempts,
  landed,
  changedLines,
  share: shareOf(sum.usd, total.sum.usd),
});

/** What fell into some days, both of them in it. */
function spentIn(runs: readonly RunCosts[], from: string, to: string, dayOf: DayOf): CostOutcome {
  const range = { from: startOfDay(from, dayOf), to: startOfDay(daysLater(to, 1), dayOf) };
  const recent = runs.filter(({ lastAt }) => lastAt >= range.from);
  return costTable(recent, 'day', range, dayOf).total;
}

function figuresOf(runs: readonly RunCosts[], today: string, dayOf: DayOf): CostFigure[] {
  const spent = (from: string, to: string) => spentIn(runs, from, to, dayOf);
  const day = spent(today, today);
  const sameDay = spent(daysLater(today, -7), daysLater(today, -7));
  const month = spent(`${today.slice(0, 7)}-01`, today);
  const week = spent(daysLater(today, -6), today);
  const before = spent(daysLater(today, -13), daysLater(today, -7));
  const figure = (name: CostFigure['name'], cost: CostSum | null, compared: Usd | null, earlierUsd: Usd | null): CostFigure => ({
    name,
    cost: cost === null ? null : shownCost(cost),
    share: name === 'wasted' ? shareOf(week.wasted.usd, week.sum.usd) : null,
    comparedUsd: compared,
    beforeUsd: earlierUsd,
  });
  const brought = (one: CostOutcome): Efficiency => efficiencyOf({ ...one, usd: one.sum.usd, wastedUsd: one.wasted.usd });
  const [now, then] = [brought(week), brought(before)];
  const each = (usd: Usd | null): CostSum | null => (usd === null ? null : { ...week.sum, usd });
  // An amount of which nothing has a price is no amount to compare.
  const amount = (sum: CostSum, usd: Usd | null = sum.usd): Usd | null => (isUnpriced(sum) ? null : usd);
  const earlier = (sum: CostSum): Usd | null => (sum.calls > 0 ? amount(sum) : null);
  return [
    figure('today', day.sum, amount(day.sum), earlier(sameDay.sum)),
    figure('month', month.sum, amount(week.sum), earlier(before.sum)),
    figure('perLanding', each(now.perLandedUsd), amount(week.sum, now.perLandedUsd), amount(before.sum, then.perLandedUsd)),
    figure('perLine', each(now.perChangedLineUsd), amount(week.sum, now.perChangedLineUsd), amount(before.sum, then.perChangedLineUsd)),
    figure('perAttempt', each(now.perAttemptUsd), amount(week.sum, now.perAttemptUsd), amount(before.sum, then.perAttemptUsd)),
    figure('wasted', week.wasted, amount(week.wasted), before.sum.calls > 0 ? amount(before.wasted) : null),
  ];
}

function budgetUses(runs: readonly RunCosts[], today: string, budgets: CostBudgets, dayOf: DayOf): BudgetUse[] {
  const limits = { day: budgets.perDayUsd, week: budgets.perWeekUsd, month: budgets.perMonthUsd };
  return periods.flatMap((over): BudgetUse[] => {
    const limitUsd = limits[over];
    if (limitUsd === undefined) return [];
    const { sum } = spentIn(runs, budgetPeriod(over, today).from, today, dayOf);
    return [{ over, limitUsd, spent: shownCost(sum), leftUsd: subtractUsd(limitUsd, sum.usd) }];
  });
}

/** What is collected of one period. */
class PeriodCounter {
  readonly sum = new CostCounter();
  readonly wasted = new CostCounter();
  readonly models = new Map<string, CostCounter>();
  landed = 0;

  model(name: string): CostCounter {
    const known = this.models.get(name) ?? new CostCounter();
    this.models.set(name, known);
    return known;
  }
}

function trendsOf(runs: readonly RunCosts[], today: string, dayOf: DayOf): CostReport['trend'] {
  const names = Object.fromEntries(periods.map((period) => [period, lastPeriods(period, today, trendLengths[period])]));
  const counters = Object.fromEntries(
    periods.map((period) => [period, new Map((names[period] ?? []).map((name) => [name, new PeriodCounter()]))]),
  );
  const oldest = Math.min(...periods.map((period) => startOfDay(firstDay(names[period]?.[0] ?? today, today), dayOf)));
  const each = (at: number, add: (counter: PeriodCounter) => void): void => {
    const day = dayOf(at);
    for (const period of periods) {
      const counter = counters[period]?.get(periodOf(period, day));
      if (counter !== undefined) add(counter);
    }
  };
  for (const run of runs) {
    if (run.lastAt < oldest) continue;
    const reverted = revertedOf(run);
    for (const cell of run.cells) {
      const usd = toScaled(cell.usd);
      each(cell.at, (counter) => {
        counter.sum.addWeighed(cell, usd);
        counter.model(cell.model).addWeighed(cell, usd);
        if (reverted.has(cell.attempt)) counter.wasted.addWeighed(cell, usd);
      });
    }
    if (run.landedAt !== null) {
      each(run.landedAt, (counter) => {
        counter.landed += 1;
      });
    }
  }
  const points = (period: Period): TrendPoint[] => (names[period] ?? []).map((name) => trendPoint(name, counters[period]?.get(name)));
  return { day: points('day'), week: points('week'), month: points('month') };
}

/** The first day that can be in a period; a year back for a week, whose name does not say. */
const firstDay = (period: string, today: string): string =>
  period.includes('W') ? daysLater(today, -7 * (trendLengths.week + 1)) : period.length === 7 ? `${period}-01` : period;

function trendPoint(period: string, counter: PeriodCounter | undefined): TrendPoint {
  const models = [...(counter?.models ?? [])].map(([model, sum]) => ({ model, cost: shownCost(sum.sum) }));
  return {
    period,
    cost: shownCost(counter?.sum.sum ?? noCosts),
    wasted: shownCost(counter?.wasted.sum ?? noCosts),
    landed: counter?.landed ?? 0,
    models: models.sort((a, b) => Number(b.cost.usd) - Number(a.cost.usd) || (a.model < b.model ? -1 : 1)),
  };
}
