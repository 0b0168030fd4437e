import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

const files: Readonly<Record<string, string>> = {
  'package.json': `${JSON.stringify({ name: 'sample', private: true, type: 'module', scripts: { test: 'node --test' } }, null, 2)}\n`,
  'README.md': '# Sample\n\nA few helpers for dates and text, with their tests.\n',
  '.gitignore': 'node_modules/\n.env\n',
  'src/leapYear.js': `/** Whether a year of the Gregorian calendar has 366 days. */
export const isLeapYear = (year) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
`,
  'src/capitalise.js': `/** The text with its first letter in upper case. */
export const capitalise = (text) => text.charAt(0).toUpperCase() + text.slice(1);
`,
  'test/leapYear.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLeapYear } from '../src/leapYear.js';

test('2024 is a leap year', () => assert.equal(isLeapYear(2024), true));
test('2023 is not', () => assert.equal(isLeapYear(2023), false));
test('1900 is not', () => assert.equal(isLeapYear(1900), false));
test('2000 is', () => assert.equal(isLeapYear(2000), true));
`,
  'test/capitalise.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capitalise } from '../src/capitalise.js';

test('the first letter is raised', () => assert.equal(capitalise('reactor'), 'Reactor'));
test('nothing stays nothing', () => assert.equal(capitalise(''), ''));
`,
};

/** Makes a small JavaScript project with green tests and one commit on main, in a temporary folder. @returns its path. */
export async function makeSampleRepository(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'reactor-sample-')));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const git = (...args: string[]) => execa('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd: folder });
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'Sample');
  await git('config', 'user.email', 'sample@localhost');
  await git('config', 'commit.gpgsign', 'false');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Start the sample');
  return folder;
}
