import assert from 'node:assert/strict';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { requires } from '../support/requires.ts';
import { GitFixture, outcome } from './gitFixture.ts';

const LOCKS = ['index.lock', 'HEAD.lock', 'ORIG_HEAD.lock', 'refs/heads/main.lock'];
/** Where a move is cut short: its files are being written; files and index are; the branch is locked, too. With what tells it from other calls. */
const PLACES = {
  smudge: 'true',
  'post-index-change': '[ "$1" = 1 ]',
  'reference-transaction': '[ "$1" = prepared ] && grep -q refs/heads/main',
};
const places = Object.keys(PLACES) as (keyof typeof PLACES)[];
type Place = (typeof places)[number];

/** Ends the git that has called it, once. */
const killer = (place: Place, mark: string): string => `#!/bin/sh
[ ! -e '${mark}' ] && ${PLACES[place]} && : > '${mark}' && kill -9 $PPID && sleep 0.2
[ ${place} = smudge ] && cat
exit 0
`;

describe('A move of a checkout that is killed half way', function () {
  this.timeout(120_000);
  let f: GitFixture;
  let base: string;
  let to: string;
  beforeEach(function () {
    requires(this, process.platform === 'linux', 'Linux, which tells who has a file open');
    f = new GitFixture();
    f.write({ '.git/info/attributes': 'm.txt filter=killer\n' });
    base = f.commit({ a: '1\n', 'folder/gone': '1\n', keep: '1\n', 'z.txt': '1\n' });
    f.run('checkout', '--quiet', '-b', 'side');
    f.run('rm', '--quiet', 'folder/gone');
    to = f.commit({ a: '2\n', 'new/b': '1\n', 'm.txt': 'new\n', 'z.txt': '2\n' });
    f.run('checkout', '--quiet', 'main');
  });
  afterEach(() => f?.dispose());

  const fileOf = (place: Place): string => (place === 'smudge' ? join(f.root, 'smudge') : join(f.repo, '.git/hooks', place));
  const killIn = (place: Place): void => {
    const file = fileOf(place);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, killer(place, join(f.root, 'killed')), { mode: 0o755 });
    if (place === 'smudge') f.run('config', 'filter.killer.smudge', file);
  };
  const expected = (): string | null => (existsSync(join(f.repo, '.git/refs/heads/main')) ? base : null);
  /** As another engine would, which knows nothing of what was before. */
  const move = async (): Promise<string> => {
    const repository = await f.open();
    return outcome(await repository.fastForwardCheckout({ path: f.repo, branch: 'main', to, expected: expected() }));
  };
  const killedMove = (place: Place): void => {
    killIn(place);
    const args = expected() === null ? ['checkout', '--quiet', '-b', 'main', to] : ['merge', '--quiet', '--ff-only', to];
    assert.throws(() => f.run(...args), /SIGKILL|Command failed/);
    assert.notEqual(f.run('for-each-ref', '--format=%(objectname)', 'refs/heads/main'), to);
  };
  const locks = (): string[] => LOCKS.filter((name) => existsSync(join(f.repo, '.git', name)));
  const seen = (): unknown[] => [
    f.run('for-each-ref', '--format=%(objectname)', 'refs/heads/main'),
    f.run('status', '--porcelain'),
    f.run('ls-files', '-s'),
    ...['a', 'm.txt', 'z.txt', 'new/b'].map((name) => (existsSync(join(f.repo, name)) ? readFileSync(join(f.repo, name), 'utf8') : null)),
    locks(),
  ];
  const isDone = (): void => {
    assert.deepEqual(
      [f.run('rev-parse', 'main'), f.run('symbolic-ref', 'HEAD'), f.run('status', '--porcelain'), locks()],
      [to, 'refs/heads/main', '', []],
    );
    assert.equal(readFileSync(join(f.repo, 'z.txt'), 'utf8'), '2\n');
  };

  for (const place of places) {
    it(`is made again by the engine that had begun it (${place})`, async () => {
      killIn(place);
      assert.equal(await move(), 'ok');
      isDone();
    });

    it(`is finished by an engine that finds it (${place})`, async () => {
      killedMove(place);
      assert.equal(await move(), 'ok');
      isDone();
    });

    it(`is finished where the branch had no commit (${place})`, async () => {
      f.run('update-ref', '-d', 'refs/heads/main');
      f.run('rm', '--quiet', '-r', '--cached', '.');
      for (const path of ['a', 'folder', 'keep', 'z.txt']) rmSync(join(f.repo, path), { recursive: true });
      killedMove(place);
      assert.equal(await move(), 'ok');
      isDone();
    });

    it(`INV-010: is left as it is when a single byte is somebody else's (${place})`, async () => {
      killedMove(place);
      const refused = async (): Promise<string> => {
        const before = seen();
        const end = await move();
        assert.deepEqual(seen(), before);
        return end;
      };
      const ends: string[] = [];
      appendFileSync(join(f.repo, 'a'), ' ');
      ends.push(await refused());
      writeFileSync(join(f.repo, 'a'), '2\n');
      writeFileSync(join(f.repo, 'keep'), '1 \n');
      ends.push(await refused());
      writeFileSync(join(f.repo, 'keep'), '1\n');
      f.write({ 'folder/gone': '2\n' });
      ends.push(await refused());
      assert.deepEqual(ends, ['dirty', 'dirty', 'dirty']);
      rmSync(join(f.repo, 'folder'), { recursive: true });
      assert.equal(await move(), 'ok');
      isDone();
    });
  }

  it('is taken back when it is given up, whatever was written of it', async () => {
    for (const place of places) {
      rmSync(join(f.root, 'killed'), { force: true });
      for (const other of places) rmSync(fileOf(other), { force: true });
      killedMove(place);
      f.write({ mine: 'untracked' });
      const repository = await f.open();
      const takeBack = () => repository.takeBackCheckout({ path: f.repo, branch: 'main', to, expected: base });
      assert.deepEqual([await takeBack(), await takeBack()], [true, false], place);
      assert.deepEqual([f.run('rev-parse', 'main'), f.run('status', '--porcelain'), locks()], [base, '?? mine', []], place);
    }
  });

  it('is finished when a file ends early, and not when it ends otherwise', async () => {
    killedMove('smudge');
    writeFileSync(join(f.repo, 'm.txt'), 'nu');
    assert.equal(await move(), 'dirty');
    writeFileSync(join(f.repo, 'm.txt'), 'ne');
    assert.equal(await move(), 'ok');
    isDone();
  });

  it('keeps its lock while a process has it open', async () => {
    killedMove('smudge');
    const holder = openSync(join(f.repo, '.git/index.lock'), 'r');
    assert.deepEqual([await move(), locks()], ['dirty', ['index.lock']]);
    closeSync(holder);
    assert.equal(await move(), 'ok');
    isDone();
  });
});
