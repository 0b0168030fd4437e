import { join } from 'node:path';
import type { DetectedTest } from '../../core/ports/project.ts';
import { entriesOf, isFile, peek } from './boundedFile.ts';

/** Folders that tests commonly lie in, the project's own first. */
const testFolders = ['', 'tests', 'test'];
const MAX_TEST_FILES = 20;

/** What says that pytest is used, most telling first. */
const pytestSigns: readonly (readonly [string, RegExp])[] = [
  ['pytest.ini', /^/],
  ['pyproject.toml', /^\s*\[tool\.pytest\b/m],
  ['setup.cfg', /^\[tool:pytest\]/m],
  ['tox.ini', /^\[pytest\]/m],
  ['pyproject.toml', /(^|["'\s])pytest(?![\w-])/m],
  ['setup.cfg', /^\s*pytest(?![\w-])/m],
];

const isRequirements = (name: string): boolean => /^(.*[-_.])?requirements([-_.].*)?\.(txt|in)$/.test(name) || name === 'Pipfile';
const namesPytest = /^\s*["']?pytest(?![\w-])/m;
const importsPytest = /^\s*(import\s+pytest\b|from\s+pytest\b)/m;
const importsUnittest = /^\s*(import\s+unittest\b|from\s+unittest\b)/m;

/** Lock files of tools that keep the environment, and how they start a command in it. */
const environments: readonly (readonly [string, string])[] = [
  ['uv.lock', 'uv run pytest'],
  ['poetry.lock', 'poetry run pytest'],
  ['Pipfile.lock', 'pipenv run pytest'],
];

async function pytestSign(folder: string): Promise<string | null> {
  for (const [name, sign] of pytestSigns) {
    const path = join(folder, name);
    if ((await isFile(path)) && sign.test(await peek(path))) return name;
  }
  for (const within of testFolders) if (await isFile(join(folder, within, 'conftest.py'))) return join(within, 'conftest.py');
  for (const within of ['', 'requirements']) {
    const names = (await entriesOf(join(folder, within))).map(({ name }) => name).sort();
    const files = names.filter((name) => isRequirements(name) || (within !== '' && name.endsWith('.txt')));
    for (const name of files) if (namesPytest.test(await peek(join(folder, within, name)))) return join(within, name);
  }
  return (await testFileWith(folder, /^test_.*\.py$|_test\.py$/, importsPytest))?.name ?? null;
}

async function testFileWith(
  folder: string,
  file: RegExp,
  content: RegExp,
): Promise<{ readonly name: string; readonly within: string } | null> {
  for (const within of testFolders) {
    const entries = await entriesOf(join(folder, within));
    const names = entries.filter((entry) => !entry.isDirectory() && file.test(entry.name)).map(({ name }) => name);
    for (const name of names.sort().slice(0, MAX_TEST_FILES)) {
      if (content.test(await peek(join(folder, within, name), 65_536))) return { name: join(within, name), within };
    }
  }
  return null;
}

export async function detectPytest(folder: string): Promise<DetectedTest | null> {
  const source = await pytestSign(folder);
  if (source === null) return null;
  for (const [lock, command] of environments) if (await isFile(join(folder, lock))) return { command, source: `${source}, ${lock}` };
  // As a module: the folder itself is then importable, and no script has to be on PATH.
  return { command: 'python3 -m pytest', source };
}

export async function detectUnittest(folder: string): Promise<DetectedTest | null> {
  const found = await testFileWith(folder, /^test.*\.py$/, importsUnittest);
  if (found === null) return null;
  // Discovery from the top passes over folders that are no packages, finds nothing, and older versions call that a success.
  const isPackage = found.within === '' || (await isFile(join(folder, found.within, '__init__.py')));
  const start = isPackage ? '' : ` -s ${found.within}`;
  return { command: `python3 -m unittest discover${start}`, source: found.name };
}
