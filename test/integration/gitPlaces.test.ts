import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { ensureProgram } from '../support/ensureProgram.ts';
import { GitFixture, value } from './gitFixture.ts';

describe('Cells of unusual repositories', function () {
  this.timeout(120_000);
  let at: GitFixture | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => at?.dispose());

  const filesOf = (folder: string): string[] => readdirSync(folder).filter((name) => name !== '.git');

  it('have the files of the checkout that is sparse, and the others in their tree all the same', async () => {
    const f = fixture();
    const base = f.commit({ 'app/a': '1\n', 'lib/b': '1\n', 'docs/c': '1\n', top: '1\n' });
    f.run('sparse-checkout', 'set', '--cone', 'app');
    const repository = await f.open();
    const cell = await f.cell(repository, 'one', base);
    assert.deepEqual(filesOf(cell).sort(), ['app', 'top']);
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
  });

  it('follow the linked checkout that is sparse, and not the main one', async () => {
    const f = fixture();
    const base = f.commit({ 'app/a': '1\n', 'lib/b': '1\n', top: '1\n' });
    const linked = join(f.root, 'linked checkout');
    f.run('worktree', 'add', '--quiet', '-b', 'side', linked);
    f.in(linked, 'sparse-checkout', 'set', '--cone', 'lib');
    const sparse = await f.cell(await f.open(linked), 'sparse', base);
    const whole = await f.cell(await f.open(), 'whole', base);
    const asked = f.cellPath('asked');
    const main = await f.open();
    value(await main.createWorktree({ path: asked, branch: 'reactor/asked', base, checkout: linked }));
    value(await main.populateWorktree(asked));
    assert.deepEqual(filesOf(asked).sort(), ['lib', 'top']);
    assert.deepEqual(
      [filesOf(sparse).sort(), filesOf(whole).sort()],
      [
        ['lib', 'top'],
        ['app', 'lib', 'top'],
      ],
    );
    assert.deepEqual(
      [filesOf(linked).sort(), filesOf(f.repo).sort()],
      [
        ['lib', 'top'],
        ['app', 'lib', 'top'],
      ],
    );
  });

  it('have content, not pointers, where a filter keeps files elsewhere; one that is missing is named', async () => {
    const f = fixture();
    const base = f.commit({
      '.gitattributes': '*.bin filter=lfs diff=lfs -text\n',
      'sub/.gitattributes': '*.x filter=other\n',
      'a.bin': 'pointer\n',
    });
    const repository = await f.open();
    assert.deepEqual(await repository.missingFilters(base), ['lfs', 'other']);
    const pointers = await f.cell(repository, 'pointers', base);
    assert.equal(readFileSync(join(pointers, 'a.bin'), 'utf8'), 'pointer\n');
    f.run('config', 'filter.lfs.smudge', 'sed s/pointer/content/');
    f.run('config', 'filter.lfs.clean', 'sed s/content/pointer/');
    f.run('config', 'filter.lfs.required', 'true');
    assert.deepEqual(await repository.missingFilters(base), ['other']);
    const cell = await f.cell(repository, 'content', base);
    assert.equal(readFileSync(join(cell, 'a.bin'), 'utf8'), 'content\n');
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
    f.run('config', 'filter.lfs.smudge', 'no-such-command-for-lfs');
    const path = f.cellPath('broken');
    value(await repository.createWorktree({ path, branch: 'reactor/broken', base }));
    const filled = await repository.populateWorktree(path);
    assert.match(filled.ok ? '' : filled.error.message, /lfs/);
  });

  it('have what Git LFS keeps, and keep there what is made in them', async () => {
    ensureProgram('git-lfs', 'git-lfs');
    const f = fixture();
    f.run('lfs', 'install', '--local');
    const base = f.commit({ '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'a.bin': 'first content\n' });
    assert.match(f.run('show', `${base}:a.bin`), /^version https:\/\/git-lfs/);
    const repository = await f.open();
    assert.deepEqual(await repository.missingFilters(base), []);
    const cell = await f.cell(repository, 'large', base);
    assert.equal(readFileSync(join(cell, 'a.bin'), 'utf8'), 'first content\n');
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
    f.write({ 'a.bin': 'second content\n', 'sub/b.bin': 'new content\n' }, cell);
    const { tree } = value(await repository.snapshot(cell));
    assert.match(f.run('show', `${tree}:sub/b.bin`), /^version https:\/\/git-lfs/);
    const commit = f.run('commit-tree', tree, '-p', base, '-m', 'second');
    f.run('merge', '--quiet', '--ff-only', commit);
    assert.deepEqual(
      ['a.bin', 'sub/b.bin'].map((name) => readFileSync(join(f.repo, name), 'utf8')),
      ['second content\n', 'new content\n'],
    );
  });

  it('ask for no filter when there is none, with one look at the attributes', async () => {
    const f = fixture();
    const attributes = '# *.psd filter=lfs\n  #*.x filter=other\nfilter=odd text\n*.y !filter -filter xfilter=z\n';
    const base = f.commit({ 'a.txt': 'filter=lfs\n', '.gitattributes': attributes });
    assert.deepEqual(await (await f.open()).missingFilters(base), []);
  });

  it('come from a bare repository, and from a worktree of one', async () => {
    const f = fixture();
    const base = f.commit({ 'a/x': '1\n' });
    const bare = join(f.root, 'bare.git');
    f.in(f.root, 'clone', '--quiet', '--bare', f.repo, bare);
    const checkout = join(f.root, 'checkout of bare');
    f.in(bare, 'worktree', 'add', '--quiet', checkout, 'main');
    for (const [name, folder] of [
      ['fromBare', bare],
      ['fromCheckout', checkout],
    ] as const) {
      const repository = await f.open(folder);
      const cell = await f.cell(repository, name, base);
      f.write({ 'a/y': '2\n' }, cell);
      const { tree } = value(await repository.snapshot(cell));
      assert.deepEqual(
        (await repository.changes(base, tree)).map(({ path }) => path),
        ['a/y'],
      );
      value(await repository.removeWorktree(cell));
      assert.equal(existsSync(cell), false);
    }
  });
});
