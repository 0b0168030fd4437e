import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parsePatch } from '../../../../src/core/projections/parsePatch.ts';

describe('a patch of the real git', () => {
  let folder: string;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.invalid', ...args], { cwd: folder, encoding: 'utf8' });
  const write = (path: string, content: string | Uint8Array) => writeFileSync(join(folder, path), content);
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'patch-'));
    git('init', '--quiet');
    mkdirSync(join(folder, 'with space'));
    write('two hunks.txt', lines(40));
    write('gone.txt', '--- a/fake\n+++ b/fake\n@@ -1 +1 @@\n');
    write('with space/moved.txt', lines(30));
    write('binary.bin', new Uint8Array([0, 1, 2, 255]));
    write('run.sh', '#!/bin/sh\n');
    write('no newline', 'a\nb');
    write('both.sh', 'one\n');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'a');
    write('two hunks.txt', lines(40).replace('line 2\n', 'line two\nand a half\n').replace('line 39\n', ''));
    rmSync(join(folder, 'gone.txt'));
    renameSync(join(folder, 'with space/moved.txt'), join(folder, 'with space/mövéd "to".txt'));
    write('binary.bin', new Uint8Array([0, 1, 3, 255]));
    chmodSync(join(folder, 'run.sh'), 0o755);
    chmodSync(join(folder, 'both.sh'), 0o755);
    write('both.sh', 'two\n');
    write('no newline', 'a\nc');
    write('new.ts', 'export const a = 1;\n\n-- not a header\n');
    write('empty', '');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'b');
  });
  after(() => rmSync(folder, { recursive: true }));

  const parsed = (...args: string[]) => parsePatch(git('diff', '-M', ...args, 'HEAD~1', 'HEAD'));
  const summary = (file: ReturnType<typeof parsed>[number]): string =>
    [
      file.status,
      file.oldPath === null ? file.path : `${file.oldPath} -> ${file.path}`,
      `+${file.added} -${file.removed}`,
      `${file.hunks.length} hunks`,
      ...(file.binary ? ['binary'] : []),
      ...(file.modeChange === null ? [] : [file.modeChange]),
    ].join(', ');

  const expected = [
    'modified, binary.bin, +0 -0, 0 hunks, binary',
    'modified, both.sh, +1 -1, 1 hunks, 100644 → 100755',
    'added, empty, +0 -0, 0 hunks',
    'deleted, gone.txt, +0 -3, 1 hunks',
    'added, new.ts, +3 -0, 1 hunks',
    'modified, no newline, +1 -1, 1 hunks',
    'modified, run.sh, +0 -0, 0 hunks, 100644 → 100755',
    'modified, two hunks.txt, +2 -2, 2 hunks',
    'renamed, with space/moved.txt -> with space/mövéd "to".txt, +0 -0, 0 hunks',
  ];

  it('is read file by file: added, deleted, renamed, binary, mode changes, names with spaces, quotes and letters of all kinds', () =>
    assert.deepEqual(parsed().map(summary), expected));

  it('gives the same names when git does not escape them', () =>
    assert.deepEqual(parsePatch(git('-c', 'core.quotePath=false', 'diff', '-M', 'HEAD~1', 'HEAD')).map(summary), expected));

  it('takes lines that look like headers for what they are', () => {
    const gone = parsed().find(({ path }) => path === 'gone.txt');
    assert.deepEqual(gone?.hunks[0]?.lines, ['---- a/fake', '-+++ b/fake', '-@@ -1 +1 @@']);
  });

  it('keeps the places of each hunk, and the remark about a missing newline', () => {
    const files = parsed();
    const hunks = files.find(({ path }) => path === 'two hunks.txt')?.hunks;
    assert.deepEqual(
      hunks?.map(({ oldStart, oldLines, newStart, newLines }) => [oldStart, oldLines, newStart, newLines]),
      [
        [1, 5, 1, 6],
        [36, 5, 37, 4],
      ],
    );
    assert.deepEqual(files.find(({ path }) => path === 'no newline')?.hunks[0]?.lines, [
      ' a',
      '-b',
      '\\ No newline at end of file',
      '+c',
      '\\ No newline at end of file',
    ]);
  });

  it('names a file whose name is not UTF-8 as the rest of what git prints does', () => {
    const quoted = '"a/caf\\351.txt" "b/caf\\351.txt"';
    const text = `diff --git ${quoted}\n--- "a/caf\\351.txt"\n+++ "b/caf\\351.txt"\n@@ -1 +1 @@\n-a\n+b\n`;
    assert.deepEqual(
      parsePatch(text).map(({ path }) => path),
      [Buffer.from('caf\xe9.txt', 'latin1').toString('utf8')],
    );
  });

  it('reads the whole lines of a patch that was cut', () => {
    const whole = git('diff', 'HEAD~1', 'HEAD', '--', 'two hunks.txt');
    const cut = whole.slice(0, whole.indexOf('-line 39\n'));
    assert.deepEqual(
      parsePatch(cut).map(({ hunks }) => hunks.map((hunk) => hunk.lines.length)),
      [[7, 3]],
    );
    assert.deepEqual(parsePatch(''), []);
  });
});

describe('a patch of text with characters that elsewhere end a line', () => {
  const odd = { 'U+2028': '\u2028', 'U+2029': '\u2029', CR: '\r', FF: '\f', VT: '\v', NEL: '\u0085' };

  for (const [name, character] of Object.entries(odd)) {
    it(`is read to its end, in what git calls the function around and in the lines: ${name}`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'patch-'));
      const git = (...args: string[]): string =>
        execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.invalid', ...args], { cwd: folder, encoding: 'utf8' });
      const content = (changes: Readonly<Record<number, string>>): string =>
        `function a() { // ${character}odd\n${Array.from({ length: 40 }, (_, at) => `  ${changes[at] ?? `${at}${character}old`}\n`).join('')}`;
      try {
        git('init', '--quiet');
        for (const path of ['a.js', 'b.js']) writeFileSync(join(folder, path), content({}));
        git('add', '--all');
        git('commit', '--quiet', '--message', 'a');
        writeFileSync(join(folder, 'a.js'), content({ 10: `ten${character}new`, 30: `thirty${character}new` }));
        writeFileSync(join(folder, 'b.js'), content({ 20: `twenty${character}new` }));
        const files = parsePatch(git('diff', '--no-color'));
        assert.deepEqual(
          files.map(({ path, hunks }) => [path, ...hunks.flatMap(({ lines }) => lines.filter((line) => line.startsWith('+')))]),
          [
            ['a.js', `+  ten${character}new`, `+  thirty${character}new`],
            ['b.js', `+  twenty${character}new`],
          ],
        );
        assert.deepEqual(
          files.flatMap(({ hunks }) => hunks.map(({ section }) => section)),
          Array.from({ length: 3 }, () => `function a() { // ${character}odd`),
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
