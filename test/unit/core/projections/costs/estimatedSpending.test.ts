import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../../src/core/journal/events.ts';
import type { BudgetPeriod } from '../../../../../src/core/money/budget.ts';
import { isSpendingEstimated } from '../../../../../src/core/projections/costs/estimatedSpending.ts';
import { foldRunCosts, type RunCosts } from '../../../../../src/core/projections/costs/runCosts.ts';
import { chargeOf } from '../../../../support/costs/costStory.ts';
import { PanelJournal } from '../../../../support/panel/panelJournal.ts';

const noon = Date.UTC(2026, 4, 6, 12);
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** A run whose one call was made some days before the noon of a Wednesday. */
const runOf = (run: string, task: string, daysAgo: number, estimated: boolean): RunCosts => {
  const at = noon - daysAgo * 86_400_000;
  const journal = new PanelJournal(at).boot(run, { task });
  journal.tell(run, event('charge/recorded', { charge: chargeOf({ run, at, estimated }) }));
  const costs = journal.entries.reduce<RunCosts | null>((before, entry) => foldRunCosts(before, entry), null);
  if (costs === null) throw new Error('no costs');
  return costs;
};

describe('what was spent of a budget', () => {
  const runs = [runOf('A-r1', 'A', 0, false), runOf('A-r2', 'A', 1, true), runOf('B-r1', 'B', 20, true)];
  const isEstimated = (over: BudgetPeriod, run: string, task: string): boolean =>
    isSpendingEstimated({ over, of: 'repository' }, { run, task }, () => runs, dayOf(noon), dayOf);

  it('rests on tokens that were worked out as far as the calls do that count against it', () =>
    assert.deepEqual(
      [
        ['run', isEstimated('run', 'A-r1', 'A'), isEstimated('run', 'A-r2', 'A')],
        ['task', isEstimated('task', 'A-r1', 'A'), isEstimated('task', 'C-r1', 'C')],
        ['day', isEstimated('day', 'A-r1', 'A')],
        ['week', isEstimated('week', 'A-r1', 'A')],
        ['month', isEstimated('month', 'A-r1', 'A')],
      ],
      [
        ['run', false, true],
        ['task', true, false],
        ['day', false],
        ['week', true],
        ['month', true],
      ],
    ));
});
