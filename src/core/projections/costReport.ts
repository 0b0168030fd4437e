import { type CostTotal, usdFromNumber } from '../model/usd.ts';

/** Money and what it bought, summed. Sums are binary floats; they are rounded to 12 places where they are shown. */
export interface CostSum {
  usd: number;
  unpricedCalls: number;
  tokens: number;
}
export const emptySum = (): CostSum => ({ usd: 0, unpricedCalls: 0, tokens: 0 });

/** What one day cost. */
export interface DayCosts {
  readonly day: string;
  readonly spent: CostSum;
  readonly models: Map<string, CostSum>;
  /** Spent on attempts that were reverted on this day. */
  wastedUsd: number;
  landed: number;
}

/** What one task cost over all its runs. */
export interface TaskCosts {
  readonly task: string;
  title: string;
  runs: number;
  attempts: number;
  readonly spent: CostSum;
  wastedUsd: number;
  landed: number;
  lastAt: number;
}

/**
 * One of the figures on top. What is compared: today with the same weekday a week ago; for the others the last seven days with the
 * seven before. Null where there was nothing.
 */
export interface CostFigure {
  readonly name: 'today' | 'month' | 'perLanding' | 'wasted';
  readonly total: CostTotal | null;
  readonly comparedUsd: string | null;
  readonly beforeUsd: string | null;
}

/** What the journal says of money, ready to be shown. Amounts are decimal text in US dollars. */
export interface CostReport {
  readonly now: number;
  readonly today: string;
  readonly figures: readonly CostFigure[];
  readonly burn: {
    readonly budgetUsd: string | null;
    readonly spentUsd: string;
    /** At the rate of the last hour; null without a charge in it. */
    readonly perHourUsd: string | null;
    /** At the end of the day if it goes on at that rate; null without one. */
    readonly projectedUsd: string | null;
    /** When the day began and ends, milliseconds since the epoch. */
    readonly from: number;
    readonly to: number;
    /** What had been spent of the day's money by each moment. At most 400. */
    readonly points: readonly { readonly at: number; readonly usd: number }[];
  };
  /** Oldest first, without gaps, at most 30, today last. */
  readonly days: readonly {
    readonly day: string;
    readonly total: CostTotal;
    readonly tokens: number;
    readonly models: readonly { readonly model: string; readonly total: CostTotal; readonly tokens: number }[];
  }[];
  /** Dearest first. */
  readonly tasks: readonly {
    readonly task: string;
    readonly title: string;
    readonly runs: number;
    readonly attempts: number;
    readonly landed: number;
    readonly total: CostTotal;
    readonly wastedUsd: string;
    readonly tokens: number;
    readonly lastAt: number;
  }[];
}

interface Collected {
  readonly now: number;
  readonly today: string;
  readonly spentToday: CostTotal;
  readonly dayOf: (at: number) => string;
  readonly days: ReadonlyMap<string, DayCosts>;
  readonly tasks: Iterable<TaskCosts>;
  readonly charges: readonly { readonly at: number; readonly usd: number }[];
  readonly budgetPerDayUsd: string | null;
}

const hourMs = 3_600_000;
const mostDays = 30;
const mostPoints = 400;

/** Sums what was collected into figures, series and a table. Days are told apart by `dayOf` alone, so that a change of summer time does no harm. */
export function reportCosts(collected: Collected): CostReport {
  const { days, today, now, spentToday } = collected;
  const lastDays = daysBefore(collected, 14);
  const week = sumOf(lastDays.slice(7), days);
  const weekBefore = sumOf(lastDays.slice(0, 7), days);
  const month = sumOf(
    [...days.keys()].filter((day) => day.slice(0, 7) === today.slice(0, 7)),
    days,
  );
  const sameDay = days.get(lastDays.at(-8) ?? '');
  const hadWeekBefore = weekBefore.spent.tokens > 0;
  const landing = perLanding(week);
  const figures: CostFigure[] = [
    figure('today', spentToday, Number(spentToday.usd), sameDay?.spent.usd ?? null),
    figure('month', totalOf(month.spent), week.spent.usd, hadWeekBefore ? weekBefore.spent.usd : null),
    { name: 'perLanding', total: landing, comparedUsd: landing?.usd ?? null, beforeUsd: perLanding(weekBefore)?.usd ?? null },
    figure('wasted', { usd: usd(week.wastedUsd), unpricedCalls: 0 }, week.wastedUsd, hadWeekBefore ? weekBefore.wastedUsd : null),
  ];
  return {
    now,
    today,
    figures,
    burn: burnOf(collected),
    days: daysBefore(collected, mostDays).map((day) => {
      const costs = days.get(day);
      return {
        day,
        total: totalOf(costs?.spent),
        tokens: costs?.spent.tokens ?? 0,
        models: [...(costs?.models ?? [])]
          .map(([model, sum]) => ({ model, total: totalOf(sum), tokens: sum.tokens }))
          .sort((a, b) => Number(b.total.usd) - Number(a.total.usd) || a.model.localeCompare(b.model, 'en')),
      };
    }),
    tasks: [...collected.tasks]
      .map(({ spent, wastedUsd, ...task }) => ({ ...task, total: totalOf(spent), tokens: spent.tokens, wastedUsd: usd(wastedUsd) }))
      .sort((a, b) => Number(b.total.usd) - Number(a.total.usd) || b.lastAt - a.lastAt),
  };
}

