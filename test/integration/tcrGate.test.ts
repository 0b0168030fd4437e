import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { defaultSandbox } from '../support/defaultSandbox.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { checkoutState, git } from '../support/sampleRepository.ts';
import { byWord, isRetry, tools, write } from '../support/sampleScript.ts';

describe('The gate: tested, then committed, or reverted', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let main: string;
  let untouched: Awaited<ReturnType<typeof checkoutState>>;
  let learning: Outcome;
  let never: Outcome;
  let redBase: Outcome;
  let idle: Outcome;
  let meddling: Outcome;
  let several: Outcome;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        learning: (call) => tools(write('learning.txt', isRetry(call) ? 'good\n' : 'bad first try\n'))(call),
        stubborn: (call) => tools(write('stubborn.txt', isRetry(call) ? 'bad second try\n' : 'bad first try\n'))(call),
        idle: () => ({ text: 'All is well already.' }),
        well: tools(write('well.txt', 'good\n')),
        meddling: tools(write('meddling.txt', 'good\n')),
      }),
      { REACTOR_SANDBOX: await defaultSandbox() },
    );
    repository = await reactor.repository('plain', plainProject());
    main = await git(repository, 'rev-parse', 'main');
    untouched = await checkoutState(repository);
    const file = join(reactor.root, 'several.yaml');
    writeFileSync(
      file,
      'tasks:\n  - id: WELL\n    prompt: Write well\n    land: branch\n  - id: ILL\n    prompt: Be idle again\n    land: branch\n',
    );
    [learning, never, redBase, idle, meddling, several] = await Promise.all([
      reactor.run(repository, 'Write learning', ['--land', 'branch']),
      reactor.run(repository, 'Write stubborn', ['--attempts', '2']),
      reactor.run(repository, 'Write redbase', ['--test', 'echo broken since yesterday; exit 3']),
      reactor.run(repository, 'Be idle'),
      reactor.run(repository, 'Write meddling', [
        '--land',
        'branch',
        '--test',
        'sh check.sh && echo more >> readme.txt && echo new > report.txt',
      ]),
      reactor.call(repository, ['run', '--json', '--file', file, '--approve', 'auto']),
    ]);
  });
  after(() => reactor.close());

  it('red is reverted and fed back, and the second attempt is committed alone', async () => {
    const { commit, attempts, status } = onlyRun(learning);
    assert.deepEqual([learning.exitCode, status, attempts], [0, 'committed', 2]);
    assert.equal(await git(repository, 'show', `${commit}:learning.txt`), 'good');
    assert.equal(await git(repository, 'rev-parse', `${commit}^`), main);
    const second = reactor.calls('learning').find(isRetry);
    assert.match(second?.prompt ?? '', /ended with exit code 1[\s\S]*a bad word/);
  });

  it('exit code 2 when it never goes green, and the target stays where it was', async () => {
    const { status, attempts, reason, commit } = onlyRun(never);
    assert.deepEqual([never.exitCode, status, attempts, reason, commit], [2, 'failed', 2, 'never green in 2 attempts', null]);
    assert.equal(await git(repository, 'rev-parse', 'main'), main);
  });

  it('INV-008: what each reverted attempt had written is in a ref of its own', async () => {
    const refs = dataOf(never, 'attempt/candidateBuilt').map(({ keptRef }) => keptRef);
    assert.deepEqual(
      refs,
      [1, 2].map((attempt) => `refs/reactor/kept/${onlyRun(never).run}/${attempt}`),
    );
    const contents = await Promise.all(refs.map((ref) => git(repository, 'show', `${ref}:stubborn.txt`)));
    assert.deepEqual(contents, ['bad first try', 'bad second try']);
    assert.equal(onlyRun(never).kept, refs[1]);
    const order = never.entries.map(({ type }) => type).filter((type) => type === 'attempt/candidateBuilt' || type === 'attempt/reverted');
    assert.deepEqual(order, ['attempt/candidateBuilt', 'attempt/reverted', 'attempt/candidateBuilt', 'attempt/reverted']);
  });

  it('restore brings a reverted attempt back as a branch', async () => {
    const outcome = await reactor.call(repository, ['restore', onlyRun(never).run, '--attempt', '1', '--json']);
    const { branch } = JSON.parse(outcome.stdout) as { branch: string };
    assert.deepEqual([outcome.exitCode, await git(repository, 'show', `${branch}:stubborn.txt`)], [0, 'bad first try']);
  });

  it('exit code 2 for a red base, before the model is asked anything', () => {
    const { status, attempts, reason, costUsd } = onlyRun(redBase);
    assert.deepEqual([redBase.exitCode, status, attempts, costUsd, reactor.calls('redbase').length], [2, 'failed', 0, 0, 0]);
    assert.match(reason, /the base is red before any change.*exit code 3/);
    assert.match(dataOf(redBase, 'base/tested')[0]?.evidence.tail ?? '', /broken since yesterday/);
  });

  it('exit code 2 when the agent changes nothing', () => {
    assert.deepEqual([idle.exitCode, onlyRun(idle).status, onlyRun(idle).reason], [2, 'failed', 'the agent changed nothing']);
  });

  it('exit code of several runs is the gravest of theirs', () => {
    const rows = several.result?.runs.map(({ task, status }) => `${task} ${status}`);
    assert.deepEqual([several.exitCode, rows], [2, ['WELL committed', 'ILL failed']]);
  });

  it('INV-007: what the test itself writes is told and not committed', async () => {
    const { commit } = onlyRun(meddling);
    const [tested] = dataOf(meddling, 'attempt/tested');
    assert.equal(meddling.exitCode, 0);
    assert.deepEqual(tested?.changedByTest, ['readme.txt', 'report.txt']);
    assert.match(meddling.stderr, /readme\.txt/);
    assert.equal(await git(repository, 'rev-parse', `${commit}^{tree}`), tested?.tree);
    assert.equal(await git(repository, 'diff', '--name-status', main, commit ?? ''), 'A\tmeddling.txt');
  });

  it('INV-010: runs that do not land leave the checkout byte by byte as it was', async () => {
    assert.deepEqual(await checkoutState(repository), untouched);
  });

  describe('exit code 1 before anything is made', () => {
    const plain = (name: string): string => {
      const folder = join(reactor.root, name);
      mkdirSync(folder);
      return folder;
    };
    const refused = async (folder: string, ...args: string[]): Promise<string> => {
      const outcome = await reactor.call(folder, ['run', '--prompt', 'Do it', ...args]);
      assert.equal(outcome.exitCode, 1, outcome.stderr);
      return outcome.stderr;
    };

    it('for a folder that is in no repository', async () => {
      assert.match(await refused(plain('nothing')), /is not in a git repository\..*git init/);
    });

    it('for a base or a target that is not there, in a repository without a commit', async () => {
      const folder = plain('empty');
      await execa('git', ['init', '--quiet', '--initial-branch=main'], { cwd: folder });
      reactor.adopt(folder);
      assert.match(await refused(folder, '--test', 'true', '--base', 'main'), /There is no commit named main/);
      assert.match(await refused(folder, '--test', 'true', '--target', 'other'), /There is no branch other to land on/);
    });

    it('without a test command', async () => {
      const folder = await reactor.repository('untested', { 'readme.txt': 'nothing to test\n' });
      assert.match(await refused(folder), /No test command is known[\s\S]*--test "COMMAND"/);
    });

    it('for a wrong reactor.yaml, with file, line, column and what was meant', async () => {
      const folder = await reactor.repository('misspelt', { ...plainProject(), 'reactor.yaml': 'test: sh check.sh\nattemps: 5\n' });
      assert.match(await refused(folder), /reactor\.yaml:2:1.*attemps[\s\S]*attempts/);
    });

    it('for an option that does not exist, with the nearest one named', async () => {
      assert.match(await refused(repository, '--aprove', 'auto'), /unknown option '--aprove'[\s\S]*--approve/);
    });

    it('for a file of tasks of which one can not run: none of them is started', async () => {
      const file = join(reactor.root, 'tasks.yaml');
      writeFileSync(
        file,
        'tasks:\n  - id: GOOD\n    prompt: Write learning\n  - id: LOST\n    prompt: Write learning\n    target: nowhere\n',
      );
      const outcome = await reactor.call(repository, ['run', '--file', file]);
      assert.deepEqual([outcome.exitCode, /nowhere/.test(outcome.stderr)], [1, true]);
      assert.equal((await reactor.call(repository, ['show', 'GOOD'])).exitCode, 1);
    });
  });

  it('leaves no worktree behind', async () => {
    assert.equal((await git(repository, 'worktree', 'list', '--porcelain')).match(/^worktree /gm)?.length, 1);
  });
});
