import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import type { GitRepository } from '../../src/core/ports/git.ts';
import { GitFixture, outcome, value } from './gitFixture.ts';

describe('a reset of a cell', function () {
  this.timeout(120_000);
  let at: GitFixture | undefined;
  let child: ChildProcess | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => {
    child?.kill('SIGKILL');
    child = undefined;
    at?.dispose();
  });

  const start = async () => {
    const f = fixture();
    const first = f.commit({ '.gitignore': '*.log\n', a: '1\n', 'folder/b': '1\n' });
    const second = f.commit({ a: '2\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one', first);
    return { f, first, second, repository, cell };
  };
  const state = async (f: GitFixture, repository: GitRepository, cell: string): Promise<unknown> => ({
    head: f.in(cell, 'symbolic-ref', 'HEAD'),
    commit: f.in(cell, 'rev-parse', 'HEAD'),
    status: f.in(cell, 'status', '--porcelain', '--ignored', '--branch').replace(/^.*\n?/, ''),
    inProgress: f.in(cell, 'status').match(/in progress|unmerged paths|currently/gi),
    branch: await repository.readRef('refs/heads/reactor/one'),
  });
  const at1 = (commit: string, status = ''): unknown => ({
    head: 'refs/heads/reactor/one',
    commit,
    status,
    inProgress: null,
    branch: commit,
  });

  it('takes back edits, untracked files and repositories, and keeps ignored files', async () => {
    const { f, first, repository, cell } = await start();
    f.write(
      { a: 'x', 'new/file': 'x', 'folder/c.log': 'kept', '.gitignore': '*.log\nhidden\n', hidden: 'x', '-rf': 'x', 'new\nline': 'x' },
      cell,
    );
    rmSync(join(cell, 'folder/b'));
    f.in(cell, 'init', '--quiet', 'nested/empty');
    f.write({ x: '1' }, join(cell, 'nested/full'));
    f.in(join(cell, 'nested/full'), 'init', '--quiet');
    f.in(join(cell, 'nested/full'), 'add', '--all');
    f.in(join(cell, 'nested/full'), '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'x');
    f.in(cell, 'add', 'nested/full');
    value(await repository.resetWorktree(cell, first));
    assert.deepEqual(await state(f, repository, cell), at1(first, '!! folder/c.log'));
    assert.deepEqual(readdirSync(cell).sort(), ['.git', '.gitignore', 'a', 'folder']);
  });

  it('comes back from a detached HEAD, another branch, a deleted branch, and moves to the commit', async () => {
    const { f, first, second, repository, cell } = await start();
    const mishaps: (() => void)[] = [
      () => f.in(cell, 'checkout', '--quiet', '--detach', second),
      () => f.in(cell, 'checkout', '--quiet', '-b', 'other', second),
      () => {
        f.in(cell, 'checkout', '--quiet', '--detach');
        f.in(cell, 'branch', '--quiet', '-D', 'reactor/one');
      },
      () => f.in(cell, 'checkout', '--quiet', '--orphan', 'nothing'),
    ];
    for (const mishap of mishaps) {
      mishap();
      f.write({ a: 'x' }, cell);
      value(await repository.resetWorktree(cell, first));
      assert.deepEqual(await state(f, repository, cell), at1(first));
    }
    value(await repository.resetWorktree(cell, second));
    assert.deepEqual(await state(f, repository, cell), at1(second));
    assert.equal(f.run('rev-parse', 'other'), second);
  });

  it('comes back from a merge, rebase, cherry-pick, revert and bisect', async () => {
    const { f, first, second, repository, cell } = await start();
    const conflicting = (): void => {
      f.write({ a: '3\n' }, cell);
      f.in(cell, 'commit', '--quiet', '--all', '-m', 'three');
    };
    const begin: (() => void)[] = [
      () => f.in(cell, 'merge', second),
      () => f.in(cell, 'rebase', second),
      () => f.in(cell, 'cherry-pick', second),
      () => {
        f.in(cell, 'commit', '--quiet', '--allow-empty', '-m', 'x');
        f.in(cell, 'revert', second);
      },
      () => {
        f.in(cell, 'bisect', 'start', 'HEAD', first);
        throw new Error('goes on');
      },
    ];
    for (const step of begin) {
      conflicting();
      assert.throws(step);
      assert.notEqual(f.in(cell, 'status').match(/in progress|unmerged paths|currently/gi), null);
      value(await repository.resetWorktree(cell, first));
      assert.deepEqual(await state(f, repository, cell), at1(first));
    }
    assert.equal(f.in(cell, 'for-each-ref', 'refs/bisect'), '');
  });

  it('removes a lock that a killed git left, and respects that of a live one', async () => {
    const { f, first, repository, cell } = await start();
    const lock = join(f.repo, '.git/worktrees/one/index.lock');
    writeFileSync(lock, '');
    f.write({ a: 'x' }, cell);
    value(await repository.resetWorktree(cell, first));
    assert.deepEqual([existsSync(lock), f.warnings], [false, ['removed a lock file that a killed git left in a cell']]);

    child = spawn('git', ['cat-file', '--batch'], { cwd: cell, stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin?.write('HEAD\n');
    await new Promise((resolve) => child?.stdout?.once('data', resolve));
    writeFileSync(lock, '');
    const refused = await repository.resetWorktree(cell, first);
    assert.deepEqual([outcome(refused), !refused.ok && refused.error.message.includes(lock)], ['locked', true]);
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    value(await repository.resetWorktree(cell, first));
  });

  it('works with a broken index, links in the place of folders, and read-only folders', async () => {
    const { f, first, repository, cell } = await start();
    f.write({ treasure: 'x' }, join(f.root, 'elsewhere'));
    rmSync(join(cell, 'folder'), { recursive: true });
    symlinkSync(join(f.root, 'elsewhere'), join(cell, 'folder'));
    writeFileSync(join(f.repo, '.git/worktrees/one/index'), 'garbage that is no index and never was one');
    mkdirSync(join(cell, 'ro/below'), { recursive: true });
    writeFileSync(join(cell, 'ro/below/x'), 'x');
    chmodSync(join(cell, 'ro/below'), 0o500);
    value(await repository.resetWorktree(cell, first));
    assert.deepEqual(await state(f, repository, cell), at1(first));
    assert.deepEqual(readdirSync(join(f.root, 'elsewhere')), ['treasure']);
  });

  it('leaves worktrees alone that Reactor did not make', async () => {
    const { f, first, repository } = await start();
    f.run('worktree', 'add', '--quiet', '-b', 'mine', join(f.root, 'mine'));
    f.write({ a: 'precious' }, join(f.root, 'mine'));
    f.write({ a: 'precious' });
    for (const path of [f.repo, join(f.root, 'mine')]) {
      assert.deepEqual(
        [
          await repository.resetWorktree(path, first),
          await repository.checkoutTree(path, first),
          await repository.populateWorktree(path),
        ].map(outcome),
        ['failed', 'failed', 'failed'],
      );
      assert.equal(readFileSync(join(path, 'a'), 'utf8'), 'precious');
    }
  });

  it('brings back a tree without moving HEAD', async () => {
    const { f, first, second, repository, cell } = await start();
    f.write({ a: 'candidate', 'new/file': 'x', 'x.log': 'ignored' }, cell);
    rmSync(join(cell, 'folder/b'));
    const { tree } = value(await repository.snapshot(cell));
    value(await repository.resetWorktree(cell, first));
    f.write({ other: 'y', a: 'something else' }, cell);
    value(await repository.checkoutTree(cell, tree));
    assert.deepEqual(
      [value(await repository.snapshot(cell)).tree, f.in(cell, 'rev-parse', 'HEAD'), f.in(cell, 'status', '--porcelain', '--ignored')],
      [tree, first, 'M  a\nD  folder/b\nA  new/file\n!! x.log'],
    );
    value(await repository.checkoutTree(cell, await repository.treeOf(second)));
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(second));
  });
});
