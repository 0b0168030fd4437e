import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { GitFixture, value } from './gitFixture.ts';

const lines = (...changes: readonly [number, string][]): string => {
  const all = Array.from({ length: 40 }, (_, i) => `line ${i + 1}`);
  for (const [at, text] of changes) all[at - 1] = text;
  return `${all.join('\n')}\n`;
};

describe('a candidate taken in part', function () {
  this.timeout(60_000);
  let at: GitFixture | undefined;
  afterEach(() => at?.dispose());

  const prepare = async () => {
    at = new GitFixture();
    const base = at.commit({ 'a b/ä.txt': lines(), 'old name.txt': lines(), 'gone.txt': 'gone\n', 'kept.txt': 'kept\n' });
    at.run('mv', 'old name.txt', 'new name.txt');
    at.run('rm', '--quiet', 'gone.txt');
    const tip = at.commit({
      'a b/ä.txt': lines([3, 'first'], [20, 'second'], [38, 'third\nand more']),
      'new name.txt': lines([5, 'renamed and changed'], [30, 'twice']),
      'added.txt': 'added\n',
    });
    const f = at;
    const repository = await f.open();
    const tree = async (rejected: readonly { path: string; hunks: readonly number[] | null }[]) => {
      const result = await repository.withoutChanges({ base, tree: await repository.treeOf(tip), rejected });
      return result.ok ? result.value : `${result.error.code}: ${result.error.message}`;
    };
    const show = async (rejected: readonly { path: string; hunks: readonly number[] | null }[], path: string) =>
      f.run('show', `${await tree(rejected)}:${path}`);
    return { f, base, tip, repository, tree, show };
  };

  it('is without the rejected hunks and with all others', async () => {
    const { show } = await prepare();
    const path = 'a b/ä.txt';
    assert.deepEqual(
      [
        await show([{ path, hunks: [1] }], path),
        await show([{ path, hunks: [0, 2] }], path),
        await show([{ path: 'new name.txt', hunks: [1] }], 'new name.txt'),
      ].map((text) => `${text}\n`),
      [lines([3, 'first'], [38, 'third\nand more']), lines([20, 'second']), lines([5, 'renamed and changed'])],
    );
  });

  it('is without whole files: changed, added, deleted, renamed', async () => {
    const { f, base, tree } = await prepare();
    const rejected = ['a b/ä.txt', 'added.txt', 'gone.txt', 'new name.txt'].map((path) => ({ path, hunks: null }));
    assert.equal(await tree(rejected), f.run('rev-parse', `${base}^{tree}`));
  });

  it('is refused when what is rejected is not there', async () => {
    const { tree } = await prepare();
    assert.deepEqual(
      [await tree([{ path: 'kept.txt', hunks: null }]), await tree([{ path: 'a b/ä.txt', hunks: [7] }])],
      ['failed: kept.txt is not changed by the candidate', 'failed: a b/ä.txt has 3 hunks; there is no such hunk to reject'],
    );
  });

  it('is counted by hunks and not by characters that elsewhere end a line', async () => {
    at = new GitFixture();
    const f = at;
    const content = (...changed: readonly [number, string][]): string =>
      `function a() { // \u2028@@ odd \r@@ too\n${lines(...changed).replaceAll('line', '  \r@@ li\u2028@@ ne')}`;
    const base = f.commit({ 'odd.js': content() });
    const tip = f.commit({ 'odd.js': content([3, 'first\r@@ x'], [20, 'second\u2029@@ y'], [38, 'third\u2028@@ z']) });
    const repository = await f.open();
    const result = await repository.withoutChanges({
      base,
      tree: await repository.treeOf(tip),
      rejected: [{ path: 'odd.js', hunks: [1] }],
    });
    assert.ok(result.ok, JSON.stringify(result));
    assert.equal(`${f.run('show', `${result.value}:odd.js`)}\n`, content([3, 'first\r@@ x'], [38, 'third\u2028@@ z']));
  });

  it('keeps every byte of a file that is not UTF-8', async () => {
    at = new GitFixture();
    const f = at;
    const write = (text: string): void => writeFileSync(join(f.repo, 'latin.txt'), Buffer.from(text, 'latin1'));
    write(lines([3, 'caf\xe9'], [38, 'na\xefve']));
    const base = f.commit({});
    write(lines([3, 'caf\xe8'], [38, 'na\xeeve']));
    const tip = f.commit({});
    const repository = await f.open();
    const bytes = async (...hunks: readonly number[]): Promise<string | null> => {
      const tree = value(await repository.withoutChanges({ base, tree: tip, rejected: [{ path: 'latin.txt', hunks }] }));
      const content = await repository.readFile(tree, 'latin.txt');
      return content === null ? null : Buffer.from(content).toString('latin1');
    };
    assert.deepEqual(
      [await bytes(0), await bytes(1), await bytes(0, 1)],
      [lines([3, 'caf\xe9'], [38, 'na\xeeve']), lines([3, 'caf\xe8'], [38, 'na\xefve']), lines([3, 'caf\xe9'], [38, 'na\xefve'])],
    );
  });

  it('touches neither checkout nor index', async () => {
    const { f, tree } = await prepare();
    const before = [f.run('status', '--porcelain'), f.run('ls-files', '-s'), f.run('rev-parse', 'HEAD')];
    await tree([{ path: 'added.txt', hunks: null }]);
    assert.deepEqual([f.run('status', '--porcelain'), f.run('ls-files', '-s'), f.run('rev-parse', 'HEAD')], before);
  });
});
