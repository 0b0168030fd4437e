import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { type DomainEvent, event } from '../../src/core/journal/events.ts';
import type { RunState } from '../../src/core/run/state.ts';
import type { LandingAhead } from '../../src/engine/landing/landingAhead.ts';
import { landingOnto } from '../../src/engine/landing/onto.ts';
import type { RunContext } from '../../src/engine/runContext.ts';
import { prepareLanding } from '../../src/engine/steps/landing.ts';
import { RunStory, specOf } from '../support/runStory.ts';
import { GitFixture } from './gitFixture.ts';

describe('A target that a person has moved away from what a run started from', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => at?.dispose());

  const treeOf = (f: GitFixture, commit: string): string => f.run('rev-parse', `${commit}^{tree}`);
  const filesOf = (f: GitFixture, commit: string): string[] => f.run('ls-tree', '-r', '--name-only', commit).split('\n');

  /** A run whose green change is committed on the base. */
  const changed = (
    f: GitFixture,
    base: string,
    files: Readonly<Record<string, string>>,
    over: Parameters<typeof specOf>[0] = {},
  ): RunState => {
    const story = new RunStory(specOf({ base, baseTree: treeOf(f, base), land: 'ff', ...over })).ready();
    f.run('checkout', '--quiet', '-b', 'work', base);
    const commit = f.commit(files);
    f.run('checkout', '--quiet', 'main');
    story.attempt(1, treeOf(f, commit), 'first');
    story.tell(event('attempt/committed', { attempt: 1, commit, tree: treeOf(f, commit), branch: 'work' }));
    return story.state;
  };
  const ready = async (f: GitFixture, state: RunState) => {
    const onto = await landingOnto(await f.open(), state, f.run('rev-parse', 'main'));
    if (onto.kind !== 'ready') throw new Error(onto.kind);
    return onto;
  };

  it('gets the change alone: a file that was taken off the branch by an amended commit does not come back', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const base = f.commit({ key: 'secret\n', b: 'draft\n' });
    const state = changed(f, base, { own: 'x\n' });
    f.write({ b: 'final\n' });
    f.run('rm', '--quiet', 'key');
    f.run('commit', '--quiet', '--all', '--amend', '-m', 'Amended');
    const { commit, tree, apart } = await ready(f, state);
    assert.deepEqual(
      [filesOf(f, commit), f.run('show', `${commit}:b`), treeOf(f, commit), apart],
      [['a', 'b', 'own'], 'final', tree, base],
    );
    assert.deepEqual(f.run('log', '--format=%s', 'main~..'.concat(commit)).split('\n'), ['Task TASK-001: Fix it', 'Amended']);
  });

  it('and neither does a commit that was reset away, as a merge commit neither', async () => {
    const f = fixture();
    const first = f.commit({ a: '1\n' });
    const base = f.commit({ b: '1\n' });
    const state = changed(f, base, { own: 'x\n' }, { land: 'merge' });
    f.run('reset', '--quiet', '--hard', first);
    const { commit } = await ready(f, state);
    assert.deepEqual(filesOf(f, commit), ['a', 'own']);
    assert.deepEqual(f.run('rev-list', '--parents', '-1', commit).split(' ').length, 3);
    assert.equal(f.run('rev-list', commit).includes(base), false);
  });

  it('conflicts only where the change does, also on a history that has nothing in common', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n', b: '1\n' });
    const state = changed(f, base, { a: 'ours\n' });
    f.run('checkout', '--quiet', '--orphan', 'other');
    f.commit({ a: '1\n', b: 'other\n' });
    f.run('branch', '--force', 'main', 'other');
    assert.equal((await ready(f, state)).tree, treeOf(f, (await ready(f, state)).commit));
    f.commit({ a: 'theirs\n' });
    f.run('branch', '--force', 'main', 'other');
    assert.equal((await landingOnto(await f.open(), state, f.run('rev-parse', 'main'))).kind, 'conflicts');
  });

  it('is another matter than a run that was started from elsewhere: all that it stands on comes with it', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    f.run('checkout', '--quiet', '-b', 'feature');
    const base = f.commit({ feature: '1\n' });
    f.run('checkout', '--quiet', 'main');
    const state = changed(f, base, { own: 'x\n' });
    const onto = await ready(f, state);
    assert.deepEqual([onto.commit, onto.merged, filesOf(f, onto.commit)], [state.lastGreen.commit, false, ['a', 'feature', 'own']]);
  });

  it('is told by the name that it has now, when it was renamed since the run was asked for', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const state = changed(f, base, { own: 'x\n' });
    const repository = await f.open();
    const said = async (requestedAt: number): Promise<string> => {
      const told: string[] = [];
      const record = ({ type, data }: DomainEvent): Promise<number> =>
        Promise.resolve(type === 'landing/refused' ? told.push(`${data.code}: ${data.message}`) : 0);
      const context = { deps: { repository }, run: 'TASK-001-r1', state: { ...state, requestedAt }, record } as unknown as RunContext;
      await prepareLanding(context, {} as LandingAhead, false);
      return told.join();
    };
    f.run('branch', '--move', 'main', 'trunk');
    f.run('branch', '--move', 'trunk', 'team/trunk');
    const renamed = await said(0);
    const later = await said(Date.now() + 60_000);
    f.run('branch', '--delete', '--force', 'work');
    assert.deepEqual(
      [renamed, later, await repository.renamedTo('trunk', 0), await repository.renamedTo('work', 0)],
      [
        'gone: the branch main is called team/trunk now; merge reactor/TASK-001 into it by hand, or call it main again and run: reactor approve TASK-001-r1',
        'gone: the branch main is no longer there; make it again and run: reactor approve TASK-001-r1',
        'team/trunk',
        null,
      ],
    );
  });
});
