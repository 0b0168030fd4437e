import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { GitFixture, value } from './gitFixture.ts';

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

/** A file that takes no room on the disk. */
const makeLong = (file: string, bytes: number): void => {
  writeFileSync(file, '');
  truncateSync(file, bytes);
};

describe('A malicious repository', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  afterEach(() => at?.dispose());

  const open = (): GitFixture => {
    at = new GitFixture();
    return at;
  };
  /** Everything Reactor does with a cell, once. */
  const useAll = async (f: GitFixture, change: (cell: string) => void) => {
    const repository = await f.open();
    const base = f.run('rev-parse', 'HEAD');
    const cell = await f.cell(repository, 'one');
    change(cell);
    const { tree } = value(await repository.snapshot(cell));
    const baseTree = await repository.treeOf(base);
    const changes = await repository.changes(baseTree, tree);
    const { text } = await repository.patch({ from: baseTree, to: tree, maxBytes: 1_000_000 });
    const commit = value(await repository.writeCommit({ tree, parents: [base], message: 'kept', sign: false }));
    value(await repository.moveRef({ ref: 'refs/heads/reactor/one', to: commit, expected: base, reason: 'test' }));
    value(await repository.mergeTrees({ ours: base, theirs: commit }));
    value(await repository.resetWorktree(cell, base));
    value(await repository.checkoutTree(cell, tree));
    return { repository, cell, tree, baseTree, changes, patch: text, commit };
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

  it('fetches nothing and runs nothing for its submodules, wherever they say they are', async () => {
    const f = open();
    const mark = join(f.root, 'mark');
    f.commit({ 'a.txt': 'a\n' });
    const commit = f.run('rev-parse', 'HEAD');
    const urls = [
      `ext::sh -c "echo ext >> ${mark}"`,
      `--upload-pack=sh -c 'echo pack >> ${mark}'`,
      `ssh://-oProxyCommand=touch%20${mark}/x`,
      'file:///etc',
    ];
    const modules = urls
      .map((url, i) => `[submodule "../../../out${i}"]\n\tpath = sub${i}\n\turl = ${url}\n\tupdate = !touch ${mark}\n`)
      .join('');
    f.write({ '.gitmodules': modules });
    f.run('add', '.gitmodules');
    for (const i of urls.keys()) f.run('update-index', '--add', '--cacheinfo', `160000,${commit},sub${i}`);
    f.run('commit', '--quiet', '-m', 'submodules');
    const { cell } = await useAll(f, (path) => f.write({ 'b.txt': 'b\n' }, path));
    assert.equal(existsSync(mark), false);
    for (const i of urls.keys()) assert.deepEqual(readdirSync(join(cell, `sub${i}`)), []);
    assert.deepEqual(readdirSync(f.root).sort(), ['cells', 'home', 'repo']);
  });

  /** Makes a folder a repository whose settings name programs, with a file that git has to look into to see whether it has changed. */
  const plantRepository = (f: GitFixture, folder: string, mark: string): void => {
    rmSync(join(folder, '.git'), { recursive: true, force: true });
    f.in(folder, 'init', '--quiet');
    f.write({ 'f.txt': 'x\n' }, folder);
    f.in(folder, 'add', '--all');
    f.in(folder, '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '--allow-empty', '-m', 'one');
    f.in(folder, 'config', 'filter.out.clean', `sh -c 'touch ${mark}; cat'`);
    f.in(folder, 'config', 'core.fsmonitor', `touch ${mark}`);
    f.write({ 'f.txt': 'y\n', '.git/info/attributes': '*.txt filter=out\n' }, folder);
    utimesSync(join(folder, 'f.txt'), 1, 1);
  };

  /** A repository with a submodule `sub`, which the user has or has not. */
  const withSubmodule = (f: GitFixture, isFilled: boolean): void => {
    const inner = join(f.root, 'inner');
    f.in(f.root, 'init', '--quiet', '--initial-branch=main', 'inner');
    f.write({ 'i.txt': 'i\n' }, inner);
    f.in(inner, 'add', '--all');
    f.in(inner, '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'inner');
    f.run('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'sub');
    f.commit({ 'a.txt': 'a\n' });
    if (isFilled) return;
    f.run('submodule', '--quiet', 'deinit', '--force', 'sub');
    rmSync(join(f.repo, '.git/modules/sub'), { recursive: true });
  };

  for (const isFilled of [true, false]) {
    it(`runs nothing that a repository put in the place of ${isFilled ? 'a submodule' : 'a submodule that is not there'} asks for`, async () => {
      const f = open();
      const mark = join(f.root, 'mark');
      withSubmodule(f, isFilled);
      const { cell, repository } = await useAll(f, (path) => {
        plantRepository(f, join(path, 'sub'), mark);
        f.write({ 'b.txt': 'b\n' }, path);
      });
      plantRepository(f, join(cell, 'sub'), mark);
      value(await repository.snapshot(cell));
      value(await repository.resetWorktree(cell, f.run('rev-parse', 'HEAD')));
      assert.equal(existsSync(mark), false);
    });
  }

  for (const isFilled of [true, false]) {
    it(`runs nothing that a .git file asks for that seems to lead to ${isFilled ? 'a submodule' : 'a submodule that is not there'}`, async () => {
      const f = open();
      const mark = join(f.root, 'mark');
      withSubmodule(f, isFilled);
      const { cell } = await useAll(f, (path) => {
        const evil = join(path, 'evil');
        mkdirSync(evil);
        plantRepository(f, evil, mark);
        for (const [key, text] of [
          ['core.repositoryFormatVersion', '1'],
          ['extensions.partialClone', 'origin'],
          ['remote.origin.promisor', 'true'],
          ['remote.origin.url', 'ssh://example.invalid/x'],
          ['core.sshCommand', `touch ${mark};`],
        ] as const)
          f.in(evil, 'config', key, text);
        f.write({ '.git/objects/info/alternates': `${join(evil, '.git/objects')}\n` }, evil);
        const modules = join(readFileSync(join(path, '.git'), 'utf8').slice('gitdir: '.length).trim(), 'modules');
        rmSync(join(path, 'sub'), { recursive: true, force: true });
        f.write({ 'f.txt': 'z\n', '.git': `gitdir: ${modules}/${relative(modules, join(evil, '.git'))}\n` }, join(path, 'sub'));
        f.write({ '.gitignore': 'evil/\n' }, path);
      });
      assert.equal(existsSync(mark), false);
      assert.deepEqual(readdirSync(join(cell, 'evil')).sort(), ['.git', 'f.txt']);
    });
  }

  it('pipes and files without an end in the place of a .git file, or in a repository, keep nothing waiting', async () => {
    const f = open();
    withSubmodule(f, true);
    const repository = await f.open();
    const base = f.run('rev-parse', 'HEAD');
    const cell = await f.cell(repository, 'one');
    const dotGit = join(cell, 'sub', '.git');
    for (const put of [
      () => execFileSync('mkfifo', [dotGit]),
      () => makeLong(dotGit, 1024 ** 4),
      () => symlinkSync('/dev/zero', dotGit),
      () => {
        f.in(cell, 'init', '--quiet', 'unborn');
        f.write({ 'unborn/.git/config': '[include]\n\tpath = pipe\n', 'unborn/u.txt': 'u\n' }, cell);
        execFileSync('mkfifo', [join(cell, 'unborn', '.git', 'pipe')]);
      },
      () => {
        f.in(cell, 'init', '--quiet', 'headless');
        rmSync(join(cell, 'headless', '.git', 'HEAD'));
        execFileSync('mkfifo', [join(cell, 'headless', '.git', 'HEAD')]);
      },
    ]) {
      rmSync(dotGit, { force: true });
      put();
      value(await repository.snapshot(cell));
      value(await repository.resetWorktree(cell, base));
      assert.equal(readFileSync(join(cell, 'sub', 'i.txt'), 'utf8'), 'i\n');
    }
  });

  it('a ref that leads to a device without an end ends git before it has filled the memory', async () => {
    const f = open();
    f.commit({ 'a.txt': 'a\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    f.in(cell, 'init', '--quiet', '--initial-branch=main', 'endless');
    symlinkSync('/dev/zero', join(cell, 'endless', '.git', 'refs', 'heads', 'main'));
    const refused = await repository.snapshot(cell);
    assert.match(refused.ok ? '' : refused.error.message, /attempting to allocate/);
  });

  it('runs nothing that a repository in a submodule asks for', async () => {
    const f = open();
    const mark = join(f.root, 'mark');
    const add = ['-c', 'protocol.file.allow=always', '-c', 'user.name=A', '-c', 'user.email=a@b'];
    for (const name of ['inner', 'middle']) {
      f.in(f.root, 'init', '--quiet', '--initial-branch=main', name);
      f.write({ [`${name}.txt`]: 'i\n' }, join(f.root, name));
      if (name === 'middle') f.in(join(f.root, name), ...add, 'submodule', '--quiet', 'add', join(f.root, 'inner'), 'deep');
      f.in(join(f.root, name), 'add', '--all');
      f.in(join(f.root, name), ...add, 'commit', '--quiet', '-m', name);
    }
    f.run(...add, 'submodule', '--quiet', 'add', join(f.root, 'middle'), 'sub');
    f.run(...add, 'submodule', '--quiet', 'update', '--init', '--recursive');
    f.commit({ 'a.txt': 'a\n' });
    const { tree, keep } = value(
      await (async () => {
        const repository = await f.open();
        const cell = await f.cell(repository, 'one');
        plantRepository(f, join(cell, 'sub', 'deep'), mark);
        return repository.snapshot(cell);
      })(),
    );
    assert.equal(existsSync(mark), false);
    assert.ok(f.files(keep ?? '').includes('100644 sub/deep/f.txt'), `${tree} ${keep}`);
  });

  it('has git fetch nothing for a repository that says that something of it is elsewhere', async () => {
    const f = open();
    const mark = join(f.root, 'mark');
    f.commit({ 'a.txt': 'a\n' });
    const { changes } = await useAll(f, (path) => {
      for (const name of ['unborn', 'partial']) {
        mkdirSync(join(path, name));
        f.in(join(path, name), 'init', '--quiet', '--initial-branch=main');
      }
      const partial = join(path, 'partial');
      for (const [key, text] of [
        ['core.repositoryFormatVersion', '1'],
        ['extensions.partialClone', 'origin'],
        ['remote.origin.promisor', 'true'],
        ['remote.origin.url', 'ssh://example.invalid/x'],
        ['core.sshCommand', `touch ${mark};`],
      ] as const)
        f.in(partial, 'config', key, text);
      f.write({ '.git/refs/heads/main': `${'1'.repeat(40)}\n`, 'p.txt': 'p\n' }, partial);
      f.write({ 'unborn/u.txt': 'u\n' }, path);
    });
    assert.equal(existsSync(mark), false);
    assert.ok(
      changes.some(({ path }) => path === 'unborn/u.txt'),
      JSON.stringify(changes),
    );
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
