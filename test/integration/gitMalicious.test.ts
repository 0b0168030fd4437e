import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { GitFixture, makeLong, value } from './gitFixture.ts';
import { useAll } from './gitUseAll.ts';

/** What git runs by itself, if it is let. */
const hooks = [
  ...[
    'applypatch-msg',
    'pre-applypatch',
    'post-applypatch',
    'pre-commit',
    'pre-merge-commit',
    'prepare-commit-msg',
    'commit-msg',
    'post-commit',
  ],
  ...['pre-rebase', 'post-checkout', 'post-merge', 'pre-push', 'post-update', 'reference-transaction', 'post-rewrite', 'post-index-change'],
];

/** Names that mean something to a shell, to git or to an argument list. */
const oddNames = [
  '-rf',
  '--exec=id',
  '--output=x',
  'new\nline',
  'tab\there',
  '"quoted"',
  ':(top)magic',
  ':!not',
  '*',
  'a b/-n',
  '$(id)',
  'ünï',
  '\u202egpj.sh',
  '.gitattributes~',
];

describe('A malicious repository', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  afterEach(() => at?.dispose());

  const open = (): GitFixture => {
    at = new GitFixture();
    return at;
  };
  it('pipes under names that git reads keep nothing waiting', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n', 'sub/b.txt': 'b\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const base = f.run('rev-parse', 'HEAD');
    const pipes = (): void => {
      for (const name of ['.gitignore', '.gitattributes', 'sub/.gitignore', 'sub/.gitattributes'])
        execFileSync('mkfifo', [join(cell, name)]);
    };
    pipes();
    writeFileSync(join(cell, 'sub/new.txt'), 'new\n');
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(f.run('ls-tree', '-r', '--name-only', tree).split('\n'), ['a.txt', 'sub/b.txt', 'sub/new.txt']);
    for (const again of [() => repository.resetWorktree(cell, base), () => repository.checkoutTree(cell, tree)]) {
      for (const name of ['.gitignore', '.gitattributes', 'sub/.gitignore', 'sub/.gitattributes'])
        rmSync(join(cell, name), { force: true });
      pipes();
      value(await again());
    }
  });

  it('a file that says it is far longer than the disk is refused with its name', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n', '.gitignore': 'ignored.bin\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    makeLong(join(cell, 'ignored.bin'), 8 * 1024 ** 4);
    value(await repository.snapshot(cell));
    makeLong(join(cell, 'long.bin'), 4 * 1024 ** 4);
    const refused = await repository.snapshot(cell);
    assert.deepEqual(refused.ok ? null : refused.error, {
      code: 'tooLarge',
      message: 'long.bin is 4398 GB long, and 8 GB is the most that a change may bring in (what git ignores does not count)',
    });
  });

  it('has no hook of it run by anything that is done with a cell', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n' });
    const mark = join(f.root, 'mark');
    for (const name of hooks) {
      writeFileSync(join(f.repo, '.git', 'hooks', name), `#!/bin/sh\necho ${name} >> ${mark}\n`);
      chmodSync(join(f.repo, '.git', 'hooks', name), 0o755);
    }
    const { repository, cell, tree } = await useAll(f, (path) =>
      f.write({ 'b.txt': 'b\n', '.githooks/post-checkout': '#!/bin/sh\nid\n' }, path),
    );
    assert.equal(f.files(tree).length, 3);
    value(await repository.removeWorktree(cell));
    assert.equal(existsSync(mark), false, existsSync(mark) ? readFileSync(mark, 'utf8') : '');
  });

  it('runs no filter, text conversion, diff or monitor that its files ask for', async () => {
    const f = open();
    const mark = join(f.root, 'mark');
    const attributes = '* filter=out diff=out text=auto eol=lf ident\n*.sh -diff\n';
    f.commit({ '.gitattributes': '*.md text\n', 'a.txt': 'a\n' });
    // As after a person included a file of the repository in their settings: what only shows text may not run programs.
    f.run('config', 'diff.out.textconv', `sh -c 'echo textconv >> ${mark}; cat'`);
    f.run('config', 'diff.out.command', `sh -c 'echo command >> ${mark}'`);
    f.run('config', 'diff.external', `sh -c 'echo external >> ${mark}'`);
    f.run('config', 'core.fsmonitor', `sh -c 'echo fsmonitor >> ${mark}'`);
    f.run('config', 'core.pager', `sh -c 'echo pager >> ${mark}'`);
    const { patch } = await useAll(f, (path) => f.write({ '.gitattributes': attributes, 'b.txt': 'secret\n', 'c.sh': 'id\n' }, path));
    assert.equal(existsSync(mark), false, existsSync(mark) ? readFileSync(mark, 'utf8') : '');
    assert.match(patch, /\+id\n/, 'a file can not be hidden from a diff by an attribute of the same change');
  });

  it('brings no program of its own into the filters that a person has set up', async () => {
    at = new GitFixture({ name: "it's 100%f" });
    const f = at;
    const mark = join(f.root, 'mark');
    f.run('config', 'filter.own.clean', 'sh tools/own.sh %f');
    f.run('config', 'filter.own.smudge', 'sh tools/own.sh');
    f.commit({ '.gitattributes': '*.x filter=own\n', 'tools/own.sh': 'sed s/a/b/\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    f.write({ 'tools/own.sh': `touch ${mark}; cat\n`, 'n.x': 'aaa\n' }, cell);
    const { tree } = value(await repository.snapshot(cell));
    value(await repository.resetWorktree(cell, f.run('rev-parse', 'HEAD')));
    f.write({ 'tools/own.sh': `touch ${mark}; cat\n` }, cell);
    value(await repository.checkoutTree(cell, tree));
    assert.deepEqual(
      [f.run('cat-file', 'blob', `${tree}:n.x`), readFileSync(join(cell, 'n.x'), 'utf8'), existsSync(mark)],
      ['baa', 'bba\n', false],
    );
    // What is set up meanwhile holds from then on.
    f.run('config', 'filter.own.clean', 'sed s/a/c/');
    f.write({ 'm.x': 'a\n' }, cell);
    assert.equal(f.run('cat-file', 'blob', `${value(await repository.snapshot(cell)).tree}:m.x`), 'c');
  });

  it('has names that stay names', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n', ...Object.fromEntries(oddNames.slice(0, 3).map((name) => [name, 'before\n'])) });
    const { repository, cell, tree, baseTree, changes, patch } = await useAll(f, (path) =>
      f.write(Object.fromEntries(oddNames.map((name) => [name, `content of ${JSON.stringify(name)}\n`])), path),
    );
    assert.deepEqual(changes.map(({ path }) => path).sort(), [...oddNames].sort());
    for (const name of oddNames) {
      assert.equal(new TextDecoder().decode((await repository.readFile(tree, name)) ?? undefined), `content of ${JSON.stringify(name)}\n`);
      const one = await repository.patch({ from: baseTree, to: tree, paths: [name], maxBytes: 100_000 });
      assert.equal(one.text.match(/^diff --git/gm)?.length, 1, name);
    }
    assert.equal(patch.match(/^diff --git/gm)?.length, oddNames.length);
    const part = value(
      await repository.withoutChanges({
        base: baseTree,
        tree,
        rejected: [
          { path: '--exec=id', hunks: null },
          { path: 'new\nline', hunks: null },
        ],
      }),
    );
    assert.equal((await repository.changes(baseTree, part)).length, oddNames.length - 2);
    value(await repository.removeWorktree(cell));
    assert.equal(readFileSync(join(f.repo, 'a.txt'), 'utf8'), 'a\n');
  });

  it('writes through no link, neither on a reset nor when a tree is laid out', async () => {
    const f = open();
    const outside = join(f.root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'a.txt'), 'untouched\n');
    f.commit({ 'dir/a.txt': 'inside\n' });
    const repository = await f.open();
    const base = f.run('rev-parse', 'HEAD');
    const cell = await f.cell(repository, 'one');
    f.in(cell, 'rm', '-rq', 'dir');
    symlinkSync(outside, join(cell, 'dir'));
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(f.files(tree), ['120000 dir']);
    value(await repository.resetWorktree(cell, base));
    assert.equal(readFileSync(join(cell, 'dir', 'a.txt'), 'utf8'), 'inside\n');
    value(await repository.checkoutTree(cell, tree));
    value(await repository.resetWorktree(cell, base));
    assert.deepEqual([readdirSync(outside), readFileSync(join(outside, 'a.txt'), 'utf8')], [['a.txt'], 'untouched\n']);
  });

  it('can fill neither memory nor a screen: a long change that is small when packed is cut', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    writeFileSync(join(cell, 'bomb.txt'), 'all the same\n'.repeat(4_000_000));
    const { tree } = value(await repository.snapshot(cell));
    const before = process.memoryUsage().rss;
    const { text, truncated } = await repository.patch({
      from: await repository.treeOf(f.run('rev-parse', 'HEAD')),
      to: tree,
      maxBytes: 1_000_000,
    });
    assert.deepEqual([truncated, text.length <= 1_000_000], [true, true]);
    assert.ok(process.memoryUsage().rss - before < 45e6, 'the whole of it was read');
    const packed = f.run('count-objects', '-v');
    assert.ok(Number(/^size: (\d+)$/m.exec(packed)?.[1]) < 5000, packed);
  });

  it('has folders nested deeper than there are names: they are told, and removed with the worktree', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const name = 'd'.repeat(200);
    execFileSync('sh', ['-c', `for i in $(seq 40); do mkdir ${name} && cd -P ${name} || exit 1; done; echo x > x.txt`], { cwd: cell });
    const refused = await repository.snapshot(cell);
    assert.deepEqual(refused.ok ? null : refused.error, {
      code: 'tooLarge',
      message: `${name.slice(0, 60)}… is nested so deep that what is in it has no name, and can't be recorded`,
    });
    value(await repository.removeWorktree(cell));
    assert.equal(existsSync(cell), false);
  });

  it('has no git folder of its own made by a file', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    for (const name of ['.GIT', 'git~1', 'x/.Git']) {
      mkdirSync(join(cell, name, 'hooks'), { recursive: true });
      writeFileSync(join(cell, name, 'hooks', 'post-checkout'), '#!/bin/sh\nid\n');
    }
    const snapshot = await repository.snapshot(cell);
    // Git takes none of these names where a file system may read them as `.git`.
    if (snapshot.ok)
      assert.deepEqual(
        f.files(snapshot.value.tree).filter((file) => /(^|[ /])\.git\//i.test(file)),
        [],
      );
    else assert.equal(snapshot.error.code, 'failed');
  });
});
