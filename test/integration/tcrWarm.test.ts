import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readLease } from '../../src/adapters/journal/lease.ts';
import { dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('A cell made ahead', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;

  before(async () => {
    reactor = await Reactor.open(
      byWord(Object.fromEntries(['first', 'second', 'third', 'fourth'].map((word) => [word, tools(write(`${word}.txt`, 'good\n'))]))),
    );
    repository = await reactor.repository('plain', plainProject('cells:\n  warm: 1\n'));
  });
  after(() => reactor.close());

  const warmBranches = async () =>
    (await git(repository, 'branch', '--list', 'reactor/warm-*', '--format=%(refname:short)')).split('\n').filter(Boolean);
  const warmCell = () =>
    until('a warm cell is ready', async () => {
      const { cells } = JSON.parse((await reactor.call(repository, ['status', '--json'])).stdout) as {
        cells: { phase: string; branch: string }[];
      };
      return cells.find(({ phase }) => phase === 'warm')?.branch;
    });

  it('is taken by the next task, at the base as it is then, with a branch of the task', async () => {
    const first = await reactor.run(repository, 'Write first');
    assert.equal(first.exitCode, 0);
    const branch = await warmCell();
    // The first run has landed after the warm cell's base was settled; this moves it on once more.
    await git(repository, 'commit', '--quiet', '--allow-empty', '-m', 'moved');
    const second = await reactor.run(repository, 'Write second', ['--task', 'second']);
    assert.equal(dataOf(second, 'cell/serverSpawned')[0]?.start, 0);
    const { status, base } = onlyRun(second);
    assert.deepEqual(
      [status, await git(repository, 'branch', '--list', 'reactor/second', '--format=%(refname:short)')],
      ['landed', 'reactor/second'],
    );
    assert.equal(await git(repository, 'log', '-1', '--format=%s', base ?? ''), 'moved');
    assert.equal((await warmBranches()).includes(branch), false);
    assert.deepEqual((await git(repository, 'ls-tree', '--name-only', 'main')).split('\n').sort(), [
      'check.sh',
      'first.txt',
      'reactor.yaml',
      'readme.txt',
      'second.txt',
    ]);
  });

  it('is brought to what the last run has landed', async () => {
    const branch = await warmCell();
    await until(
      'it is at the tip of main',
      async () => (await git(repository, 'rev-parse', branch)) === (await git(repository, 'rev-parse', 'main')),
    );
    const list = await git(repository, 'worktree', 'list', '--porcelain');
    const worktree = /^worktree (.*)\nHEAD .*\nbranch refs\/heads\/reactor\/warm-/m.exec(list)?.[1] ?? '';
    assert.equal(await git(worktree, 'status', '--porcelain'), '');
    assert.match(await git(worktree, 'ls-files'), /second\.txt/);
  });

  it('is thrown away when its server knows another login than one that is started now', async () => {
    const branch = await warmCell();
    const login = join(reactor.root, 'user', '.local', 'share', 'opencode', 'auth.json');
    mkdirSync(dirname(login), { recursive: true });
    writeFileSync(login, JSON.stringify({ elsewhere: { type: 'api', key: 'a new key of nobody' } }));
    const third = await reactor.run(repository, 'Write third', ['--task', 'third']);
    assert.deepEqual([onlyRun(third).status, dataOf(third, 'cell/serverSpawned')[0]?.start], ['landed', 1], third.stderr);
    await until('it has gone', async () => !(await warmBranches()).includes(branch));
    // Made after the login, so that it fits.
    await warmCell();
    const fourth = await reactor.run(repository, 'Write fourth', ['--task', 'fourth']);
    assert.deepEqual([onlyRun(fourth).status, dataOf(fourth, 'cell/serverSpawned')[0]?.start], ['landed', 0], fourth.stderr);
  });

  it('INV-005: is gone after a kill -9 of the engine, and swept up by the next one', async () => {
    await warmCell();
    const engine = readLease(reactor.journal(repository));
    process.kill(engine?.process.pid ?? 0, 'SIGKILL');
    await until('the warden has ended the server', () => reactor.agentServers().length === 0);
    assert.equal((await reactor.call(repository, ['clean', '--dry-run'])).exitCode, 0);
    await until('the warm cell has been swept up', async () => (await warmBranches()).length === 0);
    assert.equal((await git(repository, 'worktree', 'list')).split('\n').length, 1);
  });

  it('is made for somebody who comes to an engine that has not run a task yet', async () => {
    await reactor.call(repository, ['engine', '--stop', '--now']);
    assert.equal((await reactor.call(repository, ['clean', '--dry-run'])).exitCode, 0);
    const person = spawn(process.execPath, ['test/support/attendant.ts', repository], { env: reactor.env, stdio: 'ignore' });
    const gone = once(person, 'exit');
    try {
      await warmCell();
    } finally {
      person.kill();
      await gone;
    }
  });
});
