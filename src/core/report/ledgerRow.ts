import { totalTokens } from '../model/tokens.ts';
import { type Charge, modelOf } from '../money/charge.ts';
import { type CsvCell, csvLine } from './csv.ts';

type Column = readonly [name: string, value: (charge: Charge, day: string) => CsvCell];

/** The columns of the ledger for accounting. Their names and order are a promise to those who read exports; new ones come at the end. */
const columns: readonly Column[] = [
  ['key', ({ key }) => key],
  ['time', ({ at }) => new Date(at).toISOString()],
  ['day', (_, day) => day],
  ['run', ({ run }) => run],
  ['attempt', ({ attempt }) => attempt],
  ['task', ({ task }) => task],
  ['category', ({ category }) => category],
  ['cell', ({ cell }) => cell],
  ['session', ({ sessionId }) => sessionId],
  ['message', ({ messageId }) => messageId],
  ['model', modelOf],
  ['agent', ({ agent }) => agent],
  ['operation', ({ operation }) => operation],
  ['input_tokens', ({ tokens }) => tokens.input],
  ['output_tokens', ({ tokens }) => tokens.output],
  ['reasoning_tokens', ({ tokens }) => tokens.reasoning],
  ['cache_read_tokens', ({ tokens }) => tokens.cacheRead],
  ['cache_write_tokens', ({ tokens }) => tokens.cacheWrite],
  ['total_tokens', ({ tokens }) => totalTokens(tokens)],
  ['input_usd_per_million', ({ price }) => price?.input ?? null],
  ['output_usd_per_million', ({ price }) => price?.output ?? null],
  ['reasoning_usd_per_million', ({ price }) => price?.reasoning ?? null],
  ['cache_read_usd_per_million', ({ price }) => price?.cacheRead ?? null],
  ['cache_write_usd_per_million', ({ price }) => price?.cacheWrite ?? null],
  ['price_source', ({ price }) => price?.source ?? null],
  ['price_from', ({ price }) => price?.from ?? null],
  ['price_above_tokens', ({ price }) => price?.aboveTokens ?? null],
  ['cost_usd', ({ costUsd }) => costUsd],
  ['state', ({ costUsd, estimated }) => (costUsd === null ? 'unpriced' : estimated ? 'estimated' : 'priced')],
];

/** One charge as a line of JSON; what is not known is null. Amounts are exact decimal text. @param day its day where the reader is */
export const ledgerJsonLine = (charge: Charge, day: string): string =>
  `${JSON.stringify(Object.fromEntries(columns.map(([name, value]) => [name, value(charge, day)])))}\n`;

/** One charge as a line of CSV; what is not known is empty. @param day its day where the reader is */
export const ledgerCsvLine = (charge: Charge, day: string): string => csvLine(columns.map(([, value]) => value(charge, day)));

/** The line above the rows of the CSV. */
export const ledgerCsvHeader: string = csvLine(columns.map(([name]) => name));
