import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import type { Hooks } from '../../src/core/ports/git.ts';
import { hookCommand, messageCommand, readMessage } from '../../src/core/run/hookCommands.ts';
import { GitFixture } from './gitFixture.ts';

const fixtures: GitFixture[] = [];
const fixture = (): GitFixture => {
  const made = new GitFixture();
  fixtures.push(made);
  return made;
};

const hook = (f: GitFixture, path: string, script: string): void => {
  f.write({ [path]: `#!/bin/sh\n${script}\n` }, f.root);
  chmodSync(join(f.root, path), 0o755);
};

describe('hooks of a repository', () => {
  afterEach(() => {
    for (const made of fixtures.splice(0)) made.dispose();
  });

  it('are those that git would run in the checkout, wherever the settings say', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const repository = await f.open();
    const standard = join(f.repo, '.git', 'hooks');
    assert.deepEqual(await repository.hooks(), { folder: standard, names: [] });
    hook(f, 'repo/.git/hooks/commit-msg', 'true');
    f.write({ '.git/hooks/pre-commit': '#!/bin/sh\nfalse\n' });
    hook(f, 'elsewhere/pre-push', 'true');
    hook(f, 'home/mine/post-commit', 'true');
    hook(f, 'repo/.husky/_/commit-msg', 'true');
    const found: Hooks[] = [await repository.hooks()];
    for (const path of [join(f.root, 'elsewhere'), '~/mine', '.husky/_', '/dev/null', '']) {
      f.run('config', 'core.hooksPath', path);
      found.push(await repository.hooks());
    }
    assert.deepEqual(
      found.map(({ folder, names }) => [folder.replace(f.root, ''), names.join()]),
      [
        ['/repo/.git/hooks', 'commit-msg'],
        ['/elsewhere', 'pre-push'],
        ['/home/mine', 'post-commit'],
        ['/repo/.husky/_', 'commit-msg'],
        ['/dev/null', ''],
        ['/repo/.git/hooks', 'commit-msg'],
      ],
    );
  });

  it('are seen read-only in a cell, those of husky with the folder that theirs lead to, and never more than hooks', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    hook(f, 'repo/.husky/_/commit-msg', 'true');
    hook(f, 'repo/script', 'true');
    const shown = async (path: string): Promise<string[]> => {
      f.run('config', 'core.hooksPath', path);
      const { mounts, laid } = await repository.privateView(cell, f.cellPath('view'));
      await laid;
      return mounts.filter((mount) => !mount.path.includes('/.git')).map((mount) => `${mount.kind} ${mount.path.slice(f.root.length)}`);
    };
    assert.deepEqual(await shown('.husky/_'), ['readOnly /repo/.husky']);
    assert.deepEqual(await shown('.'), []);
    assert.deepEqual(await shown(f.root), []);
    assert.deepEqual(await shown('.husky/none'), []);
  });

  describe('in a worktree of an agent', () => {
    const mark = 'the-mark';
    const run = (f: GitFixture, cwd: string, command: string): { code: number; output: string } => {
      try {
        return { code: 0, output: execFileSync('/bin/sh', ['-c', `{ ${command}; } 2>&1`], { cwd, env: f.environment, encoding: 'utf8' }) };
      } catch (error) {
        const { status, stdout } = error as { status: number; stdout: string };
        return { code: status, output: stdout };
      }
    };

    it('see the message as git commit -m gives it to them, and may change it', async () => {
      const f = fixture();
      f.commit({ a: '1\n', 'deep/b': '1\n' });
      const repository = await f.open();
      const cell = await f.cell(repository, 'one');
      hook(f, 'repo/.husky/_/prepare-commit-msg', `echo "$2 $# $GIT_EDITOR $(pwd)" > '${f.root}/told'; echo "Refs: 7" >> "$1"`);
      hook(f, 'repo/.husky/_/commit-msg', `sed -i '1s/^/feat: /' "$1"; git diff --cached --name-only; echo checked`);
      f.run('config', 'core.hooksPath', '.husky/_');
      // What an agent makes of hooks and settings in its worktree means nothing.
      f.write({ c: 'new\n', '.husky/_/commit-msg': '#!/bin/sh\nexit 9\n' }, cell);
      const command = messageCommand(await repository.hooks(), "It's $HOME `x`\n\nA: b\n", mark) ?? '';
      const { code, output } = run(f, join(cell, 'deep'), command);
      assert.deepEqual(
        [code, readMessage(output, mark), readFileSync(join(f.root, 'told'), 'utf8')],
        [0, { message: "feat: It's $HOME `x`\n\nA: b\nRefs: 7\n" }, `message 2 : ${cell}\n`],
      );
      assert.match(output, /c\nchecked\n/);
    });

    it('refuse in their own words, and fail where they are not to be seen', async () => {
      const f = fixture();
      f.commit({ a: '1\n' });
      const repository = await f.open();
      const cell = await f.cell(repository, 'one');
      hook(f, 'repo/.git/hooks/commit-msg', 'echo "type may not be empty" >&2; exit 1');
      hook(f, 'repo/.git/hooks/pre-merge-commit', `touch '${f.root}/asked'; exit 3`);
      f.run('config', 'core.hooksPath', '.git/hooks');
      const hooks = await repository.hooks();
      const refused = run(f, cell, messageCommand(hooks, 'Fix it\n', mark) ?? '');
      assert.deepEqual([refused.code, readMessage(refused.output, mark)], [1, { hook: 'commit-msg', words: 'type may not be empty' }]);
      const gone = { ...hooks, folder: join(f.root, 'nowhere') };
      const unseen = run(f, cell, messageCommand(gone, 'Fix it\n', mark) ?? '');
      assert.deepEqual([unseen.code, existsSync(join(f.root, 'asked'))], [1, false]);
      assert.notEqual(run(f, cell, hookCommand(gone, 'pre-merge-commit') ?? '').code, 0);
      assert.notEqual(run(f, cell, hookCommand(hooks, 'pre-merge-commit') ?? '').code, 0);
      assert.equal(existsSync(join(f.root, 'asked')), true);
    });
  });

  it('what commits take on disk that nothing else reaches is counted once, and nothing for what is elsewhere', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const noise = (seed: string): string =>
      Array.from({ length: 4_000 }, (_, n) => createHash('sha256').update(`${seed} ${n}`).digest('base64')).join('\n');
    const shared = noise('shared');
    const commits = [0, 1, 2].map((n) => {
      f.run('checkout', '--quiet', '--detach', 'main');
      return f.commit({ shared, [`own${n}`]: noise(`own ${n}`) });
    });
    f.run('checkout', '--quiet', 'main');
    const repository = await f.open();
    const [one, two, beside, none] = [
      await repository.diskUsage(commits.slice(0, 1), []),
      await repository.diskUsage(commits.slice(0, 2), []),
      await repository.diskUsage(commits.slice(0, 1), commits.slice(1, 2)),
      await repository.diskUsage([], commits),
    ];
    assert.equal(none, 0);
    // One of two big files, of about the same size each.
    assert.ok(Math.abs(one - 2 * beside) < one / 10 && Math.abs(two - 1.5 * one) < one / 10, JSON.stringify([one, two, beside]));
    f.run('branch', 'reachable', commits[0] ?? '');
    assert.equal(await repository.diskUsage(commits.slice(0, 1), []), 0);
    assert.equal(await repository.diskUsage(['f'.repeat(40)], []), 0);
  });
});
