import { moneyText } from '../../../src/core/projections/costs/currency.ts';
import { isUnpriced, sumText } from '../../../src/core/projections/costs/sumText.ts';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { changeText } from './changeText.ts';

type Figure = CostReportShape['figures'][number];

const names = {
  today: 'Today',
  month: 'This month',
  perLanding: 'Per landed change',
  perLine: 'Per changed line',
  perAttempt: 'Per attempt',
  wasted: 'On reverted attempts',
} as const;
const nothing = { perLanding: 'none landed', perLine: 'none landed', perAttempt: 'no attempt', today: '', month: '', wasted: '' } as const;
const spanOf = (name: Figure['name']): string => (name === 'today' ? 'this weekday a week ago' : 'the 7 days before');

/** The figures on top, each with how it has changed. */
export const CostFigures = ({ report }: { report: CostReportShape }) => (
  <ul class="figures-row" aria-label="Costs in short">
    {report.figures.map((figure) => (
      <li key={figure.name} class="figure">
        <div class="faint">{names[figure.name]}</div>
        <Value figure={figure} report={report} />
        <Change figure={figure} report={report} />
      </li>
    ))}
  </ul>
);

function Value({ figure: { name, cost, share }, report: { currency } }: { figure: Figure; report: CostReportShape }) {
  if (cost === null) return <div class="figure-value">{nothing[name]}</div>;
  const isMixed = cost.unpricedCalls > 0 && Number(cost.usd) !== 0;
  const amount = cost.calls === 0 ? moneyText('0', currency) : sumText(isMixed ? { ...cost, unpricedCalls: 0 } : cost, currency);
  return (
    <div class="figure-value">
      {share === null || isUnpriced(cost) ? amount : `${Math.round(share * 100)} % · ${amount}`}{' '}
      {isMixed ? <small>+ unpriced</small> : null}
    </div>
  );
}

function Change({ figure, report }: { figure: Figure; report: CostReportShape }) {
  const { comparedUsd, beforeUsd, name } = figure;
  if (comparedUsd === null || beforeUsd === null) return <div class="faint">nothing to compare with</div>;
  const [compared, before] = [Number(comparedUsd), Number(beforeUsd)];
  const text = (usd: string) => moneyText(usd, report.currency);
  return (
    <div class="faint" title={`${text(comparedUsd)} against ${text(beforeUsd)}${name === 'today' ? '' : ', in 7 days'}`}>
      <span class={compared > before ? 'tone-wait' : 'tone-good'}>{changeText(compared, before)}</span> from {text(beforeUsd)},{' '}
      {spanOf(name)}
    </div>
  );
}
