import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { mayHaveMarks, mayHaveSubmodules } from '../../src/adapters/git/indexFile.ts';
import { GitFixture } from './gitFixture.ts';

describe('what an index file tells without git', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => at?.dispose());
  const told = async (f: GitFixture): Promise<[boolean, boolean]> => {
    const index = join(f.repo, '.git', 'index');
    return [await mayHaveMarks(index), await mayHaveSubmodules(index)];
  };

  it('is that no entry is marked and none is a submodule, with names of any length', async () => {
    const f = fixture();
    const long = `${'d'.repeat(200)}/`.repeat(20);
    const names = Array.from({ length: 24 }, (_, index) => 'n'.repeat(index + 1));
    f.commit(Object.fromEntries(['ünï cöde', 'new\nline', ...names].map((name) => [name, '1\n'])));
    assert.deepEqual(await told(f), [false, false]);
    const blob = f.run('rev-parse', 'HEAD:n');
    for (const path of [`${long}x`, `${long}${'y'.repeat(90)}`]) f.run('update-index', '--add', '--cacheinfo', `100644,${blob},${path}`);
    assert.deepEqual(await told(f), [false, false]);
  });

  it('is to ask git where an entry is marked, a submodule, or in a form that is not read', async () => {
    const f = fixture();
    const commit = f.commit({ a: '1\n', b: '1\n' });
    f.run('update-index', '--assume-unchanged', 'a');
    assert.deepEqual(await told(f), [true, false]);
    f.run('update-index', '--no-assume-unchanged', 'a');
    f.run('update-index', '--skip-worktree', 'b');
    assert.deepEqual(await told(f), [true, false]);
    f.run('update-index', '--no-skip-worktree', 'b');
    assert.deepEqual(await told(f), [false, false]);
    f.run('update-index', '--add', '--cacheinfo', `160000,${commit},module`);
    assert.deepEqual(await told(f), [false, true]);
    f.run('update-index', '--force-remove', 'module');
    f.run('update-index', '--index-version', '4');
    assert.deepEqual(await told(f), [true, false]);
    f.run('update-index', '--index-version', '2');
    f.run('update-index', '--split-index');
    assert.deepEqual(await told(f), [true, true]);
  });

  it('is to ask git in a repository with names of SHA-256', async () => {
    const f = fixture();
    f.run('init', '--quiet', '--object-format=sha256', join(f.root, 'other'));
    f.write({ 'other/a': '1\n', 'other/b': '2\n' }, f.root);
    f.run('-C', join(f.root, 'other'), 'add', '.');
    assert.equal(await mayHaveMarks(join(f.root, 'other', '.git', 'index')), true);
  });
});
