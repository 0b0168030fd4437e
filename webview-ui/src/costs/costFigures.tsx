import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { totalText, usdText } from '../ui/format.ts';
import { changeText } from './changeText.ts';

type Figure = CostReportShape['figures'][number];

const names = { today: 'Today', month: 'This month', perLanding: 'Per landed change', wasted: 'Wasted on reverted attempts' } as const;
const spans = {
  today: 'this weekday a week ago',
  month: '7 days against the 7 before',
  perLanding: '7 days against the 7 before',
  wasted: '7 days against the 7 before',
} as const;

/** The four figures on top, each with how it has changed. */
export const CostFigures = ({ report }: { report: CostReportShape }) => (
  <ul class="figures-row" aria-label="Costs in short">
    {report.figures.map((figure) => (
      <li key={figure.name} class="figure">
        <div class="faint">{names[figure.name]}</div>
        <div class="figure-value">{figure.total === null ? 'none landed' : totalText(figure.total)}</div>
        <Change figure={figure} />
      </li>
    ))}
  </ul>
);

function Change({ figure }: { figure: Figure }) {
  const { comparedUsd, beforeUsd, name } = figure;
  if (comparedUsd === null || beforeUsd === null) return <div class="faint">nothing to compare with</div>;
  const [compared, before] = [Number(comparedUsd), Number(beforeUsd)];
  const text = changeText(compared, before);
  return (
    <div class="faint" title={`${usdText(compared)} against ${usdText(before)}: ${spans[name]}`}>
      <span class={compared > before ? 'tone-wait' : 'tone-good'}>{text}</span> from {usdText(before)}, {spans[name]}
    </div>
  );
}