function burnOf({ now, today, spentToday, dayOf, charges, budgetPerDayUsd }: Collected): CostReport['burn'] {
  const from = edgeOfDay(now, today, dayOf, -1);
  const to = edgeOfDay(now, today, dayOf, 1);
  const inOrder = [...charges].sort((a, b) => a.at - b.at);
  let spent = 0;
  const points = inOrder.map(({ at, usd: charged }) => {
    spent += charged;
    return { at, usd: round(spent) };
  });
  const lastHour = inOrder.filter(({ at }) => at > now - hourMs).reduce((sum, charge) => sum + charge.usd, 0);
  const rate = lastHour > 0 ? lastHour / Math.min(1, Math.max(1 / 60, (now - from) / hourMs)) : null;
  return {
    budgetUsd: budgetPerDayUsd,
    spentUsd: spentToday.usd,
    perHourUsd: rate === null ? null : usd(rate),
    projectedUsd: rate === null ? null : usd(spent + (rate * Math.max(0, to - now)) / hourMs),
    from,
    to,
    points: thin(points, mostPoints),
  };
}

/** The first moment of the day (side -1) or of the one after (side 1), to the minute. */
function edgeOfDay(now: number, today: string, dayOf: (at: number) => string, side: -1 | 1): number {
  const minute = 60_000;
  let inside = Math.floor(now / minute);
  let outside = inside + side * 25 * 60;
  while (dayOf(outside * minute) === today) outside += side * 60;
  while (Math.abs(outside - inside) > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (dayOf(middle * minute) === today) inside = middle;
    else outside = middle;
  }
  return (side === -1 ? inside : outside) * minute;
}

/** The last `count` days up to today, oldest first. */
function daysBefore({ now, today, dayOf }: Collected, count: number): string[] {
  const days = [today];
  for (let at = now; days.length < count; at -= 12 * hourMs) {
    const day = dayOf(at);
    if (day !== days[0]) days.unshift(day);
  }
  return days;
}

function sumOf(names: readonly string[], days: ReadonlyMap<string, DayCosts>) {
  const total = { spent: emptySum(), wastedUsd: 0, landed: 0 };
  for (const name of names) {
    const day = days.get(name);
    if (day === undefined) continue;
    total.spent.usd += day.spent.usd;
    total.spent.unpricedCalls += day.spent.unpricedCalls;
    total.spent.tokens += day.spent.tokens;
    total.wastedUsd += day.wastedUsd;
    total.landed += day.landed;
  }
  return total;
}

const perLanding = (sum: { readonly spent: CostSum; readonly landed: number }): CostTotal | null =>
  sum.landed === 0 ? null : { usd: usd(sum.spent.usd / sum.landed), unpricedCalls: sum.spent.unpricedCalls };

const totalOf = (sum: CostSum | undefined): CostTotal => ({ usd: usd(sum?.usd ?? 0), unpricedCalls: sum?.unpricedCalls ?? 0 });
const figure = (name: CostFigure['name'], total: CostTotal, compared: number, before: number | null): CostFigure => ({
  name,
  total,
  comparedUsd: usd(compared),
  beforeUsd: before === null ? null : usd(before),
});
const usd = (amount: number) => usdFromNumber(amount);
const round = (amount: number) => Number(amount.toFixed(12));

/** Every n-th point and the last one. */
const thin = <T>(points: readonly T[], most: number): T[] => {
  const step = Math.ceil(points.length / most);
  return points.filter((_, index) => index % step === 0 || index === points.length - 1).slice(-most);
};
