import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import { axisMarks, type Currency } from '../../../src/core/projections/costs/currency.ts';
import { sumText } from '../../../src/core/projections/costs/sumText.ts';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { countText } from '../ui/format.ts';
import { type Theme, theme } from '../ui/theme.ts';
import { ChartCard } from './chartCard.tsx';
import { Choice } from './choice.tsx';
import { type ModelStack, modelStack } from './costSeries.ts';
import type { Column } from './dataTable.tsx';
import { axisStyle, chartHeight, Plot, type PlotOptions, seriesColours, timeAxisPx } from './plot.tsx';

type Period = keyof CostReportShape['trend'];
type TrendPoint = CostReportShape['trend'][Period][number];

const names = { day: 'Days', week: 'Weeks', month: 'Months' } as const;
const spans = { day: 'last 30 days', week: 'last 12 weeks', month: 'last 12 months' } as const;

const columnsOf = (period: Period, currency: Currency): readonly Column<TrendPoint>[] => [
  { name: { day: 'Day', week: 'Week', month: 'Month' }[period], value: ({ period: name }) => name },
  { name: 'Cost USD', value: ({ cost }) => Number(cost.usd), show: ({ cost }) => sumText(cost, currency) },
  { name: 'Reverted USD', value: ({ wasted }) => Number(wasted.usd), show: ({ wasted }) => sumText(wasted, currency) },
  { name: 'Landed', value: ({ landed }) => landed },
  { name: 'Tokens', value: ({ cost }) => cost.tokens, show: ({ cost }) => countText(cost.tokens) },
  { name: 'Unpriced calls', value: ({ cost }) => cost.unpricedCalls, isExportOnly: true },
  { name: 'Estimated USD', value: ({ cost }) => Number(cost.estimatedUsd), isExportOnly: true },
];

/** Cost by model over days, weeks or months. */
export function TrendCard({ report }: { report: CostReportShape }) {
  const period = useSignal<Period>('day');
  const points = report.trend[period.value];
  const stack = useMemo(() => modelStack(points), [points]);
  // The tallest bar is drawn first and the others over it.
  const data = useMemo(
    (): uPlot.AlignedData => [
      stack.periods.map((_, index) => index),
      ...stack.stacked.map((values) => values.map((usd) => (usd === 0 ? null : usd))).reverse(),
    ],
    [stack],
  );
  const options = useMemo(() => trendOptions(stack, report.currency), [stack]);
  const colours = seriesColours(theme.value);
  const columns = columnsOf(period.value, report.currency);
  return (
    <ChartCard
      title="Trend by model"
      note=""
      name={`by-${period.value}`}
      columns={columns}
      rows={points}
      keyOf={({ period: name }) => name}
      tools={<Choice label="Trend by" value={period.value} choices={names} onPick={(picked) => (period.value = picked)} />}
    >
      <Plot
        label={`Cost by model, ${spans[period.value]}: ${stack.models.join(', ') || 'nothing yet'}`}
        height={chartHeight}
        data={data}
        options={options}
      />
      <p class="legend faint">
        <span>{spans[period.value]}</span>
        {stack.models.map((model, index) => (
          <span key={model} class="legend-item clip">
            <span class="swatch" style={{ background: colours[index % 7] ?? '' }} /> {model}
          </span>
        ))}
      </p>
    </ChartCard>
  );
}

const trendOptions =
  (stack: ModelStack, currency: Currency) =>
  (colours: Theme): PlotOptions => ({
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-0.6, Math.max(0.6, stack.periods.length - 0.4)] },
      y: { range: (_self, _min, max) => [0, Math.max(max, 0.0001) * 1.1] },
    },
    axes: [
      {
        ...axisStyle(colours),
        size: timeAxisPx,
        grid: { show: false },
        values: (_self, values) => values.map((at) => labelOf(stack.periods[at] ?? '')),
      },
      { ...axisStyle(colours), size: 64, values: (_self, values) => axisMarks(values, currency) },
    ],
    series: [
      {},
      ...stack.models.map((_, index) => {
        const colour = seriesColours(colours)[(stack.models.length - 1 - index) % 7] ?? colours.blue;
        const bars = uPlot.paths.bars?.({ size: [0.7, 40] });
        return {
          stroke: colours.background,
          width: 1,
          fill: colour,
          points: { show: false },
          ...(bars === undefined ? {} : { paths: bars }),
        };
      }),
    ],
  });

/** '05-20' of a day, 'W21' of a week, '2026-05' of a month. */
const labelOf = (period: string): string => (period.length === 7 ? period : period.slice(5));
