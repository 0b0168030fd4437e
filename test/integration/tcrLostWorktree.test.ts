import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { commitFiles, git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('A worktree that is removed while its run waits for a person', function () {
  this.timeout(180_000);
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        commented: (call) => tools(write(call.prompt.includes('Write more') ? 'more.txt' : 'commented.txt', 'good\n'))(call),
        landing: tools(write('landing.txt', 'good\n')),
        costly: tools(write('one.txt', 'good\n'), write('two.txt', 'good\n')),
      }),
    );
  });
  after(() => reactor.close());

  const worktreeOf = (outcome: Outcome): string => dataOf(outcome, 'cell/planned')[0]?.worktree ?? '';
  const told = (outcome: Outcome): string[] => dataOf(outcome, 'run/recoveryApplied').map(({ code, what }) => `${code} ${what}`);

  it('is made again with the candidate and set up, and the changes that are asked for are made there', async () => {
    const repository = await reactor.repository('commented', plainProject('setup: pwd\n'));
    const parked = await reactor.run(repository, 'Write commented', ['--task', 'commented', '--approve', 'ask']);
    rmSync(worktreeOf(parked), { recursive: true });
    const outcome = await reactor.call(repository, ['reject', 'commented', '--comment', 'Write more, please.', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [5, 'parked', 2], outcome.stderr);
    assert.deepEqual(told(outcome), ['IG the worktree was gone and was made again with the candidate of attempt 1']);
    assert.equal(dataOf(outcome, 'cell/setupFinished').length, 1);
    const landed = await reactor.call(repository, ['approve', 'commented', '--json']);
    assert.equal(landed.exitCode, 0, landed.stderr);
    assert.deepEqual(
      [await git(repository, 'show', 'main:commented.txt'), await git(repository, 'show', 'main:more.txt')],
      ['good', 'good'],
    );
  });

  it('is made again to test the merge with a target that has moved', async () => {
    const repository = await reactor.repository('landing', plainProject());
    const parked = await reactor.run(repository, 'Write landing', ['--task', 'landing', '--approve', 'ask']);
    await git(repository, 'worktree', 'remove', '--force', worktreeOf(parked));
    await commitFiles(repository, { 'other.txt': 'by hand\n' });
    const outcome = await reactor.call(repository, ['approve', 'landing', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    assert.equal(await git(repository, 'show', 'main:landing.txt'), 'good');
  });

  it('is made again for a run that goes on with a higher budget', async () => {
    const repository = await reactor.repository('costly', plainProject());
    const parked = await reactor.run(repository, 'Write costly', ['--task', 'costly', '--budget', '0.006', '--land', 'branch']);
    assert.deepEqual([parked.exitCode, onlyRun(parked).status], [6, 'parked'], parked.stderr);
    rmSync(worktreeOf(parked), { recursive: true });
    const outcome = await reactor.call(repository, ['resume', 'costly', '--budget', '5', '--json']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'committed'], outcome.stderr);
  });
});
