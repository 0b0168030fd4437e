import type { Operation } from '../../money/charge.ts';
import type { CostCell, RunCosts } from './runCosts.ts';

type StoredCell = readonly [
  at: number,
  attempt: number,
  model: string,
  operation: Operation,
  calls: number,
  input: number,
  output: number,
  reasoning: number,
  cacheRead: number,
  cacheWrite: number,
  usd: string,
  estimatedUsd: string,
  estimatedCalls: number,
  unpricedCalls: number,
  unpricedTokens: number,
];

/** A run's costs as JSON text with the cells as lists: a third of the size, which is what reading many of them takes its time for. */
export const storedCosts = ({ cells, ...run }: RunCosts): string => JSON.stringify({ ...run, cells: cells.map(storedCell) });

/** @throws SyntaxError when the text is not whole; its shape is trusted, as the program's own output. */
export function readCosts(text: string): RunCosts {
  const { cells, ...run } = JSON.parse(text) as Omit<RunCosts, 'cells'> & { readonly cells: readonly StoredCell[] };
  return { ...run, cells: cells.map(cellOf) };
}

const storedCell = ({ at, attempt, model, operation, calls, tokens, ...sum }: CostCell): StoredCell => [
  at,
  attempt,
  model,
  operation,
  calls,
  tokens.input,
  tokens.output,
  tokens.reasoning,
  tokens.cacheRead,
  tokens.cacheWrite,
  sum.usd,
  sum.estimatedUsd,
  sum.estimatedCalls,
  sum.unpricedCalls,
  sum.unpricedTokens,
];

const cellOf = (cell: StoredCell): CostCell => ({
  at: cell[0],
  attempt: cell[1],
  model: cell[2],
  operation: cell[3],
  calls: cell[4],
  tokens: { input: cell[5], output: cell[6], reasoning: cell[7], cacheRead: cell[8], cacheWrite: cell[9] },
  usd: cell[10],
  estimatedUsd: cell[11],
  estimatedCalls: cell[12],
  unpricedCalls: cell[13],
  unpricedTokens: cell[14],
});
