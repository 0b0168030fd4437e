import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { GitFixture, outcome } from './gitFixture.ts';

describe("a person's checkout", function () {
  this.timeout(120_000);
  let at: GitFixture | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => at?.dispose());

  const everything = (f: GitFixture): string[] => [
    f.run('rev-parse', 'HEAD'),
    f.run('status', '--porcelain', '--ignored', '--branch'),
    f.run('stash', 'list'),
    f.run('ls-files', '-s'),
    f.run('reflog'),
  ];

  it('is found with what is unfinished in it', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n', b: '1\n' });
    const theirs = f.commit({ a: '2\n' });
    f.run('checkout', '--quiet', '-b', 'side', base);
    f.commit({ a: '3\n' });
    const repository = await f.open();
    const unfinished = async (branch = 'side') => (await repository.checkoutOf(branch))?.unfinished ?? null;
    const seen: unknown[] = [await unfinished('main'), await repository.checkoutOf('side')];
    f.write({ new: 'untracked' });
    seen.push(await unfinished());
    f.write({ b: '2\n' });
    seen.push(await unfinished());
    f.run('add', 'b');
    seen.push(await unfinished());
    f.run('reset', '--quiet', '--hard');
    assert.throws(() => f.run('merge', theirs));
    seen.push(await unfinished());
    f.run('merge', '--abort');
    assert.throws(() => f.run('rebase', theirs));
    seen.push(await unfinished());
    f.run('rebase', '--abort');
    assert.throws(() => f.run('cherry-pick', theirs));
    f.run('add', 'a');
    seen.push(await unfinished());
    f.run('cherry-pick', '--abort');
    f.run('bisect', 'start');
    seen.push(await unfinished());
    f.run('bisect', 'reset');
    seen.push(await unfinished());
    assert.deepEqual(seen, [
      null,
      { path: f.repo, clean: true, unfinished: [] },
      [],
      ['staged or changed files'],
      ['staged or changed files'],
      ['unmerged files', 'a merge in progress'],
      ['unmerged files', 'a rebase in progress'],
      ['staged or changed files', 'a cherry-pick in progress'],
      ['a bisect in progress'],
      [],
    ]);
  });

  it('is not one whose folder is gone', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    f.run('worktree', 'add', '--quiet', '-b', 'side', join(f.root, 'linked'));
    const repository = await f.open();
    assert.equal((await repository.checkoutOf('side'))?.path, join(f.root, 'linked'));
    rmSync(join(f.root, 'linked'), { recursive: true });
    assert.equal(await repository.checkoutOf('side'), null);
    f.write({ 'linked/a': 'a folder\n' }, f.root);
    assert.equal(await repository.checkoutOf('side'), null);
    rmSync(join(f.root, 'linked'), { recursive: true });
    f.run('clone', '--quiet', '--branch', 'side', f.repo, join(f.root, 'linked'));
    assert.equal(await repository.checkoutOf('side'), null);
  });

  it('moves forward with its hooks and keeps what is untracked', async () => {
    const f = fixture();
    const expected = f.commit({ a: '1\n', '.gitignore': '*.log\n' });
    const to = f.commit({ a: '2\n', 'new/b': '1\n' });
    f.run('reset', '--quiet', '--hard', expected);
    f.write({
      'mine.txt': 'm',
      'x.log': 'l',
      '.git/hooks/post-merge': `#!/bin/sh\necho "$(git rev-parse HEAD)" > '${f.root}/hooked'\n(while [ -e '${f.root}/hooked' ]; do sleep 0.1; done) &\n`,
    });
    chmodSync(join(f.repo, '.git/hooks/post-merge'), 0o755);
    const repository = await f.open();
    assert.equal(outcome(await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to, expected })), 'ok');
    assert.deepEqual(
      [
        f.run('rev-parse', 'refs/heads/main'),
        f.run('symbolic-ref', 'HEAD'),
        f.run('status', '--porcelain', '--ignored'),
        readFileSync(join(f.repo, 'a'), 'utf8'),
        readFileSync(join(f.root, 'hooked'), 'utf8').trim(),
      ],
      [to, 'refs/heads/main', '?? mine.txt\n!! x.log', '2\n', to],
    );
  });

  it('INV-010: stays as it is when a hook refuses to let its branch move', async () => {
    const f = fixture();
    const base = f.commit({ a: '1\n', 'folder/gone': '1\n' });
    f.run('checkout', '--quiet', '-b', 'side');
    f.run('rm', '--quiet', 'folder/gone');
    const tip = f.commit({ a: '2\n', new: '1\n' });
    f.run('checkout', '--quiet', 'main');
    f.write({ mine: 'untracked' });
    const hook = join(f.repo, '.git', 'hooks', 'reference-transaction');
    writeFileSync(hook, '#!/bin/sh\n[ "$1" != prepared ] || ! grep -q refs/heads/main\n');
    chmodSync(hook, 0o755);
    const repository = await f.open();
    const before = everything(f);
    const moved = await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to: tip, expected: base });
    assert.deepEqual([moved.ok, everything(f), existsSync(join(f.repo, 'new'))], [false, before, false]);
    rmSync(hook);
    assert.equal(outcome(await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to: tip, expected: base })), 'ok');
  });

  it('stays as it is when it is elsewhere, dirty, or files are in the way, ignored ones too', async () => {
    const f = fixture();
    const before = f.commit({ a: '1\n', '.gitignore': '*.log\n', c: '1\n' });
    const expected = f.commit({ a: '2\n' });
    f.write({ 'forced.log': 'theirs' });
    f.run('add', '--force', 'forced.log');
    const to = f.commit({ a: '3\n', b: '1\n' });
    f.run('reset', '--quiet', '--hard', before);
    const aside = f.commit({ c: '2\n' });
    f.run('reset', '--quiet', '--hard', expected);
    f.run('config', 'merge.autoStash', 'true');
    const repository = await f.open();
    const refused = async (request: Partial<{ branch: string; to: string; expected: string }> = {}) => {
      const unchanged = everything(f);
      const end = outcome(await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to, expected, ...request }));
      assert.deepEqual(everything(f), unchanged);
      return end;
    };
    const ends = [await refused({ expected: before }), await refused({ branch: 'other' }), await refused({ to: aside })];
    f.write({ b: 'untracked, in the way' });
    ends.push(await refused());
    rmSync(join(f.repo, 'b'));
    f.write({ 'forced.log': 'ignored, in the way' });
    ends.push(await refused());
    assert.equal(readFileSync(join(f.repo, 'forced.log'), 'utf8'), 'ignored, in the way');
    rmSync(join(f.repo, 'forced.log'));
    f.write({ c: 'unrelated edit' });
    ends.push(await refused());
    f.run('add', 'c');
    ends.push(await refused());
    f.run('reset', '--quiet', '--hard');
    writeFileSync(join(f.repo, '.git/index.lock'), '');
    const locked = await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to, expected });
    ends.push(outcome(locked));
    assert.deepEqual(ends, ['refMoved', 'refMoved', 'refMoved', 'dirty', 'dirty', 'dirty', 'dirty', 'locked']);
    assert.ok(!locked.ok && locked.error.message.includes(join(f.repo, '.git/index.lock')));
    assert.equal(existsSync(join(f.repo, '.git/index.lock')), true); // a person's lock is never removed
    rmSync(join(f.repo, '.git/index.lock'));
    assert.equal(outcome(await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to, expected })), 'ok');
  });

  it('without a commit gets its first one, and no file in the way of it is touched', async () => {
    const f = fixture();
    const to = f.commit({ a: '1\n', 'b/c.log': '1\n' }, 'first');
    const own = f.commit({ a: '2\n' }, 'own');
    f.run('update-ref', '-d', 'refs/heads/main');
    f.run('rm', '--quiet', '-r', '--cached', '.');
    for (const path of ['a', 'b']) rmSync(join(f.repo, path), { recursive: true });
    const repository = await f.open();
    const move = async () => outcome(await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to, expected: null }));
    const refused = async (): Promise<string> => {
      const look = () => [f.run('status', '--porcelain', '--ignored', '--branch'), f.run('ls-files', '-s')];
      const unchanged = look();
      const end = await move();
      assert.deepEqual(look(), unchanged);
      return end;
    };
    const ends: string[] = [];
    f.write({ a: 'mine' });
    ends.push(await refused());
    f.run('add', 'a');
    ends.push(await refused());
    f.run('rm', '--quiet', '--cached', 'a');
    rmSync(join(f.repo, 'a'));
    f.write({ 'b/c.log': 'mine, ignored', '.git/info/exclude': '*.log\n' });
    ends.push(await refused());
    rmSync(join(f.repo, 'b'), { recursive: true });
    f.run('update-ref', 'refs/heads/main', own);
    ends.push(await refused());
    f.run('update-ref', '-d', 'refs/heads/main');
    assert.deepEqual(ends, ['dirty', 'dirty', 'dirty', 'refMoved']);
    f.write({ mine: 'untracked', '.git/hooks/reference-transaction': '#!/bin/sh\nexit 1\n' });
    chmodSync(join(f.repo, '.git/hooks/reference-transaction'), 0o755);
    assert.deepEqual([await refused(), existsSync(join(f.repo, 'a'))], ['failed', false]);
    rmSync(join(f.repo, '.git/hooks/reference-transaction'));
    // What a hook that runs afterwards says changes nothing.
    f.write({ '.git/hooks/post-checkout': '#!/bin/sh\nexit 1\n' });
    chmodSync(join(f.repo, '.git/hooks/post-checkout'), 0o755);
    assert.equal((await repository.checkoutOf('main'))?.clean, true);
    assert.equal(await move(), 'ok');
    assert.deepEqual([f.run('rev-parse', 'main'), f.run('status', '--porcelain', '--branch')], [to, '## main\n?? mine']);
  });
});
