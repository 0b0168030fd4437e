import { totalTokens } from '../../model/tokens.ts';
import { compareUsd, type Usd } from '../../model/usd.ts';
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

/** Calls were made, and none of them has a known price: there is no amount to speak of. */
export const isUnpriced = ({ usd, unpricedCalls }: Pick<ShownCost, 'usd' | 'unpricedCalls'>): boolean =>
  unpricedCalls > 0 && compareUsd(usd, '0') === 0;

export const shownCost = ({ usd, estimatedUsd, estimatedCalls, unpricedCalls, calls, tokens }: CostSum): ShownCost => ({
  usd,
  estimatedUsd,
  estimatedCalls,
  unpricedCalls,
  calls,
  tokens: totalTokens(tokens),
});
