import { useEffect } from 'preact/hooks';
import { currencyNote, moneyText } from '../../../src/core/projections/costs/currency.ts';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { send } from '../host.ts';
import { costs, lanes } from '../panelState.ts';
import { plural } from '../ui/format.ts';
import { useKeyboardHome } from '../ui/keyboardHome.ts';
import { BreakdownCard, TasksCard, TopTenCard } from './breakdownCard.tsx';
import { BurnCard } from './burnCard.tsx';
import { CostFigures } from './costFigures.tsx';
import { TrendCard } from './trendCard.tsx';

export function CostsView() {
  useEffect(() => send({ type: 'costs' }), []);
  const report = costs.value;
  useKeyboardHome(report !== null);
  if (report === null) return <p class="faint padded">Reading the journal…</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by key
    <section class="view scroll padded costs" data-home tabIndex={0} aria-label="Costs">
      <CostFigures report={report} />
      <Notes report={report} />
      <div class="cards">
        <BurnCard report={report} />
        <TrendCard report={report} />
        <TopTenCard report={report} />
        <BreakdownCard report={report} />
      </div>
      <TasksCard report={report} statusOf={(task) => lanes.value.find((lane) => lane.task === task)?.word ?? ''} />
    </section>
  );
}

/** What the amounts leave out or rest on. */
function Notes({ report }: { report: CostReportShape }) {
  const { unpricedCalls, estimatedCalls, estimatedUsd } = report.total.cost;
  const texts = [
    ...(unpricedCalls === 0 ? [] : [`${plural(unpricedCalls, 'call')} of models without a known price: in no amount here.`]),
    ...(estimatedCalls === 0
      ? []
      : [`~ ${plural(estimatedCalls, 'call')} did not report tokens: worked out, ${moneyText(estimatedUsd, report.currency)} in all.`]),
    currencyNote(report.currency),
  ].filter((text) => text !== '');
  return texts.length === 0 ? null : <p class="faint">{texts.join(' ')}</p>;
}
