import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { axisMarks, usDollars } from '../../../src/core/projections/costs/currency.ts';
import { pickedLane, spansVersion, storeOf } from '../panelState.ts';
import { hostNow, now } from '../ui/browserClock.ts';
import { useSize } from '../ui/canvasSize.ts';
import { totalText, usdText } from '../ui/format.ts';
import { theme } from '../ui/theme.ts';
import { costSteps } from './costSteps.ts';
import { gutterWidth } from './laneMetrics.ts';
import { shownView } from './timelineActions.ts';

const height = 96;
const mostPoints = 2000;

/** What the picked run had cost by each moment, against its budget, on the same axis of time as the lanes. */
export function CostLine() {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const lane = pickedLane.value;
  const plot = useRef<uPlot | null>(null);
  const colours = theme.value;
  const budget = lane?.budgetUsd === null || lane === null ? null : Number(lane.budgetUsd);
  const shown = shownView();
  const width = Math.round(size.width);

  useEffect(() => {
    const target = box.current;
    if (target === null || width < gutterWidth + 20) return;
    const axis = { stroke: colours.faint, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false }, font: `10px ${colours.font}` };
    const made = new uPlot(
      {
        width,
        height,
        padding: [6, 0, 4, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: true, auto: false }, y: { range: (_self, _min, max) => [0, Math.max(max, 0.0001) * 1.15] } },
        axes: [{ show: false }, { ...axis, size: gutterWidth, space: 28, values: (_self, values) => axisMarks(values, usDollars) }],
        series: [
          {},
          {
            stroke: colours.blue,
            width: 1.5,
            points: { show: false },
            ...(uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) }),
          },
          { stroke: colours.red, width: 1, dash: [5, 4], points: { show: false } },
        ],
      },
      [[], [], []],
      target,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [width, colours]);

  const version = spansVersion.value;
  const costs = useMemo(() => (lane === null ? null : storeOf(lane.run).costs()), [lane?.run, version]);
  useEffect(() => {
    if (plot.current === null || costs === null || lane === null) return;
    const [xs, ys] = costSteps(costs.at, costs.usd, shown, lane.endedAt ?? hostNow(), mostPoints);
    const series: uPlot.AlignedData = [xs, ys, xs.map(() => budget)];
    plot.current.batch(() => {
      plot.current?.setData(series, false);
      plot.current?.setScale('x', { min: shown.from / 1000, max: shown.to / 1000 });
    });
  }, [costs, shown.from, shown.to, budget, width, colours, lane?.endedAt, lane?.endedAt === null ? now.value : 0]);

  const text = lane === null ? '' : `${totalText(lane.cost)}${budget === null ? ', no limit' : ` of ${usdText(budget)}`}`;
  return (
    <figure class="cost-line" aria-label={lane === null ? 'Cost' : `Cost of ${lane.task}: ${text}`}>
      <figcaption>
        cost <b>{text}</b>
      </figcaption>
      <div ref={box} class="cost-plot" />
    </figure>
  );
}
