import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import { axisMarks, type Currency, limitText, moneyText } from '../../../src/core/projections/costs/currency.ts';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { timeText } from '../ui/format.ts';
import type { Theme } from '../ui/theme.ts';
import { burnRateText, burnSpentText, pointText, spentText } from './burnTexts.ts';
import { ChartCard } from './chartCard.tsx';
import { burnSeries } from './costSeries.ts';
import type { Column } from './dataTable.tsx';
import { axisStyle, chartHeight, Plot, type PlotOptions, timeAxisPx } from './plot.tsx';

const hours: uPlot.Axis.DynamicValues = (_self, values) => values.map((at) => timeText(at * 1000).slice(0, 5));

const burnOptions =
  (currency: Currency, budget: number | null) =>
  (colours: Theme): PlotOptions => ({
    legend: { show: false },
    cursor: { show: false },
    // A projection far below nought would leave no height for what is left.
    scales: {
      x: { time: true },
      ...(budget === null ? {} : { y: { range: (_self, min) => [Math.max(min, -0.4 * budget), budget * 1.05] } }),
    },
    axes: [
      { ...axisStyle(colours), size: timeAxisPx, values: hours },
      { ...axisStyle(colours), size: 64, values: (_self, values) => axisMarks(values, currency) },
    ],
    series: [
      {},
      {
        stroke: colours.blue,
        width: 1.5,
        fill: `color-mix(in srgb, ${colours.blue} 14%, transparent)`,
        points: { show: false },
        ...(uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) }),
      },
      { stroke: colours.yellow, width: 1.5, dash: [5, 4], points: { show: false } },
      { stroke: colours.red, width: 1, points: { show: false } },
    ],
  });

type BurnRow = CostReportShape['burn']['points'][number];

/** What was spent today against the day's budget, how fast it goes and where that leads; the week's and month's budgets below. */
export function BurnCard({ report }: { report: CostReportShape }) {
  const { burn, currency } = report;
  const data = useMemo(() => burnSeries(report), [report]);
  const options = useMemo(
    () => burnOptions(currency, burn.budgetUsd === null ? null : Number(burn.budgetUsd)),
    [currency.symbol, currency.perUsd, burn.budgetUsd],
  );
  const money = (usd: string | number) => moneyText(usd, currency);
  const columns: readonly Column<BurnRow>[] = [
    { name: 'Time', value: ({ at }) => new Date(at).toISOString(), show: ({ at }) => timeText(at) },
    { name: 'Spent USD', value: ({ usd }) => usd, show: (point) => pointText(point, currency) },
    {
      name: 'Left USD',
      value: ({ usd }) => (burn.budgetUsd === null ? null : Number(burn.budgetUsd) - usd),
      show: ({ usd }) => (burn.budgetUsd === null ? 'no limit' : money(Number(burn.budgetUsd) - usd)),
    },
  ];
  const note = burnSpentText(burn, currency);
  const rate = burnRateText(burn, currency);
  const title = burn.budgetUsd === null ? 'Spent today' : 'Left of today’s budget';
  return (
    <ChartCard title={title} note={note} name="today" columns={columns} rows={burn.points} keyOf={({ at, usd }) => `${at}/${usd}`}>
      <Plot label={`${title}: ${note}; ${rate}`} height={chartHeight} data={data} options={options} />
      <p class="legend faint">
        <span class="legend-item">
          <span class="swatch blue" /> {burn.budgetUsd === null ? 'spent' : 'left'}
        </span>
        <span class="legend-item">
          <span class="swatch dashed" /> at this rate
        </span>
        <span>{rate}</span>
        {report.budgets
          .filter(({ over }) => over !== 'day')
          .map(({ over, limitUsd, spent }) => (
            <span key={over}>
              {spentText(spent, currency)} of {limitText(limitUsd, currency)} this {over}
            </span>
          ))}
      </p>
    </ChartCard>
  );
}
