import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  changedDependencies,
  namesLeftInPlace,
  namesToLookAt,
  rootsOf,
  sortChanges,
} from '../../../../src/core/policy/dependencyFolders.ts';
import { protectedText } from '../../../../src/core/policy/protectedPaths.ts';

const rules = { test: 'npm test', patterns: [] as string[] };
const textOf = (...paths: string[]): string => protectedText(changedDependencies(paths, true));

describe('Folders that git ignores and the tests run programs of', () => {
  it('are those of package managers, and what the settings name or leave out', () => {
    const names = (...patterns: string[]): string[] => namesToLookAt({ ...rules, patterns });
    assert.ok(['node_modules', '.venv', 'vendor', '.pnp.cjs', '__pycache__'].every((name) => names().includes(name)));
    assert.deepEqual(
      names('target/').filter((name) => !names().includes(name)),
      ['target'],
    );
    assert.deepEqual(
      names().filter((name) => !names('!node_modules/').includes(name)),
      ['node_modules'],
    );
    assert.deepEqual(names('!node_modules/.prisma/', 'migrations/*.sql', 'a/b/'), names());
  });

  it('are left in place when what else git ignores goes before a merge is tested, as are those that the settings allow to change', () => {
    const names = namesLeftInPlace(['!target/', '!.cache', '!a/b/', '!*.log', 'build/', '!node_modules/']);
    assert.deepEqual(
      names.filter((name) => !namesLeftInPlace([]).includes(name)),
      ['target', '.cache'],
    );
    assert.ok(['node_modules', '.venv', '.pnp.cjs'].every((name) => names.includes(name)));
    assert.ok(!names.includes('__pycache__'));
  });

  it('are told apart from what git tracks in them, which the candidate has', () => {
    const paths = ['vendor', 'vendor/a/a.go', 'vendor/b/b.go', 'vendor/b'];
    assert.deepEqual(rootsOf([...paths, 'x/node_modules/y/z.js'], rules), ['vendor', 'x/node_modules']);
    assert.deepEqual(sortChanges(paths, ['vendor/a/a.go'], rules).changed, ['vendor/b/b.go']);
    // Git took a tracked file away: the folder has changed, and that is in the candidate.
    assert.deepEqual(sortChanges(['vendor'], ['vendor/a/a.go'], rules).changed, []);
  });

  it('count as changed also by what was taken away or renamed in them', () => {
    const { changed } = sortChanges(['node_modules/a', 'node_modules/b/lib', 'node_modules/b/lib/x.js', 'node_modules/b'], [], rules);
    assert.deepEqual(changed, ['node_modules/a', 'node_modules/b/lib/x.js']);
    assert.deepEqual(sortChanges(['node_modules'], [], rules).changed, ['node_modules']);
  });

  it('hold caches, which are emptied of what is new, and notes of package managers, which decide nothing', () => {
    const cached = ['node_modules/.cache/babel/x.json', 'node_modules/.vite/vitest/results.json', 'src/__pycache__/a.cpython-312.pyc'];
    const folders = ['node_modules', 'node_modules/.cache', 'node_modules/.cache/babel', 'node_modules/.vite', 'node_modules/.vite/vitest'];
    const notes = ['node_modules/.package-lock.json', 'node_modules/.modules.yaml'];
    assert.deepEqual(sortChanges([...folders, 'src/__pycache__', ...cached, ...notes], [], rules), { changed: [], caches: cached });
    // One that git tracks is not taken away.
    assert.deepEqual(sortChanges(cached, [...cached], rules), { changed: [], caches: [] });
    assert.deepEqual(sortChanges(['node_modules/.cachet/x', 'node_modules/x/.cache'], [], rules).caches, []);
  });

  it('are not asked about where the tests put them up anew, or the settings say so', () => {
    const path = 'node_modules/.bin/mocha';
    const changed = (test: string, ...patterns: string[]): number => sortChanges([path], [], { test, patterns }).changed.length;
    assert.deepEqual(
      [changed('npm ci && npm test'), changed('npm test && npm ci'), changed('npm ci; npm test'), changed('npm install && npm test')],
      [0, 1, 1, 1],
    );
    assert.deepEqual([changed('npm test', '!node_modules/'), changed('npm test', '!node_modules/.prisma/')], [0, 1]);
    assert.deepEqual(sortChanges(['.venv/bin/pytest'], [], { test: 'npm ci && npm test', patterns: [] }).changed, ['.venv/bin/pytest']);
  });

  it('are told in one phrase, by program and package', () => {
    assert.equal(textOf('node_modules/.bin/mocha'), 'node_modules/.bin/mocha is not as the agent found it, and git ignores it');
    assert.equal(
      textOf('node_modules/left/index.js', 'node_modules/left/lib/a.js', 'node_modules/.bin/mocha'),
      'node_modules/.bin/mocha is not as the agent found it, and git ignores it; so is node_modules/left (2 files)',
    );
    assert.equal(
      textOf(
        ...['node_modules/@s/a/x.js', 'node_modules/@s/a/y.js', '.venv/bin/pytest', '.venv/lib/python3.12/site-packages/foo/__init__.py'],
        ...['vendor/phpunit/phpunit/a.php', 'vendor/phpunit/phpunit/b.php'],
      ),
      '.venv/bin/pytest is not as the agent found it, and git ignores it; so are .venv/lib/python3.12/site-packages/foo/__init__.py, node_modules/@s/a (2 files) and 1 more',
    );
    assert.deepEqual(changedDependencies([], true), []);
  });
});
