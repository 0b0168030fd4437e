import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { GitFixture, outcome, value } from './gitFixture.ts';

describe('a snapshot of a cell', function () {
  this.timeout(120_000);
  let at: GitFixture | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => at?.dispose());

  it('holds every file that is not ignored, with modes and links, and touches neither files nor index', async () => {
    const f = fixture();
    f.write({ 'home/git/ignore': '*.global\n' }, f.root);
    f.commit({ '.gitignore': '*.log\n', 'run.sh': 'x\n', file: 'y\n', gone: 'z\n', 'kept.txt': '1\n' });
    f.write({ 'kept.log': 'tracked although ignored\n' });
    f.run('add', '--force', 'kept.log');
    f.run('commit', '--quiet', '--amend', '--no-edit');
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    chmodSync(join(cell, 'run.sh'), 0o755);
    unlinkSync(join(cell, 'file'));
    symlinkSync('run.sh', join(cell, 'file'));
    unlinkSync(join(cell, 'gone'));
    f.write({ 'new\nline': 'n', '-rf': 'r', 'ünï cöde/:(top)x': 'u', 'a.log': 'ignored', 'b.global': 'ignored' }, cell);
    const admin = join(f.repo, '.git/worktrees/one');
    const state = (): unknown[] => [
      readFileSync(join(admin, 'index')).toString('hex'),
      statSync(join(admin, 'index')).mtimeMs,
      readdirSync(admin)
        .filter((name) => name !== 'reactor-index')
        .sort(),
      readdirSync(cell).sort(),
    ];
    const before = state();
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(f.files(tree), [
      '100644 -rf',
      '100644 .gitignore',
      '120000 file',
      '100644 kept.log',
      '100644 kept.txt',
      '100644 new\nline',
      '100755 run.sh',
      '100644 ünï cöde/:(top)x',
    ]);
    assert.deepEqual(state(), before);
  });

  it('sees an edit of the same length made in the same instant as the checkout', async () => {
    const f = fixture();
    const names = Array.from({ length: 40 }, (_, n) => `f${n}`);
    f.commit(Object.fromEntries(names.map((name) => [name, 'before\n'])));
    const repository = await f.open();
    const nextSecond = () => systemClock.sleep(1_020 - (systemClock.now() % 1_000));
    for (let round = 0; round < 4; round += 1) {
      // Checkout and edit in one second, snapshot in a later one: file times in whole seconds tell nothing.
      await nextSecond();
      const cell = await f.cell(repository, `racy${round}`);
      for (const name of names) writeFileSync(join(cell, name), 'after!\n');
      await nextSecond();
      const { tree } = value(await repository.snapshot(cell));
      assert.deepEqual(
        new Set(
          await Promise.all(names.slice(0, 5).map(async (name) => Buffer.from((await repository.readFile(tree, name)) ?? []).toString())),
        ),
        new Set(['after!\n']),
      );
      assert.equal((await repository.changes(f.run('rev-parse', 'HEAD'), tree)).length, names.length);
    }
  });

  it('sees what changed in files and index since the one before', async () => {
    const f = fixture();
    f.commit({ '.gitignore': '*.log\n', a: 'before\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const take = async (): Promise<string[]> => {
      const { tree } = value(await repository.snapshot(cell));
      return [...f.files(tree), Buffer.from((await repository.readFile(tree, 'a')) ?? []).toString()];
    };
    const seen = [await take()];
    for (const content of ['after!\n', 'again!\n', 'before\n']) {
      f.write({ a: content, 'b.log': 'ignored' }, cell);
      seen.push(await take());
    }
    f.in(cell, 'add', '--force', 'b.log');
    seen.push(await take());
    f.in(cell, 'rm', '--quiet', '--cached', 'b.log');
    seen.push(await take());
    const plain = ['100644 .gitignore', '100644 a'];
    assert.deepEqual(seen, [
      [...plain, 'before\n'],
      [...plain, 'after!\n'],
      [...plain, 'again!\n'],
      [...plain, 'before\n'],
      [...plain, '100644 b.log', 'before\n'],
      [...plain, 'before\n'],
    ]);
  });

  it('works without an index, with a broken one, with a lock left behind, and without the .git file', async () => {
    const f = fixture();
    f.commit({ '.gitignore': '*.log\n', a: '1\n' });
    f.write({ 'kept.log': 'x\n' });
    f.run('add', '--force', 'kept.log');
    f.run('commit', '--quiet', '-m', 'log');
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const admin = join(f.repo, '.git/worktrees/one');
    f.write({ b: '2\n' }, cell);
    const trees = [value(await repository.snapshot(cell)).tree];
    writeFileSync(join(admin, 'index.lock'), '');
    trees.push(value(await repository.snapshot(cell)).tree);
    writeFileSync(join(admin, 'index'), 'not an index at all, but long enough to be looked at');
    trees.push(value(await repository.snapshot(cell)).tree);
    rmSync(join(admin, 'index'));
    trees.push(value(await repository.snapshot(cell)).tree);
    rmSync(join(cell, '.git'));
    trees.push(value(await repository.snapshot(cell)).tree);
    f.in(cell, 'init', '--quiet'); // a repository of the agent's own at the top of the cell
    trees.push(value(await repository.snapshot(cell)).tree);
    assert.deepEqual(f.files(trees[0] ?? ''), ['100644 .gitignore', '100644 a', '100644 b', '100644 kept.log']);
    assert.deepEqual([new Set(trees).size, readdirSync(admin).filter((name) => name.startsWith('reactor-index-'))], [1, []]);
  });

  it('is not fooled by entries marked as unchanged or to be skipped', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n', b: '1\n', c: '1\n', d: '1\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    f.in(cell, 'update-index', '--assume-unchanged', 'a', 'c');
    f.in(cell, 'update-index', '--skip-worktree', 'b', 'c');
    f.write({ a: '2\n', b: '2\n', c: '2\n' }, cell);
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(
      (await repository.changes(base, tree)).map(({ path }) => path),
      ['a', 'b', 'c'],
    );
    value(await repository.resetWorktree(cell, base));
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => readFileSync(join(cell, name), 'utf8')),
      ['1\n', '1\n', '1\n'],
    );
  });

  it('records a repository made in the cell as a submodule, and one without a commit by its files', async () => {
    const f = fixture();
    const base = f.commit({ '.gitignore': '*.log\n', a: '1\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    f.write(
      {
        'sub/x': '1\n',
        'deep/empty repo/y': '2\n',
        'deep/empty repo/y.log': 'ignored',
        'deep/beside': '3\n',
        'deep/empty repo/in/z': '4\n',
      },
      cell,
    );
    f.in(join(cell, 'sub'), 'init', '--quiet');
    f.in(join(cell, 'sub'), 'add', '--all');
    f.in(join(cell, 'sub'), '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'x');
    f.in(join(cell, 'deep/empty repo'), 'init', '--quiet');
    const { tree, keep } = value(await repository.snapshot(cell));
    assert.deepEqual(f.files(keep ?? ''), [
      '100644 .gitignore',
      '100644 a',
      '100644 deep/beside',
      '100644 deep/empty repo/in/z',
      '100644 deep/empty repo/y',
      '100644 sub/x',
    ]);
    assert.deepEqual(f.files(tree), [
      '100644 .gitignore',
      '100644 a',
      '100644 deep/beside',
      '100644 deep/empty repo/in/z',
      '100644 deep/empty repo/y',
      '160000 sub',
    ]);
    assert.deepEqual((await repository.changes(base, tree)).find(({ path }) => path === 'sub')?.newMode, '160000');
  });

  it('holds what a conflict left, and settings of the user that would refuse a file do not matter', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const ours = f.commit({ a: '2\n' });
    f.run('config', 'core.autocrlf', 'input');
    f.run('config', 'core.safecrlf', 'true');
    const repository = await f.open();
    const cell = await f.cell(repository, 'one', base);
    f.write({ a: '3\n' }, cell);
    f.in(cell, 'commit', '--quiet', '--all', '-m', 'x');
    assert.throws(() => f.in(cell, 'merge', ours));
    f.write({ 'crlf.txt': 'a\r\nb\n' }, cell);
    const { tree } = value(await repository.snapshot(cell));
    assert.match(Buffer.from((await repository.readFile(tree, 'a')) ?? []).toString(), /<<<<<<< HEAD\n3\n=======\n2\n/);
    assert.deepEqual(f.files(tree), ['100644 a', '100644 crlf.txt']);
  });

  it("reads a person's own checkout without touching it, and refuses a folder that was swapped for a link", async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const repository = await f.open();
    f.write({ a: '2\n', b: '3\n' });
    f.run('add', 'b');
    const before = [f.run('status', '--porcelain'), readFileSync(join(f.repo, '.git/index')).toString('hex')];
    const folder = readdirSync(join(f.repo, '.git'));
    assert.deepEqual(f.files(value(await repository.snapshot(f.repo)).tree), ['100644 a', '100644 b']);
    assert.deepEqual([f.run('status', '--porcelain'), readFileSync(join(f.repo, '.git/index')).toString('hex')], before);
    assert.deepEqual(readdirSync(join(f.repo, '.git')), folder);
    const cell = await f.cell(repository, 'one');
    renameSync(cell, `${cell}-moved`);
    symlinkSync(f.repo, cell);
    const commit = f.run('rev-parse', 'HEAD');
    assert.deepEqual(
      [await repository.snapshot(cell), await repository.resetWorktree(cell, commit), await repository.checkoutTree(cell, commit)].map(
        outcome,
      ),
      ['failed', 'failed', 'failed'],
    );
    assert.equal(f.run('status', '--porcelain'), before[0]);
  });

  it('takes thousands of files, and a hard-linked one', async () => {
    const f = fixture();
    const files: Record<string, string> = {};
    for (let n = 0; n < 4000; n += 1) files[`d${n % 100}/f${n}`] = `${n}\n`;
    const base = f.commit(files);
    const repository = await f.open();
    const cell = await f.cell(repository, 'big');
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
    mkdirSync(join(cell, 'more'));
    linkSync(join(cell, 'd0/f0'), join(cell, 'more/f0'));
    unlinkSync(join(cell, 'd1/f1'));
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(
      (await repository.changes(base, tree)).map(({ status, path }) => [status, path]),
      [
        ['deleted', 'd1/f1'],
        ['added', 'more/f0'],
      ],
    );
    value(await repository.resetWorktree(cell, base));
    assert.equal(existsSync(join(cell, 'more')), false);
  });

  it('sees every kind of change since the last one, however small, also when nothing has changed in between', async () => {
    const f = fixture();
    f.commit({ file: 'one\n', 'run.sh': 'x\n', 'folder/gone': 'z\n', link: 'l\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const look = async (): Promise<string> => value(await repository.snapshot(cell)).tree;
    const changes: readonly (() => void)[] = [
      () => f.write({ file: 'two\n' }, cell),
      () => chmodSync(join(cell, 'run.sh'), 0o755),
      () => rmSync(join(cell, 'folder'), { recursive: true }),
      () => f.write({ 'new/file': 'n\n' }, cell),
      () => {
        unlinkSync(join(cell, 'link'));
        symlinkSync('file', join(cell, 'link'));
      },
      () => f.write({ 'new/.gitignore': 'file\n' }, cell),
      () => f.write({ file: 'six\n' }, cell),
    ];
    const seen = [await look()];
    for (const change of changes) {
      assert.deepEqual([await look(), await look()], [seen.at(-1), seen.at(-1)]);
      change();
      seen.push(await look());
    }
    assert.equal(new Set(seen).size, changes.length + 1);
    assert.deepEqual(f.files(seen.at(-1) ?? ''), [
      '100644 file',
      '120000 link',
      '100644 new/.gitignore',
      '100644 new/file',
      '100755 run.sh',
    ]);
    assert.equal(f.run('show', `${seen.at(-1)}:file`), 'six');
  });

  it('sees a repository that an agent makes inside after a look that saw nothing new', async () => {
    const f = fixture();
    f.commit({ file: 'one\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const before = value(await repository.snapshot(cell)).tree;
    assert.equal(value(await repository.snapshot(cell)).tree, before);
    f.run('init', '--quiet', join(cell, 'inner'));
    f.write({ 'inner/work': 'w\n' }, cell);
    assert.notEqual(value(await repository.snapshot(cell)).tree, before);
  });
});
