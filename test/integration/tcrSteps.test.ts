import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { advance, git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';
import type { ModelScript } from '../support/scriptedModel.ts';

/** One file for each prompt of the conversation; null ends a turn without a change. */
const turns =
  (...files: readonly (readonly [name: string, content: string] | null)[]): ModelScript =>
  (call) => {
    const file = files[call.prompts.length - 1];
    return file ? tools(write(...file))(call) : { text: 'Nothing is left to do.' };
  };

const log = async (repository: string, range: string): Promise<readonly string[]> =>
  (await git(repository, 'log', '--reverse', '--format=%s', range)).split('\n');

describe('Step mode: every turn is tested, and committed or reverted', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let main: string;
  let squashed: Outcome;
  let kept: Outcome;
  let stuck: Outcome;
  let endless: Outcome;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        squashed: turns(['one.txt', 'good\n'], ['two.txt', 'bad\n'], ['two.txt', 'good\n'], null),
        kept: turns(['three.txt', 'good\n'], ['four.txt', 'good\n'], null),
        stuck: turns(['five.txt', 'good\n'], ['six.txt', 'bad\n'], ['six.txt', 'bad again\n']),
        endless: (call) => tools(write(`file${call.prompts.length}.txt`, 'good\n'))(call),
        moved: turns(['nine.txt', 'good\n'], ['nine.txt', 'good\nagain\n'], ['ten.txt', 'good\n'], null),
        reviewed: turns(['seven.txt', 'good\n'], ['eight.txt', 'good\n'], null),
      }),
    );
    repository = await reactor.repository('plain', plainProject('limits:\n  stepsPerRun: 3\n'));
    main = await git(repository, 'rev-parse', 'main');
    const step = ['--tcr', 'step', '--land', 'branch'];
    [squashed, kept, stuck, endless] = await Promise.all([
      reactor.run(repository, 'Write squashed', step),
      reactor.run(repository, 'Write kept', [...step, '--steps', 'keep']),
      reactor.run(repository, 'Write stuck', [...step, '--attempts', '2']),
      reactor.run(repository, 'Write endless', step),
    ]);
  });
  after(() => reactor.close());

  it('the green steps become one commit on the base, and a red one between them is reverted and fed back', async () => {
    const { commit, status } = onlyRun(squashed);
    assert.deepEqual([squashed.exitCode, status], [0, 'committed'], squashed.stderr);
    assert.equal(await git(repository, 'rev-parse', `${commit}^`), main);
    assert.equal(await git(repository, 'diff', '--name-only', main, commit ?? ''), 'one.txt\ntwo.txt');
    assert.equal(await git(repository, 'show', `${commit}:two.txt`), 'good');
    const order = squashed.entries.map(({ type }) => type).filter((type) => /stepCommitted|reverted|attempt\/committed/.test(type));
    assert.deepEqual(order, ['attempt/stepCommitted', 'attempt/reverted', 'attempt/stepCommitted', 'attempt/committed']);
    assert.match(reactor.calls('squashed')[0]?.prompt ?? '', /^Write squashed\n\nWork in small steps/);
  });

  it('INV-008: the steps that were made one commit stay reachable from a kept ref', async () => {
    const steps = await log(repository, `${main}..refs/reactor/kept/${onlyRun(squashed).run}/steps`);
    assert.deepEqual(
      steps,
      [1, 2].map((n) => `Task ${onlyRun(squashed).task}: Write squashed (step ${n})`),
    );
  });

  it('--steps keep leaves each step as its own commit', async () => {
    const { commit, task, branch } = onlyRun(kept);
    assert.equal(kept.exitCode, 0, kept.stderr);
    assert.deepEqual(await log(repository, `${main}..${branch}`), [
      `Task ${task}: Write kept (step 1)`,
      `Task ${task}: Write kept (step 2)`,
    ]);
    assert.equal(await git(repository, 'rev-parse', branch ?? ''), commit);
  });

  it('INV-007: each step is committed as the tree that its test ran on', () => {
    const tested = new Map(dataOf(squashed, 'attempt/tested').map(({ attempt, tree }) => [attempt, tree]));
    const steps = dataOf(squashed, 'attempt/stepCommitted');
    assert.equal(steps.length, 2);
    for (const { attempt, tree } of steps) assert.equal(tree, tested.get(attempt));
    assert.equal(dataOf(squashed, 'attempt/committed')[0]?.tree, steps.at(-1)?.tree);
  });

  it('a step that is never green ends the run, and the green ones before it stay on the branch', async () => {
    const { status, reason, branch } = onlyRun(stuck);
    assert.deepEqual([stuck.exitCode, status], [2, 'failed']);
    assert.equal(reason, `never green in 2 attempts; 1 green step is on ${branch}`);
    assert.equal(await git(repository, 'diff', '--name-only', main, branch ?? ''), 'five.txt');
  });

  it('ends an agent that never has nothing left to do at limits.stepsPerRun', () => {
    const { status, reason } = onlyRun(endless);
    assert.deepEqual([endless.exitCode, status], [2, 'failed']);
    assert.match(reason, /^not done after 3 steps \(limits\.stepsPerRun\); 3 green steps are on /);
  });

  it('INV-007: on a target that has moved the steps to keep are made anew, and the last of them is the tree that was tested', async () => {
    await git(repository, 'branch', 'trunk', main);
    const theirs = await advance(repository, 'trunk', { 'theirs.txt': 'good\n' });
    const outcome = await reactor.run(repository, 'Write moved', [
      '--tcr',
      'step',
      '--steps',
      'keep',
      '--land',
      'ff',
      '--target',
      'trunk',
      '--base',
      'main',
    ]);
    const { status, task } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status], [0, 'landed'], outcome.stderr);
    assert.deepEqual(
      await log(repository, `${theirs}..trunk`),
      [1, 2, 3].map((n) => `Task ${task}: Write moved (step ${n})`),
    );
    assert.equal(await git(repository, 'log', '--reverse', '--format=', '--name-only', `${theirs}..trunk`), 'nine.txt\nnine.txt\nten.txt');
    assert.equal(await git(repository, 'rev-parse', 'trunk^{tree}'), dataOf(outcome, 'landing/tested')[0]?.tree);
    assert.deepEqual(
      dataOf(outcome, 'landing/prepared').map(({ merged, steps }) => [merged, steps]),
      [[true, 3]],
    );
  });

  it('a person reviews all steps at once, and may take a part of them', async () => {
    const outcome = await reactor.call(repository, ['run', '--json', '--prompt', 'Write reviewed', '--tcr', 'step', '--approve', 'never']);
    const { run } = onlyRun(outcome);
    assert.equal(outcome.exitCode, 5, outcome.stderr);
    const asked = dataOf(outcome, 'approval/requested');
    assert.deepEqual(
      asked.map(({ title }) => title),
      ['review: 2 files +2 −0, tests green'],
    );
    const part = await reactor.call(repository, ['reject', run, '--file', 'eight.txt', '--json']);
    assert.equal(part.exitCode, 5, part.stderr);
    const taken = await reactor.call(repository, ['approve', run, '--json']);
    assert.deepEqual([taken.exitCode, onlyRun(taken).status], [0, 'landed'], taken.stderr);
    assert.equal(await git(repository, 'diff', '--name-only', main, 'main'), 'seven.txt');
    assert.equal(await git(repository, 'rev-list', '--count', `${main}..main`), '1');
  });
});
