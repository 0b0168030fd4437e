import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { sha256 } from '../../../src/adapters/journal/sha256.ts';
import { silentLog } from '../../../src/base/log.ts';
import { event } from '../../../src/core/journal/events.ts';
import { MemoryJournal } from '../../../src/core/journal/memoryJournal.ts';
import type { BudgetPeriod } from '../../../src/core/money/budget.ts';
import { SecretGuard } from '../../../src/core/policy/secrets/secretGuard.ts';
import { evolveRun } from '../../../src/core/run/evolve.ts';
import type { BudgetKeeper } from '../../../src/engine/budgetKeeper.ts';
import type { MoneyDeps } from '../../../src/engine/deps.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { inboxOf } from '../../../src/engine/queries.ts';
import { Renewals } from '../../../src/engine/renewals.ts';
import { settle } from '../../support/cli/fakeTerminal.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';
import { specOf } from '../../support/runStory.ts';

const HOUR = 3_600_000;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

describe('runs that a budget has parked, when a new day begins', () => {
  let clock: ManualClock;
  let ledger: Ledger;
  let renewals: Renewals;
  let onRenew: 'ask' | 'resume';
  let resumed: string[];

  const park = async (run: string, over: BudgetPeriod, renewsOn: string): Promise<void> => {
    await ledger.append(run, 'person:ann', event('run/requested', { run, spec: specOf({ task: run }) }));
    const budget = { scope: { over, of: 'repository' as const }, renewsOn };
    await ledger.append(run, 'engine', event('run/parked', { code: 'budget', reason: 'the budget is used up', exitCode: 6, budget }));
  };

  beforeEach(() => {
    clock = new ManualClock(Date.UTC(2026, 4, 4, 22));
    [onRenew, resumed] = ['resume', []];
    ledger = new Ledger({
      journal: new MemoryJournal({ evolve: evolveRun, hash: sha256 }),
      clock,
      log: silentLog,
      secrets: new SecretGuard([], sha256),
    });
    const budgets = {
      get today() {
        return dayOf(clock.now());
      },
      rules: async () => ({ repository: { onRenew }, everything: { onRenew: 'ask' } }),
    } as unknown as BudgetKeeper;
    renewals = new Renewals({ clock, log: silentLog, money: { dayOf } as MoneyDeps }, ledger, budgets, async (run) => {
      resumed.push(run);
      await ledger.append(run, 'policy', event('run/resumed', { why: 'there is a new budget' }));
    });
  });
  afterEach(() => {
    renewals.dispose();
    ledger.dispose();
  });

  it('go on at midnight, each when its own period is over', async () => {
    await park('day', 'day', '2026-05-05');
    await park('week', 'week', '2026-05-11');
    clock.advance(HOUR);
    await settle();
    assert.deepEqual(resumed, []);
    clock.advance(HOUR);
    await settle();
    assert.deepEqual(resumed, ['day']);
    for (let day = 0; day < 6; day += 1) {
      clock.advance(24 * HOUR);
      await settle();
    }
    assert.deepEqual([resumed, clock.timers], [['day', 'week'], 0]);
  });

  it('go on when an engine starts later', async () => {
    await park('day', 'day', '2026-05-04');
    await renewals.look();
    assert.deepEqual(resumed, ['day']);
  });

  it('wait for a person unless it was said that they go on; the inbox says that they can', async () => {
    onRenew = 'ask';
    await park('day', 'day', '2026-05-04');
    await renewals.look();
    assert.deepEqual(resumed, []);
    const titles = ['2026-05-03', '2026-05-04'].map((today) => inboxOf(ledger.openRuns(), today).map(({ title }) => title));
    assert.deepEqual(titles, [['the budget is used up'], ['there is a new budget, and it can go on; the budget is used up']]);
  });
});
