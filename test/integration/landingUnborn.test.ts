import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type DomainEvent, event } from '../../src/core/journal/events.ts';
import type { GitRepository } from '../../src/core/ports/git.ts';
import type { RunState } from '../../src/core/run/state.ts';
import type { LandingAhead } from '../../src/engine/landing/landingAhead.ts';
import { moveTargetTo } from '../../src/engine/landing/moveTarget.ts';
import { landingOnto } from '../../src/engine/landing/onto.ts';
import { predictConflicts } from '../../src/engine/landing/predictConflicts.ts';
import { targetTip } from '../../src/engine/landing/targetTip.ts';
import type { RunContext } from '../../src/engine/runContext.ts';
import { prepareLanding } from '../../src/engine/steps/landing.ts';
import { RunStory, specOf } from '../support/runStory.ts';
import { GitFixture, value } from './gitFixture.ts';

describe('A landing on a branch that has no commit', function () {
  this.timeout(60_000);
  let f: GitFixture;
  let repository: GitRepository;
  let empty: string;
  beforeEach(async () => {
    f = new GitFixture();
    repository = await f.open();
    empty = value(await repository.emptyCommit());
  });
  afterEach(() => f.dispose());

  const parentsOf = (commit: string): string => f.run('log', '-1', '--format=%P', commit);
  const treeOf = (commit: string): string => f.run('rev-parse', `${commit}^{tree}`);

  /** A run whose work, committed, is one file. */
  const made = (run: string, content: string, path = run): RunState => {
    const folder = `${f.root}/${run}`;
    f.in(f.root, 'init', '--quiet', '--initial-branch=main', folder);
    f.write({ [path]: content }, folder);
    f.in(folder, 'add', '--all');
    f.in(folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', 'commit', '--quiet', '-m', run);
    f.run('fetch', '--quiet', folder, `main:refs/heads/reactor/${run}`);
    const commit = f.run('rev-parse', `reactor/${run}`);
    const tree = treeOf(commit);
    const spec = specOf({ task: run, base: empty, baseTree: treeOf(empty), unborn: empty });
    const story = new RunStory(spec).ready().attempt(1, tree).tested(1, tree, 0);
    story.tell(event('attempt/committed', { attempt: 1, commit, tree, branch: `reactor/${run}` }));
    return { ...story.state, run };
  };

  const asLanded = (state: RunState): RunState => {
    const { commit, tree } = state.lastGreen;
    const story = new RunStory(state.spec).tell(event('landing/queued', { target: 'main' }));
    story.tell(event('landing/landed', { target: 'main', from: '0'.repeat(40), to: commit, tree, checkout: 'none' }));
    return story.state;
  };

  it('is the commit itself, in whatever way it is to land', async () => {
    const state = made('one', '1\n');
    for (const land of ['ff', 'merge'] as const) {
      const asked = { ...state, spec: { ...state.spec, land } };
      assert.deepEqual(await landingOnto(repository, asked, empty), { kind: 'ready', ...state.lastGreen, merged: false });
    }
  });

  it('is merged with the first commit that somebody else made, and has nothing else in its history', async () => {
    const state = made('one', '1\n');
    const theirs = f.commit({ other: '2\n' });
    const seen: string[] = [];
    for (const land of ['ff', 'merge'] as const) {
      const onto = await landingOnto(repository, { ...state, spec: { ...state.spec, land } }, theirs);
      assert.ok(onto.kind === 'ready' && onto.merged);
      assert.deepEqual(f.files(onto.tree), ['100644 one', '100644 other']);
      seen.push(parentsOf(onto.commit));
    }
    assert.deepEqual(seen, [theirs, `${theirs} ${state.lastGreen.commit}`]);
    const clash = f.commit({ one: '2\n' });
    const conflict = await landingOnto(repository, state, clash);
    assert.deepEqual(conflict.kind === 'conflicts' && conflict.paths, ['one']);
  });

  it('INV-007: makes the branch only while it has no commit', async () => {
    const { spec, lastGreen } = made('one', '1\n');
    f.run('symbolic-ref', 'HEAD', 'refs/heads/elsewhere');
    const context = { deps: { repository }, run: 'one-r1', state: { spec: { ...spec, checkout: null } } } as unknown as RunContext;
    const move = () => moveTargetTo(context, { target: 'main', onto: empty, commit: lastGreen.commit, reason: 'landed' });
    f.run('update-ref', 'refs/heads/main', empty);
    assert.deepEqual(await move(), { kind: 'lost' });
    f.run('update-ref', '-d', 'refs/heads/main');
    assert.deepEqual(await move(), { kind: 'moved', checkout: 'none' });
    assert.deepEqual([f.run('rev-parse', 'main'), parentsOf('main')], [lastGreen.commit, '']);
  });

  it('does not bring back a branch that somebody has renamed or deleted meanwhile', async () => {
    const landed = made('one', '1\n');
    const state = made('two', '2\n');
    const records: string[] = [];
    const contextOf = (checkout: string | null): RunContext =>
      ({
        deps: { repository, journal: { recentRuns: () => [landed, asLanded(landed)] } },
        engine: { lines: { isCautious: () => true } },
        run: 'two-r1',
        state: { ...state, spec: { ...state.spec, checkout } },
        record: async ({ type, data }: DomainEvent) => {
          records.push(type === 'landing/refused' && 'message' in data ? `${data.code}: ${data.message}` : type);
          return 1;
        },
      }) as unknown as RunContext;
    const context = contextOf(f.repo);
    const { commit } = state.lastGreen;
    const tips = [await targetTip(context)];
    // Somebody else names the branch that is to come.
    f.run('symbolic-ref', 'HEAD', 'refs/heads/elsewhere');
    tips.push(await targetTip(context));
    assert.deepEqual(await moveTargetTo(context, { target: 'main', onto: empty, commit, reason: 'landed' }), { kind: 'lost' });
    await prepareLanding(context, { readyOn: async () => null } as unknown as LandingAhead, false);
    // There is no HEAD that says where a bare repository's person is: what has landed there before says that the branch was there.
    tips.push(await targetTip(contextOf(null)));
    f.run('symbolic-ref', 'HEAD', 'refs/heads/main');
    tips.push(await targetTip(context));
    assert.deepEqual(tips, [empty, null, null, empty]);
    assert.equal(f.run('for-each-ref', 'refs/heads/main'), '');
    const todo =
      'the branch main is no longer there; make it again, as with `git branch main reactor/TASK-001`, and run: reactor approve two-r1';
    assert.deepEqual(records, ['landing/started', `gone: ${todo}`]);
  });

  it('is foreseen to conflict with what others make there, be it the first commit', async () => {
    const changed = (state: RunState): RunState => ({
      ...state,
      attempts: state.attempts.map((attempt) => ({
        ...attempt,
        candidate: attempt.candidate && { ...attempt.candidate, files: [{ status: 'added', path: 'same', added: 1, removed: 0 }] },
      })),
    });
    const states = [made('one', '1\n', 'same'), made('two', '2\n', 'same')].map(changed);
    const foreseen = async () => {
      const found = await predictConflicts({ repository, agents: { whileStill: async () => null } }, states, new AbortController().signal);
      return [...found].map(([run, conflicts]) => `${run}: ${conflicts.map((conflict) => conflict.with).join(', ')}`);
    };
    assert.deepEqual(await foreseen(), ['one: two', 'two: one']);
    f.run('update-ref', 'refs/heads/main', f.commit({ same: '3\n' }));
    assert.deepEqual(await foreseen(), ['one: main, two', 'two: main, one']);
  });
});
