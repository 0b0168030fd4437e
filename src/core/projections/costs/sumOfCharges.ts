import { addTokens, totalTokens } from '../../model/tokens.ts';
import { addUsd } from '../../model/usd.ts';
import type { Charge } from '../../money/charge.ts';
import { type CostSum, noCosts } from './costSum.ts';

/** The sum with one more charge in it. */
export const withCharge = (sum: CostSum, { tokens, costUsd, estimated }: Pick<Charge, 'tokens' | 'costUsd' | 'estimated'>): CostSum => ({
  calls: sum.calls + 1,
  tokens: addTokens(sum.tokens, tokens),
  usd: costUsd === null ? sum.usd : addUsd(sum.usd, costUsd),
  estimatedUsd: estimated && costUsd !== null ? addUsd(sum.estimatedUsd, costUsd) : sum.estimatedUsd,
  estimatedCalls: sum.estimatedCalls + (estimated ? 1 : 0),
  unpricedCalls: sum.unpricedCalls + (costUsd === null ? 1 : 0),
  unpricedTokens: sum.unpricedTokens + (costUsd === null ? totalTokens(tokens) : 0),
});

export const sumOfCharges = (charges: readonly Charge[]): CostSum => charges.reduce<CostSum>(withCharge, noCosts);
