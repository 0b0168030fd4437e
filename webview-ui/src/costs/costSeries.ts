import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';

type TrendPoint = CostReportShape['trend']['day'][number];

/** More models than this are shown as one, 'others'. */
const mostModels = 6;

/** Cost by model and period, stacked: `stacked[i]` is model i with all before it, so that drawing the last first shows each one's part. */
export interface ModelStack {
  readonly models: readonly string[];
  readonly periods: readonly string[];
  /** US dollars per model and period. */
  readonly parts: readonly (readonly number[])[];
  readonly stacked: readonly (readonly number[])[];
}

export function modelStack(points: readonly TrendPoint[]): ModelStack {
  const totals = new Map<string, number>();
  for (const point of points) {
    for (const { model, cost } of point.models) totals.set(model, (totals.get(model) ?? 0) + Number(cost.usd));
  }
  const ranked = [...totals].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([model]) => model);
  const named = ranked.length > mostModels ? ranked.slice(0, mostModels - 1) : ranked;
  const models = named.length < ranked.length ? [...named, 'others'] : named;
  const parts = models.map((model) =>
    points.map(({ models: ofPeriod }) =>
      ofPeriod
        .filter((part) => (model === 'others' && !named.includes('others') ? !named.includes(part.model) : part.model === model))
        .reduce((sum, part) => sum + Number(part.cost.usd), 0),
    ),
  );
  const running = points.map(() => 0);
  const stacked = parts.map((part) =>
    part.map((usd, period) => {
      running[period] = (running[period] ?? 0) + usd;
      return running[period];
    }),
  );
  return { models, periods: points.map(({ period }) => period), parts, stacked };
}

/** Burn-down of the day: x in seconds, what is spent, where it goes at this rate, the limit. */
export type BurnSeries = [number[], (number | null)[], (number | null)[], (number | null)[]];

/** With a budget what is left of it, falling; without one what was spent, rising. */
export function burnSeries({ burn, now }: Pick<CostReportShape, 'burn' | 'now'>): BurnSeries {
  const budget = burn.budgetUsd === null ? null : Number(burn.budgetUsd);
  const value = (spent: number): number => (budget === null ? spent : budget - spent);
  const points = burn.points.filter(({ at }) => at >= burn.from && at <= now);
  const spent = Number(burn.spent.usd);
  const xs = [burn.from, ...points.map(({ at }) => at), now, burn.to].map((at) => at / 1000);
  const real: (number | null)[] = [value(0), ...points.map(({ usd }) => value(usd)), value(spent), null];
  const projected: (number | null)[] = xs.map(() => null);
  if (burn.projectedUsd !== null) {
    projected[xs.length - 2] = value(spent);
    projected[xs.length - 1] = value(Number(burn.projectedUsd));
  }
  return [xs, real, projected, xs.map(() => (budget === null ? null : 0))];
}
