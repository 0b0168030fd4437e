import { compareUsd, scaleUsd } from '../model/usd.ts';
import type { LimitState } from './admission.ts';

/** The shares of a budget, in percent and rising, that have been used. */
export const passedThresholds = (
  { spentUsd, limitUsd }: Pick<LimitState, 'spentUsd' | 'limitUsd'>,
  percents: readonly number[],
): number[] =>
  [...new Set(percents)]
    .sort((a, b) => a - b)
    .filter((percent) => compareUsd(scaleUsd(spentUsd, 100, 1), scaleUsd(limitUsd, percent, 1)) >= 0);
