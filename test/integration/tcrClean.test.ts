import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { portLeaseFolder } from '../../src/adapters/files/runtimeFolder.ts';
import { dataOf, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

interface Listed {
  readonly kind: string;
  readonly name: string;
  readonly keptIn: string | null;
  readonly limit?: string | null;
  readonly removed: boolean;
}

const DAY_MS = 86_400_000;

describe('What is left behind is found, shown and removed', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;

  /** Ports are leased per machine, so what other repositories left there is passed over. */
  const clean = async (...args: string[]): Promise<Listed[]> => {
    const outcome = await reactor.call(repository, ['clean', '--json', ...args]);
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    return (JSON.parse(outcome.stdout) as { orphans: Listed[] }).orphans.filter(({ kind }) => kind !== 'port');
  };
  const brief = (found: readonly Listed[]): string[] =>
    found.map(({ kind, name, limit, removed }) => `${kind} ${name}${limit ? ` (${limit})` : ''}${removed ? ' removed' : ''}`);
  const keptDaysAgo = async (ref: string, days: number): Promise<string> => {
    const at = `${Math.floor(Date.now() / 1000) - days * 86_400} +0000`;
    const tree = await git(repository, 'rev-parse', 'main^{tree}');
    const { execa } = await import('execa');
    const made = await execa('git', ['commit-tree', tree, '-m', 'Kept'], {
      cwd: repository,
      env: { ...reactor.env, GIT_COMMITTER_DATE: at, GIT_AUTHOR_DATE: at },
    });
    await git(repository, 'update-ref', ref, made.stdout);
    return made.stdout;
  };
  const refs = async (): Promise<string[]> =>
    (await git(repository, 'for-each-ref', '--format=%(refname)', 'refs/reactor/')).split('\n').filter(Boolean);

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        alpha: tools(write('alpha.txt', 'good\n')),
        mine: tools(write('mine.txt', 'good\n')),
        waits: tools(write('waits.txt', 'good\n')),
      }),
    );
    repository = await reactor.repository('left', plainProject('retention: { keptRefs: { days: 30 }, logs: { days: 10 } }\n'));
  });
  after(() => reactor.close());

  it('INV-008: only what is past its limit goes, it is shown first, and its name and commit stand in the journal', async () => {
    const landed = await reactor.run(repository, 'Write alpha', ['--task', 'alpha']);
    const parked = await reactor.run(repository, 'Write waits', ['--task', 'waits', '--approve', 'never']);
    assert.deepEqual([onlyRun(landed).status, onlyRun(parked).status], ['landed', 'parked'], landed.stderr + parked.stderr);
    await clean('--kind', 'branch');
    const oid = await keptDaysAgo('refs/reactor/kept/ancient-r1/1', 31);
    await keptDaysAgo('refs/reactor/kept/recent-r1/1', 29);
    // An open run's kept states are what it goes back to, however old.
    await keptDaysAgo('refs/reactor/kept/waits-r1/9', 400);
    const outputs = join(dirname(reactor.journal(repository)), 'runs');
    for (const run of ['alpha-r1', 'waits-r1']) {
      for (const name of readdirSync(join(outputs, run))) {
        const old = (statSync(join(outputs, run, name)).mtimeMs - 11 * DAY_MS) / 1000;
        utimesSync(join(outputs, run, name), old, old);
      }
    }
    const before = await refs();
    const expected = ['keptRef refs/reactor/kept/ancient-r1/1 (older than 30 days)', 'log alpha-r1 (older than 10 days)'];
    assert.deepEqual(brief(await clean('--dry-run')), expected);
    // Nobody is there who could see the list and agree.
    assert.deepEqual(brief(await clean()), expected);
    assert.deepEqual([await refs(), existsSync(join(outputs, 'alpha-r1'))], [before, true]);
    assert.deepEqual(
      brief(await clean('--yes')),
      expected.map((line) => `${line} removed`),
    );
    assert.deepEqual(
      await refs(),
      before.filter((ref) => ref !== 'refs/reactor/kept/ancient-r1/1'),
    );
    assert.deepEqual(
      readdirSync(outputs).filter((run) => run !== 'alpha-r1' && run !== 'waits-r1'),
      [],
    );
    assert.equal(existsSync(join(outputs, 'alpha-r1')), false);
    const removed = dataOf({ entries: await reactor.entries(repository) }, 'clean/removed');
    assert.deepEqual(
      removed.filter(({ kind }) => kind === 'keptRef'),
      [{ kind: 'keptRef', name: 'refs/reactor/kept/ancient-r1/1', keptIn: '', because: 'older than 30 days', oid }],
    );
    assert.deepEqual(await clean(), []);
  });

  it('INV-008: a branch that may be the only place of its work goes only when it is named', async () => {
    const own = await reactor.run(repository, 'Write mine', ['--task', 'own', '--land', 'branch']);
    assert.equal(onlyRun(own).status, 'committed', own.stderr);
    await git(repository, 'branch', 'reactor/unknown', 'main');
    const branches = ['branch reactor/own', 'branch reactor/unknown'];
    assert.deepEqual(brief(await clean('--kind', 'branch')).toSorted(), branches);
    const named = await clean('reactor/own', 'reactor/unknown');
    assert.deepEqual(
      brief(named).toSorted(),
      branches.map((line) => `${line} removed`),
    );
    assert.equal(await git(repository, 'branch', '--list', 'reactor/own', 'reactor/unknown'), '');
    const removed = dataOf({ entries: await reactor.entries(repository) }, 'clean/removed').find(({ name }) => name === 'reactor/own');
    assert.deepEqual([removed?.because, removed?.oid], ['asked for by name', onlyRun(own).commit]);
  });

  it("finds what git still has of a cell's worktree that somebody removed", async () => {
    const worktree = join(dirname(reactor.journal(repository)), 'cells', 'lost-r1-a', 'worktree');
    await git(repository, 'worktree', 'add', '--quiet', '-b', 'reactor/lost', worktree, 'main');
    rmSync(dirname(worktree), { recursive: true });
    assert.deepEqual(brief(await clean()), [`worktree ${worktree} removed`, 'branch reactor/lost']);
    assert.equal((await git(repository, 'worktree', 'list', '--porcelain')).includes('lost-r1-a'), false);
    assert.deepEqual(brief(await clean('reactor/lost')), ['branch reactor/lost removed']);
  });

  it('finds processes, folders and templates of what has gone, and removes what is named or of a kind', async () => {
    const data = dirname(reactor.journal(repository));
    mkdirSync(join(data, 'cells', 'gone-r1-a', 'home'), { recursive: true });
    mkdirSync(join(data, 'cells', 'gone-r1-b', 'home'), { recursive: true });
    mkdirSync(join(data, 'templates'), { recursive: true });
    writeFileSync(join(data, 'templates', 'opencode-0.0.1.db'), '');
    const stray = spawn('sleep', ['600'], { env: { ...process.env, REACTOR_CELL: 'gone-r1-a' }, stdio: 'ignore' });
    const ended = new Promise((resolve) => stray.once('exit', (_code, signal) => resolve(signal)));
    assert.deepEqual(brief(await clean('--dry-run')).toSorted(), [
      'cache opencode-0.0.1.db',
      'folder gone-r1-a',
      'folder gone-r1-b',
      `process ${stray.pid}`,
    ]);
    assert.deepEqual(brief(await clean('gone-r1-b')), ['folder gone-r1-b removed']);
    assert.deepEqual(brief(await clean('--kind', 'cache')), ['cache opencode-0.0.1.db removed']);
    assert.deepEqual(brief(await clean()), [`process ${stray.pid} removed`, 'folder gone-r1-a removed']);
    assert.equal(await ended, 'SIGTERM');
    const unknown = await reactor.call(repository, ['clean', 'nobody']);
    assert.deepEqual([unknown.exitCode, /Nothing to clean is named nobody/.test(unknown.stderr)], [1, true]);
  });

  it('finds a port that a process which died has not given back, and gives it back', async () => {
    // Beyond all ports there are, and this process's own: leases are shared by all that runs on the machine.
    const port = String(70_000 + process.pid);
    const lease = join(portLeaseFolder(), port);
    writeFileSync(lease, '999999999-1');
    const ports = async (...args: string[]): Promise<Listed[]> => {
      const outcome = await reactor.call(repository, ['clean', '--json', ...args]);
      assert.equal(outcome.exitCode, 0, outcome.stderr);
      return (JSON.parse(outcome.stdout) as { orphans: Listed[] }).orphans.filter(({ name }) => name === port);
    };
    assert.deepEqual(brief(await ports('--dry-run')), [`port ${port}`]);
    assert.deepEqual([brief(await ports(port)), existsSync(lease)], [[`port ${port} removed`], false]);
  });
});
