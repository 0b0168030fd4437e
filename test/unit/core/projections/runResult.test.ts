import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { exitCodeOf, resultRow } from '../../../../src/core/projections/runResult.ts';
import { FakeEngine } from '../../../support/cli/fakeEngine.ts';
import { greenRun, landRun, storySpec, told, treeOf } from '../../../support/cli/story.ts';

const spec = storySpec('TASK-001', 'Add slugify');

describe('the result of a run', () => {
  it('names what landed', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'r1', spec);
    landRun(engine, 'r1');
    assert.deepEqual(resultRow(engine.state('r1')), {
      run: 'r1',
      task: 'TASK-001',
      status: 'landed',
      commit: 'd4e5f6a7'.repeat(5),
      branch: 'main',
      tree: treeOf(1),
      base: spec.base,
      attempts: 1,
      tokens: { input: 1200, output: 600, reasoning: 0, cacheRead: 30, cacheWrite: 0 },
      costUsd: 0.0121,
      durationMs: 11_000,
      reason: 'landed on main',
      kept: 'refs/reactor/kept/run/1',
    });
  });

  it('has no cost when any part has no price', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'r1', spec);
    engine.tell('r1', told.attempt(2), told.message(2, null), ...told.ended('failed', 2, 'never green in 2 attempts'));
    const { costUsd, status, attempts } = resultRow(engine.state('r1'));
    assert.deepEqual({ costUsd, status, attempts }, { costUsd: null, status: 'failed', attempts: 2 });
  });

  it('stands for the exit code of each way to end or wait', () => {
    const engine = new FakeEngine();
    const codes: (number | null)[] = [];
    greenRun(engine, 'r1', spec);
    codes.push(exitCodeOf(engine.state('r1')));
    engine.tell('r1', told.review(1));
    codes.push(exitCodeOf(engine.state('r1')));
    engine.tell('r1', told.parked());
    codes.push(exitCodeOf(engine.state('r1')));
    engine.tell('r1', told.answered('a1', 'approved'), told.resumed());
    codes.push(exitCodeOf(engine.state('r1')));
    landRun(engine, 'r1');
    codes.push(exitCodeOf(engine.state('r1')));
    assert.deepEqual(codes, [null, 5, 5, null, 0]);
  });

  it('counts the time of a parked run until it began to wait', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'r1', spec);
    engine.tell('r1', told.review(1), told.parked());
    const { status, durationMs, reason } = resultRow(engine.state('r1'));
    assert.deepEqual({ status, durationMs, reason }, { status: 'parked', durationMs: 6000, reason: 'green and waits for your review' });
  });
});
