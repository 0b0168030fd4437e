import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { event } from '../../src/core/journal/events.ts';
import type { RunState } from '../../src/core/run/state.ts';
import { GitRefused } from '../../src/engine/gitRefused.ts';
import { landingOnto } from '../../src/engine/landing/onto.ts';
import { RunStory, specOf } from '../support/runStory.ts';
import { GitFixture } from './gitFixture.ts';

describe('Steps that are kept, on a target that has moved', function () {
  this.timeout(60_000);
  let f: GitFixture;
  let base: string;
  beforeEach(() => {
    f = new GitFixture();
    base = f.commit({ 'shared.txt': 'as it was\n' });
  });
  afterEach(() => f.dispose());

  const treeOf = (commit: string): string => f.run('rev-parse', `${commit}^{tree}`);

  /** A run with a green step for each set of files, and its landing before it. */
  const stepped = (...steps: readonly Readonly<Record<string, string>>[]): RunState => {
    const story = new RunStory(specOf({ base, baseTree: treeOf(base), tcr: 'step', steps: 'keep', land: 'ff' })).ready();
    f.run('checkout', '--quiet', '-b', 'work', base);
    for (const [index, files] of steps.entries()) {
      const attempt = index + 1;
      const commit = f.commit(files, `Step\n\nReactor-Run: TASK-001-r1\nReactor-Step: ${attempt}`);
      story.attempt(attempt, treeOf(commit), attempt === 1 ? 'first' : 'step');
      story.tell(event('attempt/stepCommitted', { attempt, step: attempt, commit, tree: treeOf(commit), branch: 'work' }));
    }
    f.run('checkout', '--quiet', 'main');
    return story.state;
  };

  it('are made anew in order, the last one with the merged tree, and one that conflicts by itself becomes one with the next', async () => {
    const state = stepped({ 'one.txt': '1\n' }, { 'shared.txt': 'for a moment\n' }, { 'shared.txt': 'as it was\n', 'two.txt': '2\n' });
    const tip = f.commit({ 'shared.txt': 'theirs\n' });
    const onto = await landingOnto(await f.open(), state, tip);
    assert.equal(onto.kind, 'ready');
    if (onto.kind !== 'ready') return;
    const made = f.run('log', '--reverse', '--format=%s', `${tip}..${onto.commit}`).split('\n');
    assert.deepEqual([made, onto.steps], [[1, 3].map((n) => `Task TASK-001: Fix it (step ${n})`), 2]);
    assert.deepEqual([treeOf(onto.commit), f.run('ls-tree', '--name-only', onto.tree)], [onto.tree, 'one.txt\nshared.txt\ntwo.txt']);
    assert.equal(f.run('show', `${onto.commit}:shared.txt`), 'theirs');
    assert.equal(f.run('show', `${onto.commit}^:one.txt`), '1');
  });

  it('that can not be signed there let the run wait for its person, as any commit', async () => {
    const state = stepped({ 'one.txt': '1\n' }, { 'two.txt': '2\n' });
    const tip = f.commit({ 'shared.txt': 'theirs\n' });
    f.run('config', 'commit.gpgsign', 'true');
    f.run('config', 'gpg.program', '/nowhere/gpg');
    const refused = await landingOnto(await f.open(), state, tip).catch((error: unknown) => error);
    assert.ok(refused instanceof GitRefused && refused.isFinal, String(refused));
  });

  it('stay the very commits that they are on a target that has not moved', async () => {
    const state = stepped({ 'one.txt': '1\n' }, { 'two.txt': '2\n' });
    assert.deepEqual(await landingOnto(await f.open(), state, base), { kind: 'ready', ...state.lastGreen, merged: false });
  });
});
