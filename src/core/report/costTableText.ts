import { totalTokens } from '../model/tokens.ts';
import type { CostOutcome, CostTable } from '../projections/costs/costTable.ts';
import { efficiencyOf } from '../projections/costs/efficiency.ts';
import { type CsvCell, csvLine } from './csv.ts';

/** The columns and their order are a promise to those who read reports; new ones come at the end. */
const columns = [
  'key',
  'title',
  'cost_usd',
  'estimated_usd',
  'unpriced_calls',
  'unpriced_tokens',
  'wasted_usd',
  'calls',
  'runs',
  'attempts',
  'landed_changes',
  'changed_lines',
  'input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'total_tokens',
] as const;

/** A table of costs as CSV, without a line of totals: a spreadsheet adds up by itself. Amounts are exact decimals. */
export const costTableCsv = ({ rows }: CostTable): string =>
  csvLine(columns) + rows.map(({ key, title, ...outcome }) => csvLine([key, title, ...figures(outcome)])).join('');

const figures = ({ sum, wasted, runs, attempts, landed, changedLines }: CostOutcome): CsvCell[] => [
  sum.usd,
  sum.estimatedUsd,
  sum.unpricedCalls,
  sum.unpricedTokens,
  wasted.usd,
  sum.calls,
  runs,
  attempts,
  landed,
  changedLines,
  sum.tokens.input,
  sum.tokens.output,
  sum.tokens.reasoning,
  sum.tokens.cacheRead,
  sum.tokens.cacheWrite,
  totalTokens(sum.tokens),
];

const isoOrNull = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const outcomeObject = ({ sum, wasted, runs, attempts, landed, changedLines }: CostOutcome) => ({
  costUsd: sum.usd,
  estimatedUsd: sum.estimatedUsd,
  unpricedCalls: sum.unpricedCalls,
  unpricedTokens: sum.unpricedTokens,
  wastedUsd: wasted.usd,
  calls: sum.calls,
  runs,
  attempts,
  landedChanges: landed,
  changedLines,
  tokens: { ...sum.tokens, total: totalTokens(sum.tokens) },
});

/** A table of costs as a value for JSON. Amounts are exact decimal text; `costUsd` leaves out what is unpriced. */
export const costTableObject = ({ by, range, rows, total }: CostTable) => ({
  by,
  since: isoOrNull(range.from),
  until: isoOrNull(range.to),
  currency: 'USD',
  rows: rows.map(({ key, title, ...outcome }) => ({ key, ...(title === '' ? {} : { title }), ...outcomeObject(outcome) })),
  total: outcomeObject(total),
  efficiency: efficiencyOf({ ...total, usd: total.sum.usd, wastedUsd: total.wasted.usd }),
});
