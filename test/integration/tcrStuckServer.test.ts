import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('A server that is stopped (SIGSTOP) is replaced', function () {
  this.timeout(240_000);
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        tested: tools(write('tested.txt', 'good\n')),
        reviewed: (call) => tools(write(call.prompt.includes('Write more') ? 'more.txt' : 'reviewed.txt', 'good\n'))(call),
      }),
      { REACTOR_UNATTENDED_MS: '600000' },
    );
  });
  after(() => reactor.close());

  const stopServers = (): void => {
    for (const { pid } of reactor.agentServers()) process.kill(pid, 'SIGSTOP');
  };

  it('while the tests run: they run again, and the work is not taken for red', async () => {
    const repository = await reactor.repository('tested', plainProject());
    const begun = join(reactor.root, 'begun');
    const test = `if [ -f tested.txt ] && [ ! -f ${begun} ]; then touch ${begun}; sleep 600; fi`;
    const call = reactor.startRun(repository, 'Write tested', ['--task', 'tested', '--land', 'branch', '--test', test]);
    await until('the test runs', () => existsSync(begun));
    stopServers();
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'committed', 1], outcome.stderr);
    assert.deepEqual(
      [dataOf(outcome, 'attempt/tested').length, dataOf(outcome, 'cell/serverSpawned').length, dataOf(outcome, 'attempt/reverted')],
      [1, 2, []],
    );
  });

  it('while a review waits: the changes that are asked for are made by the next one, on the same work', async () => {
    const repository = await reactor.repository('reviewed', plainProject());
    const call = reactor.startRun(repository, 'Write reviewed', ['--task', 'reviewed', '--land', 'branch', '--approve', 'ask']);
    await call.entry('approval/requested');
    stopServers();
    const rejected = reactor.start(repository, ['reject', 'reviewed', '--comment', 'Write more, please.', '--json']);
    await rejected.entry('approval/requested');
    const approved = await reactor.call(repository, ['approve', 'reviewed', '--json']);
    assert.equal(approved.exitCode, 0, approved.stderr);
    const outcome = await call.outcome;
    const { status, attempts, branch } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, attempts], [0, 'committed', 2], outcome.stderr);
    assert.equal(await git(repository, 'diff', '--name-only', 'main', branch ?? ''), 'more.txt\nreviewed.txt');
    assert.equal(dataOf(outcome, 'cell/serverSpawned').length, 2);
  });
});
