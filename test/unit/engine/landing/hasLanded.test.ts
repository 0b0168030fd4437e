import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import type { GitRepository } from '../../../../src/core/ports/git.ts';
import { hasLanded } from '../../../../src/engine/landing/onto.ts';
import { baseTree, RunStory } from '../../../support/runStory.ts';

const tree = '1'.repeat(40);

describe('Whether a target has what a run was to land', () => {
  /** @param commits what came to the target since the base: the trailers of each. */
  const ask = (story: RunStory, commits: readonly Readonly<Record<string, string>>[]): Promise<boolean> => {
    const repository = {
      isAncestor: async () => false,
      commitsWithTrailer: async (_range: unknown, { key, value }: { key: string; value: string }) =>
        commits.flatMap((trailers, index) => (trailers[key] === value ? [String(index)] : [])),
    } as unknown as GitRepository;
    return hasLanded(repository, story.state, 'f'.repeat(40));
  };
  const run = { 'Reactor-Run': 'TASK-001-r1' };
  const second = (): RunStory => {
    const story = new RunStory().ready().attempt(1, '2'.repeat(40)).tested(1, '2'.repeat(40), 1);
    story.tell(event('attempt/reverted', { attempt: 1, to: 'e'.repeat(40), reason: 'the tests failed' }));
    story.attempt(2, tree, 'testsFailed').tested(2, tree, 0).committed(2, tree);
    return story.tell(event('landing/queued', { target: 'main' }));
  };

  it('is told by the trailers of the run and of the attempt that was committed, on one commit', async () => {
    assert.deepEqual(
      await Promise.all([
        ask(second(), [{ ...run, 'Reactor-Attempt': '2' }]),
        ask(second(), [{ ...run, 'Reactor-Attempt': '1' }]),
        ask(second(), [{ ...run, 'Reactor-Kept': '1' }]),
        ask(second(), [run, { 'Reactor-Run': 'TASK-002-r1', 'Reactor-Attempt': '2' }]),
      ]),
      [true, false, false, false],
    );
  });

  it('also by the last step, where steps land as they are', async () => {
    const step = { attempt: 1, step: 1, commit: 'd'.repeat(40), tree, branch: 'reactor/TASK-001' };
    const story = new RunStory().ready().attempt(1, tree).tested(1, tree, 0).tell(event('attempt/stepCommitted', step));
    story
      .attempt(2, baseTree, 'step')
      .committed(2, tree)
      .tell(event('landing/queued', { target: 'main' }));
    assert.equal(await ask(story, [{ ...run, 'Reactor-Attempt': '1', 'Reactor-Step': '1' }]), true);
  });
});
