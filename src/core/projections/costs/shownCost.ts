import { totalTokens } from '../../model/tokens.ts';
import type { Usd } from '../../model/usd.ts';
import type { CostSum } from './costSum.ts';

/** A cost as it is shown: what is unpriced or estimated stands beside the amount. */
export interface ShownCost {
  readonly usd: Usd;
  readonly estimatedUsd: Usd;
  readonly estimatedCalls: number;
  readonly unpricedCalls: number;
  readonly calls: number;
  readonly tokens: number;
}

export const shownCost = ({ usd, estimatedUsd, estimatedCalls, unpricedCalls, calls, tokens }: CostSum): ShownCost => ({
  usd,
  estimatedUsd,
  estimatedCalls,
  unpricedCalls,
  calls,
  tokens: totalTokens(tokens),
});
