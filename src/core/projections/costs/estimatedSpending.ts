import type { BudgetScope } from '../../money/budget.ts';
import { periodOf } from '../../money/periods.ts';
import { type DayOf, startOfDay } from './calendar.ts';
import type { RunCosts } from './runCosts.ts';

/**
 * Whether what counts against a budget rests on calls whose tokens were worked out.
 * @param whose budget it is, when it is that of a run or of a task
 * @param costs of the runs of a repository that were charged since a moment
 */
export function isSpendingEstimated(
  { over }: BudgetScope,
  whose: { readonly run: string; readonly task: string },
  costs: (since: number) => readonly RunCosts[],
  today: string,
  dayOf: DayOf,
): boolean {
  const since = over === 'run' || over === 'task' ? 0 : startOfDay(periodOf(over, today).from, dayOf);
  return costs(since)
    .filter(({ run, task }) => (over === 'run' ? run === whose.run : over !== 'task' || task === whose.task))
    .some(({ cells }) => cells.some(({ at, estimatedCalls }) => at >= since && estimatedCalls > 0));
}
