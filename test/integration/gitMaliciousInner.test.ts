import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { GitFixture, makeLong, value } from './gitFixture.ts';
import { useAll } from './gitUseAll.ts';

/** A repository whose missing objects git would fetch, by a command that leaves a mark. */
function lacksObjects(f: GitFixture, folder: string, mark: string): void {
  for (const [key, text] of [
    ['core.repositoryFormatVersion', '1'],
    ['extensions.partialClone', 'origin'],
    ['remote.origin.promisor', 'true'],
    ['remote.origin.url', 'ssh://example.invalid/x'],
    ['core.sshCommand', `touch ${mark};`],
  ] as const)
    f.in(folder, 'config', key, text);
}

describe('A malicious repository among the files of another', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  afterEach(() => at?.dispose());

  const open = (): GitFixture => {
    at = new GitFixture();
    return at;
  };

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
        lacksObjects(f, evil, mark);
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

  it('has no git started by the .git file of a cell, whoever asks about its branch', async () => {
    const f = open();
    const mark = join(f.root, 'mark');
    const base = f.commit({ 'a.txt': 'a\n' });
    const next = f.run('commit-tree', '-p', base, '-m', 'next', f.run('rev-parse', `${base}^{tree}`));
    // As after `git sparse-checkout`: each worktree has settings of its own.
    f.run('config', 'extensions.worktreeConfig', 'true');
    const repository = await f.open();
    const path = await f.cell(repository, 'one');
    f.write(
      {
        '.git-of-agent/HEAD': 'ref: refs/heads/reactor/one\n',
        '.git-of-agent/commondir': `${join(f.repo, '.git')}\n`,
        '.git-of-agent/gitdir': `${join(path, '.git')}\n`,
        '.git-of-agent/config.worktree': `[filter "out"]\n\tclean = "touch ${mark}; cat"\n`,
        '.git': `gitdir: ${join(path, '.git-of-agent')}\n`,
        '.gitattributes': '*.txt filter=out\n',
      },
      path,
    );
    f.in(path, 'read-tree', 'HEAD');
    f.write({ 'a.txt': 'b\n' }, path);
    rmSync(mark, { force: true });
    const move = { path, branch: 'reactor/one', to: next, expected: base };
    const moved = await repository.fastForwardCheckout(move);
    assert.deepEqual(
      [await repository.checkoutOf('reactor/one'), moved.ok ? null : moved.error.code, await repository.takeBackCheckout(move)],
      [{ path, clean: false, unfinished: ['the work of a cell'] }, 'dirty', false],
    );
    assert.equal(existsSync(mark), false);
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
      lacksObjects(f, partial, mark);
      f.write({ '.git/refs/heads/main': `${'1'.repeat(40)}\n`, 'p.txt': 'p\n' }, partial);
      f.write({ 'unborn/u.txt': 'u\n' }, path);
    });
    assert.equal(existsSync(mark), false);
    assert.ok(
      changes.some(({ path }) => path === 'unborn/u.txt'),
      JSON.stringify(changes),
    );
  });
});
