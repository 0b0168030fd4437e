import { scaleUsd, type Usd } from '../../model/usd.ts';
import { shareOf } from './costTable.ts';

/** What the money brought. Each is null where there is nothing to divide by. */
export interface Efficiency {
  readonly perLandedUsd: Usd | null;
  readonly perChangedLineUsd: Usd | null;
  readonly perAttemptUsd: Usd | null;
  /** From 0 to 1: the part spent on attempts that were reverted. */
  readonly wastedShare: number | null;
}

/** Cost per landed change, per line it changed and per attempt. All that was spent counts, work that never landed too; unpriced calls can't. */
export const efficiencyOf = (outcome: {
  readonly usd: Usd;
  readonly wastedUsd: Usd;
  readonly attempts: number;
  readonly landed: number;
  readonly changedLines: number;
}): Efficiency => ({
  perLandedUsd: per(outcome.usd, outcome.landed),
  perChangedLineUsd: per(outcome.usd, outcome.changedLines),
  perAttemptUsd: per(outcome.usd, outcome.attempts),
  wastedShare: shareOf(outcome.wastedUsd, outcome.usd),
});

const per = (usd: Usd, count: number): Usd | null => (count === 0 ? null : scaleUsd(usd, 1, count));
