import { useEffect, useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { send } from '../host.ts';
import { costs, lanes } from '../panelState.ts';
import { countText, timeText, totalText, usdMarks, usdText } from '../ui/format.ts';
import { type Theme, theme } from '../ui/theme.ts';
import { ChartCard } from './chartCard.tsx';
import { CostFigures } from './costFigures.tsx';
import { burnSeries, modelStack } from './costSeries.ts';
import { type Column, DataTable, ExportButton } from './dataTable.tsx';
import { axisStyle, Plot, type PlotOptions, seriesColours } from './plot.tsx';

const chartHeight = 190;

export function CostsView() {
  useEffect(() => send({ type: 'costs' }), []);
  const report = costs.value;
  if (report === null) return <p class="faint padded">Reading the journal…</p>;
  return (
    <div class="view scroll padded costs">
      <CostFigures report={report} />
      <div class="cards">
        <Burn report={report} />
        <Models report={report} />
      </div>
      <Tasks report={report} />
    </div>
  );
}

const dollars: uPlot.Axis.DynamicValues = (_self, values) => usdMarks(values);
const hours: uPlot.Axis.DynamicValues = (_self, values) => values.map((at) => timeText(at * 1000).slice(0, 5));

const burnOptions = (colours: Theme): PlotOptions => ({
  legend: { show: false },
  cursor: { show: false },
  scales: { x: { time: true } },
  axes: [
    { ...axisStyle(colours), values: hours },
    { ...axisStyle(colours), size: 64, values: dollars },
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

function Burn({ report }: { report: CostReportShape }) {
  const { burn } = report;
  const data = useMemo(() => burnSeries(report), [report]);
  const columns: readonly Column<BurnRow>[] = [
    { name: 'Time', value: ({ at }) => new Date(at).toISOString(), show: ({ at }) => timeText(at) },
    { name: 'Spent USD', value: ({ usd }) => usd, show: ({ usd }) => usdText(usd) },
    {
      name: 'Left USD',
      value: ({ usd }) => (burn.budgetUsd === null ? null : Number(burn.budgetUsd) - usd),
      show: ({ usd }) => (burn.budgetUsd === null ? 'no limit' : usdText(Number(burn.budgetUsd) - usd)),
    },
  ];
  const spent = usdText(Number(burn.spentUsd));
  const rate = burn.perHourUsd === null ? 'nothing in the last hour' : `${usdText(Number(burn.perHourUsd))} an hour`;
  const ahead = burn.projectedUsd === null ? '' : `, ${usdText(Number(burn.projectedUsd))} by midnight at this rate`;
  const limit = burn.budgetUsd === null ? 'no limit for the day' : `${usdText(Number(burn.budgetUsd))} for the day`;
  const note = `${spent} spent, ${limit}; ${rate}${ahead}`;
  const title = burn.budgetUsd === null ? 'Spent today' : 'Left of today’s budget';
  return (
    <ChartCard title={title} note={note} name="today" columns={columns} rows={burn.points} keyOf={({ at, usd }) => `${at}/${usd}`}>
      <Plot label={`${title}: ${note}`} height={chartHeight} data={data} options={burnOptions} />
      <p class="legend faint">
        <span class="swatch blue" /> {burn.budgetUsd === null ? 'spent' : 'left'} <span class="swatch dashed" /> at this rate
      </p>
    </ChartCard>
  );
}

interface DayRow {
  readonly day: string;
  readonly model: string;
  readonly usd: number;
  readonly unpricedCalls: number;
  readonly tokens: number;
}

const dayColumns: readonly Column<DayRow>[] = [
  { name: 'Day', value: ({ day }) => day },
  { name: 'Model', value: ({ model }) => model },
  { name: 'Cost USD', value: ({ usd }) => usd, show: ({ usd, unpricedCalls }) => totalText({ usd: String(usd), unpricedCalls }) },
  { name: 'Unpriced calls', value: ({ unpricedCalls }) => unpricedCalls, isExportOnly: true },
  { name: 'Tokens', value: ({ tokens }) => tokens, show: ({ tokens }) => countText(tokens) },
];

function Models({ report }: { report: CostReportShape }) {
  const stack = useMemo(() => modelStack(report), [report]);
  const rows = report.days.flatMap(({ day, models }) =>
    models.map(({ model, total, tokens }) => ({ day, model, usd: Number(total.usd), unpricedCalls: total.unpricedCalls, tokens })),
  );
  // The tallest bar is drawn first and the others over it.
  const data = useMemo(
    (): uPlot.AlignedData => [
      stack.days.map((_, index) => index),
      ...stack.stacked.map((values) => values.map((usd) => (usd === 0 ? null : usd))).reverse(),
    ],
    [stack],
  );
  const options = useMemo(
    () =>
      (colours: Theme): PlotOptions => ({
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: [-0.6, Math.max(0.6, stack.days.length - 0.4)] },
          y: { range: (_self, _min, max) => [0, Math.max(max, 0.0001) * 1.1] },
        },
        axes: [
          { ...axisStyle(colours), grid: { show: false }, values: (_self, values) => values.map((at) => stack.days[at]?.slice(5) ?? '') },
          { ...axisStyle(colours), size: 64, values: dollars },
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
      }),
    [stack],
  );
  const colours = seriesColours(theme.value);
  return (
    <ChartCard
      title="By model and day"
      note="last 30 days"
      name="models"
      columns={dayColumns}
      rows={rows}
      keyOf={({ day, model }) => `${day}/${model}`}
    >
      <Plot
        label={`Cost by model and day: ${stack.models.join(', ') || 'nothing yet'}`}
        height={chartHeight}
        data={data}
        options={options}
      />
      <p class="legend faint">
        {stack.models.map((model, index) => (
          <span key={model} class="legend-item clip">
            <span class="swatch" style={{ background: colours[index % 7] ?? '' }} /> {model}
          </span>
        ))}
      </p>
    </ChartCard>
  );
}

type TaskRow = CostReportShape['tasks'][number];

const taskColumns: readonly Column<TaskRow>[] = [
  { name: 'Task', value: ({ task }) => task },
  { name: 'Title', value: ({ title }) => title },
  { name: 'Cost USD', value: ({ total }) => Number(total.usd), show: ({ total }) => totalText(total) },
  { name: 'Wasted USD', value: ({ wastedUsd }) => Number(wastedUsd), show: ({ wastedUsd }) => usdText(Number(wastedUsd)) },
  { name: 'Unpriced calls', value: ({ total }) => total.unpricedCalls, isExportOnly: true },
  { name: 'Tokens', value: ({ tokens }) => tokens, show: ({ tokens }) => countText(tokens) },
  { name: 'Runs', value: ({ runs }) => runs },
  { name: 'Attempts', value: ({ attempts }) => attempts },
  { name: 'Landed', value: ({ landed }) => landed },
  {
    name: 'State',
    value: ({ task }) => lanes.value.find((lane) => lane.task === task)?.status ?? '',
  },
];

function Tasks({ report }: { report: CostReportShape }) {
  return (
    <section class="card" aria-label="By task">
      <header>
        <h2>By task</h2>
        <span class="faint grow">click a heading to sort</span>
        <ExportButton name="tasks" columns={taskColumns} rows={report.tasks} />
      </header>
      {report.tasks.length === 0 ? (
        <p class="faint">No task has cost anything yet.</p>
      ) : (
        <DataTable label="Costs by task" columns={taskColumns} rows={report.tasks} keyOf={({ task }) => task} />
      )}
    </section>
  );
}
