import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { foldRunCosts, slotMs } from '../../../../../src/core/projections/costs/runCosts.ts';
import { readCosts, storedCosts } from '../../../../../src/core/projections/costs/storedCosts.ts';
import { CostStory, noon } from '../../../../support/costs/costStory.ts';

const told = (): CostStory => {
  const story = new CostStory();
  const { journal } = story;
  journal.at = noon;
  journal.boot('T-r1', { task: 'T', title: 'Fix the cart', model: 'anthropic/sonnet' }).start('T-r1', 1, 'Do it.');
  story.charge('T-r1', { at: noon, key: 'a' });
  story.charge('T-r1', { at: noon + 1, key: 'b', costUsd: '0.000000000001' });
  story.charge('T-r1', { at: noon + 2, key: 'c', operation: 'tool', estimated: true, costUsd: '0.1' });
  story.charge('T-r1', { at: noon + slotMs, key: 'd', model: 'free', price: null, costUsd: null });
  return story;
};

describe('the costs of a run', () => {
  it('are sums by slot of time, attempt, model and kind of call; unpriced and estimated calls stand apart', () => {
    const [run] = told().runs;
    assert.deepEqual(
      run?.cells.map((cell) => [
        cell.at - noon,
        cell.model,
        cell.operation,
        cell.calls,
        cell.usd,
        cell.estimatedUsd,
        cell.estimatedCalls,
        cell.unpricedCalls,
        cell.unpricedTokens,
      ]),
      [
        [0, 'anthropic/sonnet', 'prompt', 2, '0.004500000001', '0', 0, 0, 0],
        [0, 'anthropic/sonnet', 'tool', 1, '0.1', '0.1', 1, 0, 0],
        [slotMs, 'anthropic/free', 'prompt', 1, '0', '0', 0, 1, 1100],
      ],
    );
  });

  it('know what came of each attempt, what changed, and the category', () => {
    const story = told();
    story.journal
      .finish('T-r1', 1, 't', 1, '')
      .revert('T-r1', 1)
      .start('T-r1', 2, 'Again.')
      .finish('T-r1', 2, 't', 0, '')
      .land('T-r1', 2, 't');
    const [run] = story.runs;
    assert.deepEqual(
      [run?.category, run?.attempts.map(({ outcome }) => outcome), run?.changedLines, run?.scope, run?.status, run?.landedAt !== null],
      ['fix', ['reverted', 'committed'], 65, ['src/auth', 'test'], 'landed', true],
    );
  });

  it('come from the messages of journals that have no charges yet', () => {
    const story = new CostStory();
    story.journal
      .boot('T-r1', { task: 'T' })
      .start('T-r1', 1, 'x')
      .say('T-r1', 1, 10, { subagent: true })
      .say('T-r1', 1, 10, { costUsd: null });
    assert.deepEqual(
      story.runs[0]?.cells.map(({ operation, usd, unpricedCalls }) => [operation, usd, unpricedCalls]),
      [
        ['subagent', '0.012', 0],
        ['prompt', '0', 1],
      ],
    );
  });

  it('are the same object when an entry tells nothing of money', () => {
    const story = told();
    const before = story.runs[0] ?? null;
    const entry = story.journal.tell('T-r1', { type: 'run/resumed', data: { why: 'answered' } });
    assert.equal(foldRunCosts(before, entry), before);
    assert.equal(foldRunCosts(null, entry), null);
  });

  it('are read back as they were stored', () => {
    for (const run of told().runs) assert.deepEqual(readCosts(storedCosts(run)), run);
  });
});
