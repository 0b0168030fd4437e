import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { commitFiles, git } from '../support/sampleRepository.ts';
import { byWord, Gate, tools, write } from '../support/sampleScript.ts';

const ends = (outcome: Outcome): Record<string, string> =>
  Object.fromEntries((outcome.result?.runs ?? []).map(({ task, status }) => [task, status]));

describe('The line before a branch and the places side by side', function () {
  this.timeout(180_000);
  const gate = new Gate();
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        first: tools(write('first.txt', 'good\n')),
        second: tools(write('second.txt', 'good\n')),
        resting: tools(write('resting.txt', 'good\n')),
        working: gate.before(tools(write('working.txt', 'good\n'))),
      }),
    );
  });
  after(() => {
    gate.open();
    return reactor.close();
  });

  it('do not wait for each other: who is first in line and needs a place lets the one that holds it land', async () => {
    const repository = await reactor.repository('places', plainProject());
    const file = join(reactor.root, 'places.yaml');
    writeFileSync(
      file,
      '- id: resting\n  prompt: Write resting\n  approve: ask\n- id: working\n  prompt: Write working\n  approve: auto\n',
    );
    const call = reactor.start(repository, ['run', '--json', '--file', file, '--parallel', '1']);
    await call.entry('run/parked', ({ run }) => run === 'resting-r1');
    await until('the other one has the place', () => reactor.calls('working').length > 0);
    await commitFiles(repository, { 'other.txt': 'by hand\n' });
    const approve = reactor.start(repository, ['approve', 'resting', '--json']);
    await approve.entry('landing/prepared');
    await approve.entry('run/queued');
    gate.open();
    const approved = await approve.outcome;
    assert.deepEqual([approved.exitCode, ends(approved)], [0, { resting: 'landed' }], approved.stderr);
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, ends(outcome)['working']], [0, 'landed'], outcome.stderr);
    assert.deepEqual(
      (await git(repository, 'ls-tree', '--name-only', 'main')).split('\n').filter((path) => path.endsWith('.txt')),
      ['other.txt', 'readme.txt', 'resting.txt', 'working.txt'],
    );
  });

  it('are not held by a review while others wait for a place: it waits without a server, and lands once it is approved', async () => {
    const repository = await reactor.repository('reviews', plainProject());
    const args = ['--task', 'first', '--prompt', 'Write first', '--task', 'second', '--prompt', 'Write second', '--approve', 'ask'];
    const attended = { env: { REACTOR_UNATTENDED_MS: '600000' } };
    const call = reactor.start(repository, ['run', '--json', ...args, '--parallel', '1'], attended);
    await call.entry('approval/requested', ({ run }) => run === 'first-r1');
    await call.entry('approval/requested', ({ run }) => run === 'second-r1');
    assert.equal(dataOf(call, 'run/parked').length, 0);
    for (const task of ['first', 'second']) {
      const approved = await reactor.call(repository, ['approve', task, '--json']);
      assert.deepEqual([approved.exitCode, ends(approved)], [0, { [task]: 'landed' }], approved.stderr);
    }
    assert.equal((await call.outcome).exitCode, 0);
  });
});
