import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { GitCommand } from '../../src/adapters/git/gitCommand.ts';
import { refusalOf } from '../../src/adapters/git/gitRefusals.ts';
import { requires } from '../support/requires.ts';
import { GitFixture, makeLong, value } from './gitFixture.ts';

describe('What git and its callers take of the memory', function () {
  this.timeout(60_000);
  let f: GitFixture;
  beforeEach(() => {
    f = new GitFixture();
  });
  afterEach(() => f.dispose());

  it('is bounded: a git that holds more is ended, and a sentence says so', async function () {
    requires(this, process.platform === 'linux', 'a system that tells how much memory a process holds');
    const pipe = join(f.root, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const git = new GitCommand(f.environment, systemClock, () => 1024);
    const output = await git.run({ cwd: f.repo, args: ['hash-object', pipe] });
    assert.deepEqual(output, { exitCode: -1, stdout: '', stderr: 'git took more than 0 GB of memory and was ended\n' });
    assert.deepEqual(refusalOf(output).error, {
      code: 'tooLarge',
      message:
        'what is there takes git more memory than it may have (git took more than 0 GB of memory and was ended); make it smaller, or have git ignore it',
    });
    await assert.rejects(git.text({ cwd: f.repo, args: ['-c', 'a.b=c', 'hash-object', pipe] }), {
      message: 'git hash-object takes more memory than it may have: git took more than 0 GB of memory and was ended',
    });
  });

  it('is not that of an index of any length that an agent has left', async () => {
    const base = f.commit({ 'a.txt': 'a\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    const index = join(f.repo, '.git/worktrees/one/index');
    f.write({ 'b.txt': 'b\n' }, cell);
    makeLong(index, 1024 ** 4);
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(f.files(tree), ['100644 a.txt', '100644 b.txt']);
    value(await repository.resetWorktree(cell, base));
    assert.equal(f.in(cell, 'status', '--porcelain'), '');
  });

  it('is not that of a file that an agent has made of nothing: one is read up to a length, and named', async () => {
    f.write({ 'short.txt': 'short\n' });
    makeLong(join(f.repo, 'long.bin'), 129 * 1024 ** 2);
    const tree = f.run('rev-parse', `${f.commit({})}^{tree}`);
    const repository = await f.open();
    const [long, short] = await Promise.allSettled([repository.readFile(tree, 'long.bin'), repository.readFile(tree, 'short.txt')]);
    assert.deepEqual(
      [long.status === 'rejected' && String(long.reason), short.status === 'fulfilled' && Buffer.from(short.value ?? []).toString()],
      ['Error: long.bin is longer than 128 MiB, and is not read', 'short\n'],
    );
  });

  it('is not many times that of a long text: past 64 MiB it counts as binary', async () => {
    const base = f.commit({ 'a.txt': 'a\n' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'one');
    f.write({ 'long.txt': `${'all the same'.repeat(64)}\n`.repeat(90_000), 'short.txt': 'short\n' }, cell);
    const { tree } = value(await repository.snapshot(cell));
    assert.deepEqual(
      (await repository.changes(base, tree)).map(({ path, added }) => [path, added]),
      [
        ['long.txt', null],
        ['short.txt', 1],
      ],
    );
  });
});
