import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import type { AgentClient } from '../../../src/core/ports/agent.ts';
import { BudgetCrowd, CALL_USD } from '../../support/budgetCrowd.ts';
import { temporaryFolder } from '../../support/journalSamples.ts';
import { SeededRandom } from '../../support/seededRandom.ts';

describe('The money of a run', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let crowd: BudgetCrowd;
  beforeEach(async () => {
    folder = temporaryFolder();
    crowd = new BudgetCrowd(folder.path, new SeededRandom(1));
    await crowd.request('run');
  });
  afterEach(() => {
    crowd.close();
    folder.remove();
  });

  it('is counted at the next try when a charge could not be recorded', async () => {
    await crowd.ledger.append('run', 'engine', event('attempt/started', { attempt: 1, prompt: 'Fix it.', because: 'first' }));
    const money = crowd.money('run');
    const message = crowd.message('stop', 1);
    const { append } = crowd.ledger;
    crowd.ledger.append = () => Promise.reject(new Error('the disk is full'));
    await assert.rejects(money.record(1, message), /the disk is full/);
    crowd.ledger.append = append;
    assert.equal((await money.record(1, message)).length, 1);
    assert.deepEqual([await money.record(1, message), crowd.spentUsd], [[], CALL_USD]);
  });

  it('asks a person once about a model without a price', async () => {
    crowd.budget({ perDayUsd: '1', unpriced: 'ask' });
    const asked: string[] = [];
    const money = crowd.money('run', {
      request: async (run, request) => {
        asked.push(request.title);
        await crowd.ledger.append(run, 'engine', event('approval/requested', { id: 'q', ...request }));
        return 'q';
      },
    });
    const client = { modelFacts: async () => null } as unknown as AgentClient;
    const { signal } = new AbortController();
    assert.deepEqual([await money.reserve(client, signal), await money.reserve(client, signal)], [false, false]);
    assert.deepEqual(asked, ['let scripted/m1 work, whose price is not known']);
  });
});
