import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { plainCommonDir } from '../../src/adapters/git/plainCommonDir.ts';
import { GitFixture, value } from './gitFixture.ts';

/** A Git whose every start of git is noted. */
function noting(f: GitFixture) {
  const notes = join(f.root, 'calls');
  f.write({ git: `#!/bin/sh\nPATH=${process.env['PATH']}\necho "$*" >>${notes}\nexec git "$@"\n` }, f.root);
  chmodSync(join(f.root, 'git'), 0o755);
  const calls = (): number => (existsSync(notes) ? readFileSync(notes, 'utf8').split('\n').length - 1 : 0);
  return { git: f.anotherGit({ ...f.environment, PATH: f.root }), calls };
}

describe('what files of a repository say', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => at?.dispose());

  it('of a branch and of where it is checked out needs no git process', async () => {
    const f = fixture();
    const tip = f.commit({ a: '1\n' });
    f.run('branch', 'some/other');
    f.run('pack-refs', '--all');
    f.run('checkout', '--quiet', '-b', 'next');
    const next = f.commit({ a: '2\n' });
    const { git, calls } = noting(f);
    const repository = value(await git.open(f.repo));
    const before = calls();
    const seen = [
      await repository.readRef('refs/heads/main'),
      await repository.readRef('refs/heads/some/other'),
      await repository.readRef('refs/heads/none'),
      await repository.readRef('refs/heads/next'),
      value(await repository.resolveCommit('HEAD')),
      await repository.checkoutPathOf('next'),
    ];
    assert.deepEqual([...seen, calls() - before], [tip, tip, null, next, next, f.repo, 0]);
    assert.ok(before > 0, 'calls are not noted');
  });

  it('is left to git where it is not plain', async () => {
    const f = fixture();
    const tip = f.commit({ a: '1\n' });
    const refs = join(f.repo, '.git/refs/heads');
    f.run('branch', 'packed');
    f.run('pack-refs', '--all');
    f.run('symbolic-ref', 'refs/heads/link', 'refs/heads/main');
    writeFileSync(join(refs, 'coming.lock'), `${tip}\n`);
    f.run('worktree', 'add', '--quiet', '--detach', join(f.root, 'linked'));
    f.run('-C', join(f.root, 'linked'), 'checkout', '--quiet', '-b', 'side');
    const repository = await f.open();
    const read = async (name: string) => repository.readRef(`refs/heads/${name}`).catch(() => 'refused');
    const names = ['main', 'packed', 'link', 'side', 'none', 'coming.lock', '../../HEAD', 'packed/x'];
    assert.deepEqual(await Promise.all(names.map(read)), [tip, tip, tip, tip, null, null, null, null]);
    const places = ['main', 'side', 'packed'].map((name) => repository.checkoutPathOf(name));
    assert.deepEqual(await Promise.all(places), [f.repo, join(f.root, 'linked'), null]);
    // Seen from the linked worktree it is the same.
    const linked = await f.open(join(f.root, 'linked'));
    assert.deepEqual(await Promise.all([linked.checkoutPathOf('main'), linked.checkoutPathOf('side')]), [f.repo, join(f.root, 'linked')]);
  });

  it('of where the git folder is needs none either; what is not plain is left to git', () => {
    const f = fixture();
    const { repo, root } = f;
    f.commit({ a: '1\n' });
    const [inside, linked, bare, broken] = ['repo/deep/er', 'linked', 'bare.git', 'repo/broken'].map((name) => join(root, name));
    mkdirSync(inside ?? '', { recursive: true });
    f.run('worktree', 'add', '--quiet', '--detach', linked ?? '');
    f.in(root, 'init', '--quiet', '--bare', bare ?? '');
    mkdirSync(join(broken ?? '', '.git'), { recursive: true });
    writeFileSync(join(broken ?? '', '.git/HEAD'), '');
    const found = [repo, inside, linked, bare, broken, root, join(root, 'none')].map((path) => plainCommonDir(path ?? '', {}));
    assert.deepEqual(found, [join(repo, '.git'), join(repo, '.git'), null, null, null, null, null]);
    assert.equal(plainCommonDir(repo, { GIT_CEILING_DIRECTORIES: '/' }), null);
  });
});
