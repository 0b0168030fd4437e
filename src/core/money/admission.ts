import { addUsd, compareUsd, minUsd, scaleUsd, subtractUsd, type Usd, zeroUsd } from '../model/usd.ts';
import type { BudgetScope, ExceedAction } from './budget.ts';

/** A budget as it stands at one moment. */
export interface LimitState {
  readonly scope: BudgetScope;
  /** Name of the day, week or month; null for a run or a task. */
  readonly period: string | null;
  readonly limitUsd: Usd;
  readonly spentUsd: Usd;
  /** Set aside for other runs' prompts. */
  readonly heldUsd: Usd;
  readonly action: ExceedAction;
}

export interface Need {
  /** What the prompt, or its next call, is likely to cost. */
  readonly usd: Usd;
  readonly basis: 'history' | 'modelLimit';
}

export type Admission =
  | { readonly ok: true; readonly usd: Usd; readonly basis: Need['basis'] | 'remainder' }
  | {
      readonly ok: false;
      /**
       * `deferred`: others hold money that may come back; `exceeded`: only a higher limit or another period helps; `outranked`: there is enough, but a more
       * urgent task waits for more than is left.
       */
      readonly why: 'exceeded' | 'deferred' | 'outranked';
      readonly limit: LimitState;
      readonly leftUsd: Usd;
      readonly neededUsd: Usd;
    };

const leftOf = ({ limitUsd, spentUsd, heldUsd }: LimitState): Usd => subtractUsd(limitUsd, addUsd(spentUsd, heldUsd));
const isOver = (usd: Usd): boolean => compareUsd(usd, zeroUsd) > 0;

/**
 * Whether a prompt may start, and how much is set aside for it. While others hold money, only what is certainly left is given. Who is alone
 * gets the remainder of a budget even when it is less than the need, as the need is a guess: but not when earlier attempts cost more than
 * twice of what is left, because then it would only be broken off. Budgets that merely warn never refuse.
 */
export function admit(limits: readonly LimitState[], need: Need): Admission {
  let deferred: Admission | null = null;
  let usd = need.usd;
  for (const limit of limits) {
    if (limit.action === 'warn') continue;
    const leftUsd = leftOf(limit);
    const refused = { ok: false as const, limit, leftUsd, neededUsd: need.usd };
    if (compareUsd(limit.spentUsd, limit.limitUsd) >= 0) return { ...refused, why: 'exceeded' };
    if (isOver(leftUsd) && compareUsd(need.usd, leftUsd) <= 0) continue;
    if (isOver(limit.heldUsd)) {
      deferred ??= { ...refused, why: 'deferred' };
      continue;
    }
    const isHopeless = need.basis === 'history' && compareUsd(scaleUsd(need.usd, 1, 2), leftUsd) > 0;
    if (!isOver(leftUsd) || isHopeless) return { ...refused, why: 'exceeded' };
    usd = minUsd(usd, leftUsd);
  }
  if (deferred !== null) return deferred;
  return { ok: true, usd, basis: usd === need.usd ? need.basis : 'remainder' };
}

/** What is left goes to a more urgent task that waits for it: who was admitted waits too, where both share a budget. */
export function afterMoreUrgent(admission: Admission, limits: readonly LimitState[]): Admission {
  const shared = limits.find(({ scope, action }) => action !== 'warn' && isShared(scope));
  if (!admission.ok || shared === undefined) return admission;
  return { ok: false, why: 'outranked', limit: shared, leftUsd: leftOf(shared), neededUsd: admission.usd };
}

/** Whether all runs of a repository have the budget in common. */
export const isShared = ({ over }: BudgetScope): boolean => over !== 'run' && over !== 'task';

/**
 * Whether a turn that is under way may make its next call, and what is set aside for the rest of it. It stops when a budget is used up, or when the
 * next call would eat into what others hold.
 */
export function goOn(limits: readonly LimitState[], need: Need): Admission {
  return admit(limits, { ...need, basis: 'modelLimit' });
}

/** Whether a run that is queued may be started now: no budget is used up and none is held whole by others. A scheduler asks before it boots a cell. */
export const mayStart = (limits: readonly LimitState[], need: Need | null): Admission =>
  admit(limits, need ?? { usd: zeroUsd, basis: 'modelLimit' });
