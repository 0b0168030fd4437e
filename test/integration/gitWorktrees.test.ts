import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { viewPlaces } from '../../src/adapters/git/privateView.ts';
import { GitFixture, outcome, value } from './gitFixture.ts';

describe('worktrees of cells', function () {
  this.timeout(120_000);
  let at: GitFixture | undefined;
  const fixture = (options?: ConstructorParameters<typeof GitFixture>[0]): GitFixture => (at = new GitFixture(options));
  afterEach(() => at?.dispose());

  const userState = (f: GitFixture): string[] => [
    readFileSync(join(f.repo, '.git/config'), 'utf8'),
    readFileSync(join(f.repo, '.git/HEAD'), 'utf8'),
    f.run('status', '--porcelain', '--ignored'),
    f.run('stash', 'list'),
  ];

  it('makes 24 side by side, and leaves nothing when they are removed', async () => {
    const f = fixture({ name: 'Grüße 世界' });
    const base = f.commit({ 'a b/ü.txt': '1\n', 'new\nline': '2\n', '-rf': '3\n' });
    f.run('update-ref', 'refs/remotes/origin/main', base);
    f.run('config', 'branch.autoSetupMerge', 'always');
    f.write({ '.git/hooks/post-checkout': `#!/bin/sh\ntouch '${f.root}/hooked'\n` });
    chmodSync(join(f.repo, '.git/hooks/post-checkout'), 0o755);
    const before = userState(f);
    // Two opened repositories of two Gits share nothing but git's own locks, as two processes would.
    const repository = await f.open();
    const other = value(await f.anotherGit().open(f.repo));
    const names = Array.from({ length: 24 }, (_, n) => `task ${n} ü`.replaceAll(' ', '-'));
    const cells = await Promise.all(names.map((name, n) => f.cell(n % 2 === 0 ? repository : other, name, base)));
    assert.deepEqual(
      cells.map((cell) => [readdirSync(cell).sort().join('|'), f.in(cell, 'status', '--porcelain', '--branch')]),
      names.map((name) => ['-rf|.git|a b|new\nline', `## reactor/${name}`]),
    );
    assert.equal((await repository.listWorktrees()).length, 25);
    await Promise.all(cells.map(async (cell) => value(await repository.removeWorktree(cell))));
    assert.deepEqual(userState(f), before);
    assert.deepEqual(
      [(await repository.listWorktrees()).map((entry) => entry.path), readdirSync(f.cellPath('')), existsSync(join(f.root, 'hooked'))],
      [[f.repo], [], false],
    );
  });

  it('refuses a branch or folder that is there, and touches neither', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    f.run('branch', 'reactor/taken');
    f.write({ keep: 'x' }, f.cellPath('full'));
    const repository = await f.open();
    const make = async (name: string, branch: string, commit = base) =>
      outcome(await repository.createWorktree({ path: f.cellPath(name), branch, base: commit }));
    assert.deepEqual(
      [
        await make('one', 'reactor/taken'),
        await make('full', 'reactor/new'),
        await make('one', 'reactor/taken/below'),
        await make('one', '-rf'),
        await make('one', 'a..b'),
        await make('one', 'reactor/new', 'HEAD'),
        await make('one', 'reactor/new', 'f'.repeat(40)),
      ],
      ['exists', 'exists', 'exists', 'failed', 'failed', 'unknownRef', 'failed'],
    );
    assert.deepEqual(
      [f.run('for-each-ref', '--format=%(refname)').split('\n'), readdirSync(f.cellPath('')), readdirSync(f.cellPath('full'))],
      [['refs/heads/main', 'refs/heads/reactor/taken'], ['full'], ['keep']],
    );
    assert.equal((await repository.listWorktrees()).length, 1);
  });

  it('knows a worktree by a path relative to its entry, too', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const cell = await f.cell(await f.open(), 'one');
    const entry = join(f.repo, '.git/worktrees/one');
    writeFileSync(join(entry, 'gitdir'), `${relative(entry, join(cell, '.git'))}\n`);
    writeFileSync(join(cell, 'a'), '2\n');
    const { tree } = value(await (await f.open()).snapshot(cell));
    assert.equal(f.run('show', `${tree}:a`), '2');
  });

  it('takes a branch that is there when it is asked to, with a view of git that knows the new entry', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const view = f.cellPath('view');
    const path = (name: string): string => join(view, 'worktrees', name, 'HEAD');
    value(await (await repository.privateView(cell, view)).laid);
    f.run('update-ref', 'refs/heads/reactor/one', f.run('commit-tree', '-p', base, '-m', 'work', f.run('rev-parse', 'HEAD^{tree}')));
    const tip = await repository.readRef('refs/heads/reactor/one');
    rmSync(cell, { recursive: true });
    value(await repository.removeWorktree(cell));
    // Whoever comes meanwhile takes the name of its entry.
    f.run('worktree', 'add', '--detach', join(f.root, 'elsewhere', 'one'));
    const request = { path: cell, branch: 'reactor/one', base, takesBranch: true };
    value(await repository.createWorktree(request));
    value(await repository.populateWorktree(cell));
    value(await (await repository.privateView(cell, view)).laid);
    assert.deepEqual(
      [f.in(cell, 'status', '--porcelain', '--branch'), f.in(cell, 'rev-parse', 'HEAD'), existsSync(path('one')), existsSync(path('one1'))],
      ['## reactor/one', tip, false, true],
    );
  });

  it('makes a view anew that an agent has broken, and follows no link in it', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one', base);
    const view = f.cellPath('view');
    value(await (await repository.privateView(cell, view)).laid);
    const ofUser = join(f.root, 'of-user');
    writeFileSync(ofUser, 'mine');
    for (const name of ['config', 'packed-refs', 'objects/info/alternates']) {
      rmSync(join(view, name), { force: true });
      symlinkSync(ofUser, join(view, name));
    }
    rmSync(join(view, 'HEAD'));
    value(await (await repository.privateView(cell, view)).laid);
    assert.equal(readFileSync(ofUser, 'utf8'), 'mine');
    assert.equal(readFileSync(join(view, 'config'), 'utf8'), readFileSync(join(f.repo, '.git/config'), 'utf8'));
  });

  it('makes a view in folders that were made ahead beside its place, which an agent can not reach', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one', base);
    const view = f.cellPath('view');
    for (const path of viewPlaces(view)) mkdirSync(path, { recursive: true });
    // As an agent might have left it.
    mkdirSync(view);
    writeFileSync(join(view, 'config'), '[core]\n\thooksPath = /tmp\n');
    value(await (await repository.privateView(cell, view)).laid);
    assert.deepEqual(viewPlaces(view).filter(existsSync), []);
    assert.equal(readFileSync(join(view, 'config'), 'utf8'), readFileSync(join(f.repo, '.git/config'), 'utf8'));
    value(await (await repository.privateView(cell, view)).laid);
    assert.equal(f.in(cell, 'status', '--porcelain', '--branch'), '## reactor/one');
  });

  it('undoes a half that was made when the other half is not possible', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const repository = await f.open();
    writeFileSync(join(f.repo, '.git/worktrees'), 'in the way');
    assert.equal(outcome(await repository.createWorktree({ path: f.cellPath('one'), branch: 'reactor/one', base })), 'failed');
    assert.deepEqual([existsSync(f.cellPath('one')), await repository.readRef('refs/heads/reactor/one')], [false, null]);
  });

  it('undoes what was made when aborted at any moment', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n' });
    const repository = await f.open();
    for (let delayMs = 0; delayMs < 24; delayMs += 2) {
      const controller = new AbortController();
      const making = repository.createWorktree({ path: f.cellPath('one'), branch: 'reactor/one', base }, controller.signal);
      setTimeout(() => controller.abort(new Error('stop')), delayMs);
      const made = await making.then(
        () => true,
        (error: unknown) => {
          assert.match(String(error), /stop/);
          return false;
        },
      );
      assert.deepEqual(
        [
          existsSync(f.cellPath('one')),
          (await repository.readRef('refs/heads/reactor/one')) !== null,
          (await repository.listWorktrees()).length,
        ],
        [made, made, made ? 2 : 1],
      );
      if (!made) continue;
      value(await repository.removeWorktree(f.cellPath('one')));
      value(await repository.deleteRef({ ref: 'refs/heads/reactor/one', expected: base }));
    }
  });

  it('removes a worktree in any state, and a second time', async () => {
    const f = fixture();
    f.commit({ 'folder/a': '1\n' });
    const repository = await f.open();
    const cells = await Promise.all(['gone', 'readonly', 'nogit', 'pruned', 'linked', 'broken'].map((name) => f.cell(repository, name)));
    const [gone = '', readonly = '', nogit = '', pruned = '', linked = '', broken = ''] = cells;
    rmSync(gone, { recursive: true });
    chmodSync(join(readonly, 'folder/a'), 0o400);
    chmodSync(join(readonly, 'folder'), 0o500);
    rmSync(join(nogit, '.git'));
    rmSync(join(f.repo, '.git/worktrees/pruned'), { recursive: true });
    f.write({ treasure: 'x' }, join(f.root, 'elsewhere'));
    rmSync(linked, { recursive: true });
    symlinkSync(join(f.root, 'elsewhere'), linked);
    rmSync(join(f.repo, '.git/worktrees/broken/commondir'));
    for (const round of [1, 2]) {
      const ends = await Promise.all(cells.map(async (cell) => outcome(await repository.removeWorktree(cell))));
      assert.deepEqual([round, ends], [round, cells.map(() => 'ok')]);
    }
    assert.ok(broken !== '' && pruned !== '');
    assert.deepEqual(
      [readdirSync(f.cellPath('')), readdirSync(join(f.root, 'elsewhere')), (await repository.listWorktrees()).length],
      [[], ['treasure'], 1],
    );
  });

  it('removes nothing that is not a worktree of this repository', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const repository = await f.open();
    const locked = join(f.root, 'locked');
    f.run('worktree', 'add', '--quiet', locked);
    f.run('worktree', 'lock', '--reason', 'mine', locked);
    f.in(f.root, 'clone', '--quiet', f.repo, 'clone');
    f.write({ x: '1' }, join(f.root, 'plain'));
    const paths = [f.repo, f.root, join(f.repo, '.git'), '/', join(f.root, 'clone'), join(f.root, 'plain'), locked];
    assert.deepEqual(
      await Promise.all(paths.map(async (path) => outcome(await repository.removeWorktree(path)))),
      paths.map(() => 'failed'),
    );
    assert.deepEqual(
      paths.map((path) => existsSync(path)),
      paths.map(() => true),
    );
  });

  it('works on a checkout of a part of the files', async () => {
    const f = fixture();
    const base = f.commit({ 'in/a': '1\n', 'out/b': '1\n', top: '1\n' });
    f.run('sparse-checkout', 'set', '--cone', 'in');
    const repository = await f.open();
    const cell = await f.cell(repository, 'sparse', base);
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
    f.write({ 'in/a': '2\n', 'out/new': '2\n' }, cell);
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(
      (await repository.changes(base, tree)).map(({ status, path }) => [status, path]),
      [
        ['modified', 'in/a'],
        ['added', 'out/new'],
      ],
    );
    value(await repository.resetWorktree(cell, base));
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
  });

  it('fills submodules, nested ones too, from what the user has, without a word in the configuration', async () => {
    const f = fixture();
    for (const name of ['inner', 'middle', 'bare']) f.in(f.root, 'init', '--quiet', '--initial-branch=main', name);
    const commit = (name: string, file: string): void => {
      const top = join(f.root, name);
      f.write({ [file]: `${name}\n` }, top);
      f.in(top, 'add', '--all');
      f.in(top, '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', name);
    };
    commit('inner', 'deep.txt');
    commit('bare', 'b.txt');
    f.in(join(f.root, 'middle'), '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', join(f.root, 'inner'), 'libs/inner');
    commit('middle', 'mid.txt');
    f.run(
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      '--name',
      'odd name',
      join(f.root, 'middle'),
      'vendor/mid dle',
    );
    f.run('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', join(f.root, 'bare'), 'unused');
    f.run('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init', '--recursive');
    const base = f.commit({ a: '1\n' });
    f.run('submodule', '--quiet', 'deinit', '--force', 'unused');
    rmSync(join(f.repo, '.git/modules/unused'), { recursive: true });
    for (const name of ['inner', 'middle', 'bare']) rmSync(join(f.root, name), { recursive: true }); // no network
    const before = [...userState(f), readFileSync(join(f.repo, '.git/modules/odd name/config'), 'utf8')];
    const repository = await f.open();
    const cell = await f.cell(repository, 'sub', base);
    const read = (): string[] =>
      ['vendor/mid dle/mid.txt', 'vendor/mid dle/libs/inner/deep.txt'].map((path) => readFileSync(join(cell, path), 'utf8'));
    assert.deepEqual([read(), readdirSync(join(cell, 'unused')), f.in(cell, 'status', '--porcelain')], [['middle\n', 'inner\n'], [], '']);
    assert.deepEqual(value(await repository.snapshot(cell)), { tree: await repository.treeOf(base) });
    assert.equal(f.in(join(cell, 'vendor/mid dle'), 'config', 'remote.origin.url'), join(f.root, 'middle'));

    f.write({ 'mid.txt': 'edited\n', 'extra.txt': 'x' }, join(cell, 'vendor/mid dle'));
    const { tree, keep = '' } = value(await repository.snapshot(cell));
    assert.equal(tree, await repository.treeOf(base));
    assert.deepEqual(
      (await repository.changes(base, keep)).map(({ path }) => path),
      [
        'vendor/mid dle',
        'vendor/mid dle/.gitmodules',
        'vendor/mid dle/extra.txt',
        'vendor/mid dle/libs/inner/deep.txt',
        'vendor/mid dle/mid.txt',
      ],
    );
    rmSync(join(cell, 'vendor/mid dle/libs/inner'), { recursive: true });
    value(await repository.resetWorktree(cell, base));
    assert.deepEqual(
      [read(), readdirSync(join(cell, 'vendor/mid dle')).sort()],
      [
        ['middle\n', 'inner\n'],
        ['.git', '.gitmodules', 'libs', 'mid.txt'],
      ],
    );
    rmSync(join(cell, 'vendor'), { recursive: true });
    value(await repository.checkoutTree(cell, await repository.treeOf(base)));
    assert.deepEqual(read(), ['middle\n', 'inner\n']);
    value(await repository.removeWorktree(cell));
    assert.deepEqual([...userState(f), readFileSync(join(f.repo, '.git/modules/odd name/config'), 'utf8')], before);
    assert.deepEqual([existsSync(cell), readdirSync(join(f.repo, '.git')).includes('worktrees')], [false, false]);
  });

  it('takes no submodule name for a way out', async () => {
    const f = fixture();
    const inner = join(f.root, 'inner');
    f.in(f.root, 'init', '--quiet', inner);
    f.write({ x: '1' }, inner);
    f.in(inner, 'add', '--all');
    f.in(inner, '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'x');
    mkdirSync(join(f.repo, 'sub'));
    f.in(f.root, 'clone', '--quiet', inner, join(f.repo, 'sub'));
    const base = f.commit({ '.gitmodules': '[submodule "../../../../stolen"]\n\tpath = sub\n\turl = x\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'hostile', base);
    assert.deepEqual([readdirSync(join(cell, 'sub')), existsSync(join(f.root, 'stolen'))], [[], false]);
  });
});
