import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import type { GitRepository } from '../../src/core/ports/git.ts';
import { requires } from '../support/requires.ts';
import { GitFixture, outcome, value } from './gitFixture.ts';

/** A path below a folder whose bytes are those of the text in Latin-1, so that it is not UTF-8. */
const latin = (folder: string, path: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);

describe('Files in a cell that git has trouble with', function () {
  this.timeout(60_000);
  let f: GitFixture;
  let repository: GitRepository;
  let cell: string;
  let base: string;
  afterEach(() => f.dispose());

  const open = async (): Promise<void> => {
    f = new GitFixture();
    base = f.commit({ 'a.txt': 'a\n', 'sub/b.txt': 'b\n' });
    repository = await f.open();
    cell = await f.cell(repository, 'one');
  };

  const seen = async () => {
    const { tree, keep, unrecorded } = value(await repository.snapshot(cell));
    return { files: f.files(keep ?? tree).map((file) => file.slice('100644 '.length)), unrecorded };
  };

  /** Back to the base, whatever is there. */
  const assertReset = async (): Promise<void> => {
    value(await repository.resetWorktree(cell, base));
    assert.equal(f.in(cell, 'status', '--porcelain'), '');
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
  };

  it('tells what stands in the place of a tracked file and can not be recorded, and records the rest', async () => {
    await open();
    const kinds: readonly (readonly [is: string, make: readonly string[]])[] = [
      ['a named pipe', ['mkfifo', 'a.txt']],
      ['a socket', [process.execPath, '-e', "require('net').createServer().listen('a.txt', () => process.exit(0))"]],
      ...(process.getuid?.() === 0 ? [['a device', ['mknod', 'a.txt', 'c', '1', '3']] as const] : []),
    ];
    for (const [is, [program = '', ...args]] of kinds) {
      rmSync(join(cell, 'a.txt'));
      f.write({ 'n.txt': 'n\n' }, cell);
      execFileSync(program, args, { cwd: cell });
      assert.deepEqual(await seen(), { files: ['n.txt', 'sub/b.txt'], unrecorded: [{ path: 'a.txt', is }] });
      await assertReset();
    }
  });

  it('records a folder in the place of a file without the pipe in it', async () => {
    await open();
    rmSync(join(cell, 'a.txt'));
    f.write({ 'a.txt/in': 'i\n' }, cell);
    execFileSync('mkfifo', [join(cell, 'a.txt/pipe')]);
    assert.deepEqual(await seen(), { files: ['a.txt/in', 'sub/b.txt'], unrecorded: undefined });
    await assertReset();
  });

  it('brings back a folder that was moved and put behind a link of its name, inside and outside', async () => {
    await open();
    for (const place of [join(cell, 'real'), join(f.root, 'out')]) {
      renameSync(join(cell, 'sub'), place);
      symlinkSync(place, join(cell, 'sub'));
      assert.ok((await seen()).files.includes('sub'));
      await assertReset();
      assert.equal(readFileSync(join(cell, 'sub/b.txt'), 'utf8'), 'b\n');
    }
    renameSync(join(cell, 'sub'), join(cell, 'real'));
    symlinkSync('real', join(cell, 'sub'));
    value(await repository.checkoutTree(cell, await repository.treeOf(base)));
    assert.equal(f.in(cell, 'status', '--porcelain'), '');
  });

  it('records a change of case alone, and submodules that no .gitmodules tells of by their files', async () => {
    await open();
    renameSync(join(cell, 'a.txt'), join(cell, 'A.txt'));
    f.in(cell, 'rm', '--cached', '-r', '--quiet', 'sub');
    f.in(cell, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    assert.deepEqual((await seen()).files, ['A.txt', 'sub/b.txt']);
    await assertReset();
  });

  it('records names that are not UTF-8, and repositories with such names and such files', async function () {
    requires(this, process.platform === 'linux', 'a file system that takes every name');
    await open();
    writeFileSync(latin(cell, 'n\xe9'), 'n');
    for (const name of ['empty\xe9', 'full\xe9']) {
      mkdirSync(latin(cell, name));
      writeFileSync(latin(cell, `${name}/x\xe8`), 'x');
    }
    const make = 'git init --quiet empty* && git init --quiet full* && cd full* && git add --all && git commit --quiet -m x';
    const author = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' };
    execFileSync('sh', ['-c', make], { cwd: cell, env: { ...f.environment, ...author } });
    const names = ['a.txt', 'empty\ufffd/x\ufffd', 'full\ufffd/x\ufffd', 'n\ufffd', 'sub/b.txt'];
    assert.deepEqual((await seen()).files, names);
    const { tree, keep } = value(await repository.snapshot(cell));
    assert.deepEqual(value(await repository.snapshot(cell)), { tree, keep });
    await assertReset();
    value(await repository.checkoutTree(cell, keep ?? ''));
    assert.equal(readFileSync(latin(cell, 'empty\xe9/x\xe8'), 'utf8'), 'x');
  });

  it('says in one sentence of a file and of a folder that they are nested too deep, and of what can not be removed', async () => {
    await open();
    const step = `mkdir ${'x'.repeat(200)} && cd ${'x'.repeat(200)}`;
    for (const [depth, end] of [
      [20, `echo deep > ${'y'.repeat(250)}`],
      [25, 'true'],
    ] as const) {
      const script = `${Array.from({ length: depth }, () => step).join(' && ')} && ${end}`;
      try {
        // The shell's own `cd` gives up on a path that is too long for the system; what is there by then is deep enough.
        execFileSync('bash', ['-c', `cd -P . && ${script}`], { cwd: cell, stdio: 'ignore' });
      } catch {
        // As said.
      }
      const refused = [await repository.snapshot(cell), await repository.resetWorktree(cell, base)];
      const begin = `${'x'.repeat(60)}… is nested so deep that what is in it has no name`;
      assert.deepEqual(
        refused.map((result) => (result.ok ? null : result.error)),
        [
          { code: 'tooLarge', message: `${begin}, and can't be recorded` },
          { code: 'tooLarge', message: `${begin}, and can't be removed` },
        ],
      );
      execFileSync('rm', ['-rf', join(cell, 'x'.repeat(200))]);
    }
    assert.equal(outcome(await repository.removeWorktree(cell)), 'ok');
  });

  it('INV-008: what an agent has made unreadable for its own user is recorded, and never lost by a reset', async () => {
    const isRoot = process.getuid?.() === 0;
    f = new GitFixture();
    try {
      if (isRoot) {
        execFileSync('chown', ['-R', '65534', f.root]);
        openWay(f.root);
        process.seteuid?.(65_534);
      }
      base = f.commit({ 'a.txt': 'a\n', 'sub/b.txt': 'b\n' });
      repository = await f.open();
      cell = await f.cell(repository, 'one');
      const changes: Readonly<Record<string, string>> = {
        'a.txt': 'changed\n',
        'new.txt': 'n\n',
        'sub/n.txt': 'n\n',
        'folder/n.txt': 'n\n',
      };
      for (const [closed, path] of [
        ['a.txt', 'a.txt'],
        ['new.txt', 'new.txt'],
        ['sub', 'sub/n.txt'],
        ['folder', 'folder/n.txt'],
        ['', 'new.txt'],
      ] as const) {
        f.write({ [path]: changes[path] ?? '' }, cell);
        chmodSync(join(cell, closed), 0);
        const { tree } = value(await repository.snapshot(cell));
        assert.equal(`${f.run('show', `${tree}:${path}`)}\n`, changes[path]);
        chmodSync(join(cell, closed), 0);
        await assertReset();
      }
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

/** Lets every user pass through the folders to a place, as far as they are this test's own. */
function openWay(place: string): void {
  for (let folder = place; folder !== join(folder, '..'); folder = join(folder, '..'))
    if (statSync(folder).uid === 0 && (statSync(folder).mode & 0o001) === 0) chmodSync(folder, statSync(folder).mode | 0o011);
}
