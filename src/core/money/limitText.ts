import { addUsd, compareUsd, subtractUsd, type Usd, zeroUsd } from '../model/usd.ts';
import type { Admission, LimitState } from './admission.ts';
import type { BudgetScope } from './budget.ts';

/** For people: 'the budget of today', 'the budget of this week for all repositories', …  */
export function budgetName({ over, of }: BudgetScope): string {
  const span = { run: 'of this run', task: 'of this task', day: 'of today', week: 'of this week', month: 'of this month' }[over];
  return `the budget ${span}${of === 'everything' ? ' for all repositories' : ''}`;
}

type Refused = Extract<Admission, { readonly ok: false }>;

/** Why a run is stopped or waits, in one sentence with its figures. */
export function refusalText(limit: LimitState, why: Refused['why'], neededUsd: Usd): string {
  const name = budgetName(limit.scope);
  const left = subtractUsd(limit.limitUsd, addUsd(limit.spentUsd, limit.heldUsd));
  if (why === 'deferred')
    return `${name} ($${limit.limitUsd}) is set aside for other runs: $${positive(left)} is left and $${neededUsd} is likely needed`;
  if (why === 'outranked') return `what is left of ${name} ($${positive(left)} of $${limit.limitUsd}) goes to a more urgent task first`;
  if (compareUsd(limit.spentUsd, limit.limitUsd) >= 0)
    return `${name} of $${limit.limitUsd} is used up`.replace(/^the budget of this run of /, 'the budget of ');
  return `${name} of $${limit.limitUsd} has $${positive(left)} left, and $${neededUsd} is likely needed`;
}

const positive = (usd: Usd): Usd => (compareUsd(usd, zeroUsd) < 0 ? zeroUsd : usd);
