import type { UserMoney } from '../model/moneySettings.ts';
import type { ProjectConfig } from '../model/projectConfig.ts';
import type { Usd } from '../model/usd.ts';
import type { SharedMoney } from '../ports/spending.ts';
import type { LimitState } from './admission.ts';
import { periodOf } from './periods.ts';

/** What was written about money, by the repository and by the person. */
export interface MoneyRules {
  readonly repository: ProjectConfig['budgets'];
  readonly everything: UserMoney['budgets'];
}

/** What is known of the run and its task without asking others. */
export interface RunMoneyState {
  /** Most the run may cost, and what it has cost; null for no limit. */
  readonly runLimitUsd: Usd | null;
  readonly runSpentUsd: Usd;
  /** The same for all runs of the task; null when no limit holds. */
  readonly task: { readonly limitUsd: Usd; readonly spentUsd: Usd; readonly runs: ReadonlySet<string> } | null;
}

const spans = [
  ['day', 'perDayUsd'],
  ['week', 'perWeekUsd'],
  ['month', 'perMonthUsd'],
] as const;

/** Every budget that holds for a run, as it stands. @param today YYYY-MM-DD */
export function limitStates(rules: MoneyRules, run: RunMoneyState, money: SharedMoney, today: string): LimitState[] {
  const limits: LimitState[] = [];
  const own = { period: null, heldUsd: '0', action: rules.repository.onExceed };
  if (run.runLimitUsd !== null)
    limits.push({ scope: { over: 'run', of: 'repository' }, limitUsd: run.runLimitUsd, spentUsd: run.runSpentUsd, ...own });
  if (run.task !== null) {
    const { runs, ...task } = run.task;
    limits.push({ scope: { over: 'task', of: 'repository' }, ...own, ...task, heldUsd: money.held('repository', runs) });
  }
  for (const whose of ['repository', 'everything'] as const) {
    for (const [over, name] of spans) {
      const limitUsd = rules[whose][name];
      if (limitUsd === undefined) continue;
      const period = periodOf(over, today);
      const spentUsd = money.spent(whose, period.from, period.to);
      limits.push({
        scope: { over, of: whose },
        period: period.id,
        limitUsd,
        spentUsd,
        heldUsd: money.held(whose),
        action: rules[whose].onExceed,
      });
    }
  }
  return limits;
}

/** Whether any budget holds that more than one run shares, or that is the run's own. */
export const hasLimits = (rules: MoneyRules, run: RunMoneyState): boolean =>
  run.runLimitUsd !== null ||
  run.task !== null ||
  spans.some(([, name]) => rules.repository[name] !== undefined || rules.everything[name] !== undefined);
