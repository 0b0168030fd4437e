import { totalTokens } from '../../core/model/tokens.ts';
import type { CostDimension } from '../../core/projections/costs/costDimensions.ts';
import { type CostOutcome, type CostRow, type CostTable, shareOf } from '../../core/projections/costs/costTable.ts';
import { type Currency, currencyNote, moneyText, usDollars } from '../../core/projections/costs/currency.ts';
import { efficiencyOf } from '../../core/projections/costs/efficiency.ts';
import { isUnpriced, sumText } from '../../core/projections/costs/sumText.ts';
import { countText, plural, shortCountText } from '../../core/projections/figures.ts';
import { safeLine } from './safeText.ts';
import { type Piece, renderLine, type Style, tone } from './style.ts';
import { type Column, tableLines } from './table.ts';

const titles: Record<CostDimension, string> = {
  task: 'Task',
  model: 'Model',
  day: 'Day',
  week: 'Week',
  month: 'Month',
  category: 'Category',
  operation: 'Operation',
};

const barCells = 6;

/** A table of costs for a terminal of 80 columns: what each thing cost, its share, and below it what the money brought. */
export function costTableLines(table: CostTable, when: string, style: Style, currency: Currency = usDollars): string[] {
  const { by, rows, total } = table;
  const line = (...pieces: Piece[]) => renderLine(pieces, style);
  const head = line(tone('strong', `Costs by ${by}`), tone('dim', `, ${when}`));
  if (rows.length === 0) return [head, '', 'Nothing was spent.'];
  return [head, '', ...tableLines(rows, columnsOf(table, currency), style), '', ...summaryLines(total, currency, line)];
}

function columnsOf({ by, total }: CostTable, currency: Currency): Column<CostRow>[] {
  const share = (row: CostRow): number | null => shareOf(row.sum.usd, total.sum.usd);
  const figure = (title: string, piece: (row: CostRow) => Piece): Column<CostRow> => ({ title, piece, alignRight: true });
  const hasTitles = by === 'task';
  const landsOn = by !== 'model' && by !== 'operation';
  return [
    { title: titles[by], piece: ({ key }) => safeLine(key), ...(hasTitles ? {} : { flexible: true }) },
    ...(hasTitles ? [{ title: 'Title', piece: ({ title }: CostRow) => safeLine(title), flexible: true }] : []),
    figure('Cost', ({ sum }) => sumText(sum, currency)),
    figure('Share', (row) => percentText(share(row))),
    ...(hasTitles ? [] : [{ title: '', piece: (row: CostRow) => tone('accent', barText(share(row))) }]),
    figure('Tokens', ({ sum }) => shortCountText(totalTokens(sum.tokens))),
    figure('Calls', ({ sum }) => countText(sum.calls)),
    figure('Attempts', ({ attempts }) => countText(attempts)),
    ...(landsOn ? [figure('Landed', ({ landed }) => countText(landed))] : []),
  ];
}

/** What is a part is told neither as nothing nor as all. */
function percentText(share: number | null): string {
  if (share === null) return '–';
  if (share > 0 && share < 0.005) return '<1 %';
  return share >= 0.995 && share < 1 ? '>99 %' : `${Math.round(share * 100)} %`;
}
const barText = (share: number | null): string => '█'.repeat(Math.round((share ?? 0) * barCells)).padEnd(barCells);

function summaryLines(total: CostOutcome, currency: Currency, line: (...pieces: Piece[]) => string): string[] {
  const { sum } = total;
  const wastedUsd = total.wasted.usd;
  const { perLandedUsd, perChangedLineUsd, perAttemptUsd, wastedShare } = efficiencyOf({ ...total, usd: sum.usd, wastedUsd });
  const price = (usd: string) => (isUnpriced(sum) ? 'unpriced' : moneyText(usd, currency));
  const spent = isUnpriced(total.wasted) ? 'unpriced' : `${percentText(wastedShare)} (${price(wastedUsd)})`;
  const facts = [
    perLandedUsd === null ? 'nothing landed' : `${price(perLandedUsd)} per landed change`,
    ...(perChangedLineUsd === null ? [] : [`${price(perChangedLineUsd)} per changed line`]),
    ...(perAttemptUsd === null ? [] : [`${price(perAttemptUsd)} per attempt`]),
  ];
  const wasted = wastedShare === null ? '' : `${spent} was spent on attempts that were reverted`;
  return [
    line(
      tone('strong', `Total ${sumText(sum, currency)}`),
      `  ${countText(totalTokens(sum.tokens))} tokens in ${plural(sum.calls, 'call')}`,
    ),
    line([plural(total.runs, 'run'), plural(total.attempts, 'attempt'), `${plural(total.landed, 'change')} landed`].join(', ')),
    line(facts.join(' · ')),
    ...(wasted === '' ? [] : [line(wasted)]),
    ...notes(total, currency).map((note) => line(tone('warn', `! ${note}`))),
  ];
}

/** What the amounts leave out or rest on. */
function notes({ sum }: CostOutcome, currency: Currency): string[] {
  const { unpricedCalls, unpricedTokens, estimatedCalls, estimatedUsd } = sum;
  const inWhat = currencyNote(currency);
  return [
    ...(inWhat === '' ? [] : [inWhat]),
    ...(unpricedCalls === 0
      ? []
      : [`${plural(unpricedCalls, 'call')} (${countText(unpricedTokens)} tokens) without a known price: in no amount above`]),
    ...(estimatedCalls === 0
      ? []
      : [`~ ${plural(estimatedCalls, 'call')} with tokens not reported but worked out: ${moneyText(estimatedUsd, currency)}`]),
  ];
}
