import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { IncludePatterns } from '../../src/adapters/git/includePatterns.ts';
import { requires } from '../support/requires.ts';
import { GitFixture, value } from './gitFixture.ts';

describe('ignored files brought into a cell', function () {
  this.timeout(120_000);
  let at: GitFixture | undefined;
  const fixture = (): GitFixture => (at = new GitFixture());
  afterEach(() => at?.dispose());

  const ignoredIn = (f: GitFixture, cell: string): string[] =>
    f
      .in(cell, 'ls-files', '--others', '--ignored', '--exclude-standard', '-z')
      .split('\0')
      .filter((path) => path !== '')
      .sort();

  it('are those a glob names, at any depth without a slash, anchored with one, whole folders, and nothing else', async () => {
    const f = fixture();
    f.commit({ '.gitignore': '.env*\n*.log\nnode_modules/\nconf/\nsecret dir/\n', 'packages/a/x': '1\n' });
    f.write({
      '.env': 'top',
      '.env.local': 'local',
      'packages/a/.env': 'a',
      'packages/a/debug.log': 'no',
      'node_modules/one/index.js': '1',
      'node_modules/one/.env': 'inside',
      'packages/a/node_modules/two/index.js': '2',
      'conf/.env': 'in an ignored folder',
      'conf/other': 'no',
      'conf/deep/key': 'anchored',
      'secret dir/new\nline': 'x',
      untracked: 'not ignored, so not brought',
    });
    const repository = await f.open();
    const bring = async (name: string, ...globs: string[]) => {
      const cell = await f.cell(repository, name);
      const report = await repository.includeIgnored({ from: f.repo, to: cell, globs });
      return [ignoredIn(f, cell), report.files, report.skipped];
    };
    assert.deepEqual(await bring('env', '.env*'), [['.env', '.env.local', 'conf/.env', 'packages/a/.env'], 4, []]);
    assert.deepEqual(await bring('anchored', '/.env', 'conf/*/key'), [['.env', 'conf/deep/key'], 2, []]);
    assert.deepEqual(await bring('modules', 'node_modules'), [
      ['node_modules/one/.env', 'node_modules/one/index.js', 'packages/a/node_modules/two/index.js'],
      3,
      [],
    ]);
    assert.deepEqual(await bring('top', './node_modules/', 'secret*', '!.env'), [
      ['node_modules/one/.env', 'node_modules/one/index.js', 'secret dir/new\nline'],
      3,
      [],
    ]);
    assert.deepEqual(await bring('none', 'untracked', 'packages/a/x', '../**', '!x', '-rf'), [[], 0, []]);
  });

  it('are brought alone where some are named, if they are there and a glob names them', async () => {
    const f = fixture();
    f.commit({ '.gitignore': '.env*\nbuild/\n', tracked: '1\n' });
    f.write({ '.env': 'top', '.env.local': 'local', 'build/deep/a': 'a', 'build/b': 'b', untracked: 'x' });
    const repository = await f.open();
    const cell = await f.cell(repository, 'some');
    const only = ['.env', 'build/deep/a', '.env.gone', 'build/gone', 'untracked', 'tracked'];
    const report = await repository.includeIgnored({ from: f.repo, to: cell, globs: ['.env*', 'build', 'untracked'], only });
    assert.deepEqual([ignoredIn(f, cell), report.files, report.skipped], [['.env', 'build/deep/a'], 2, []]);
    assert.deepEqual(await repository.ignoredIn(cell), ['.env', 'build/']);
  });

  it('keep modes, times and links; a link that leads out and what is no file are left out and named', async () => {
    const f = fixture();
    f.commit({ '.gitignore': 'lib/\n.env*\n', 'tracked.txt': 't\n' });
    f.write({ 'lib/run.sh': '#!/bin/sh\n', 'lib/a/b': 'x', '.env.real': 'x' });
    chmodSync(join(f.repo, 'lib/run.sh'), 0o755);
    utimesSync(join(f.repo, 'lib/a/b'), 1_000_000_000, 1_000_000_000);
    utimesSync(join(f.repo, '.env.real'), 1_000_000_000, 1_000_000_000);
    writeFileSync(join(f.root, 'outside'), 'x');
    symlinkSync('../tracked.txt', join(f.repo, 'lib/inside'));
    symlinkSync('a', join(f.repo, 'lib/folder'));
    symlinkSync('nowhere', join(f.repo, 'lib/dangling'));
    symlinkSync('../../outside', join(f.repo, 'lib/out'));
    symlinkSync(join(f.repo, '.env.real'), join(f.repo, 'lib/absolute'));
    symlinkSync('../..', join(f.repo, 'lib/up'));
    symlinkSync('up/outside', join(f.repo, 'lib/through'));
    symlinkSync('/etc/passwd', join(f.repo, '.env.link'));
    execFileSync('mkfifo', [join(f.repo, 'lib/pipe'), join(f.repo, '.env.pipe')]);
    const repository = await f.open();
    const expected = ['.env.link', 'lib/absolute', 'lib/out', 'lib/pipe', 'lib/through', 'lib/up'];
    for (const name of ['fresh', 'present']) {
      const cell = await f.cell(repository, name);
      if (name === 'present') f.write({ 'lib/mine': 'stays' }, cell); // the folder is there: file by file
      const { skipped, files, bytes } = await repository.includeIgnored({ from: f.repo, to: cell, globs: ['lib', '.env*'] });
      assert.deepEqual(skipped.map(({ path }) => path).sort(), expected);
      assert.deepEqual(skipped.find(({ path }) => path === 'lib/out')?.why, 'leads out of the repository');
      assert.deepEqual(
        readdirSync(join(cell, 'lib'))
          .filter((file) => file !== 'mine')
          .sort(),
        ['a', 'dangling', 'folder', 'inside', 'run.sh'],
      );
      assert.deepEqual(readdirSync(cell).sort(), ['.env.real', '.git', '.gitignore', 'lib', 'tracked.txt']);
      assert.deepEqual(
        [
          readlinkSync(join(cell, 'lib/inside')),
          lstatSync(join(cell, 'lib/folder')).isSymbolicLink(),
          statSync(join(cell, 'lib/run.sh')).mode & 0o777,
          statSync(join(cell, 'lib/a/b')).mtimeMs,
          statSync(join(cell, '.env.real')).mtimeMs,
        ],
        ['../tracked.txt', true, 0o755, 1e12, 1e12],
      );
      assert.deepEqual([files, bytes >= 12], [6, true]);
    }
  });

  it('never replace what the cell tracks or has, nor go through its links, nor become part of a candidate', async () => {
    const f = fixture();
    f.write({ elsewhere: '' }, f.root);
    mkdirSync(join(f.root, 'out'));
    symlinkSync('../out', join(f.repo, 'linked'));
    const base = f.commit({ 'was/tracked': 'old\n', '.env': 'committed once\n', '.gitignore': '*.key\n' });
    f.run('rm', '--quiet', '-r', '--cached', 'was', '.env', 'linked');
    f.run('commit', '--quiet', '-m', 'untrack');
    execFileSync('rm', [join(f.repo, 'linked')]);
    f.write({
      '.gitignore': '*.key\nwas/\n.env\nlinked/\nlocal/\n',
      'was/tracked': 'new\n',
      'was/more.key': 'k',
      'linked/x.key': 'k',
      '.env': 'mine',
      'local/secret': 's',
      'local/a.key': 'k',
    });
    const repository = await f.open();
    const cell = await f.cell(repository, 'old', base);
    const report = await repository.includeIgnored({ from: f.repo, to: cell, globs: ['was', '.env', 'linked', 'local'] });
    assert.deepEqual(report.skipped.map(({ path, why }) => `${path}: ${why}`).sort(), [
      '.env: not ignored in the cell, so it would become part of the commit',
      'linked: the cell has something else than a folder above it',
      'local/secret: not ignored in the cell, so it would become part of the commit',
      'was/tracked: not ignored in the cell, so it would become part of the commit',
    ]);
    assert.deepEqual(
      [ignoredIn(f, cell), readFileSync(join(cell, '.env'), 'utf8'), readdirSync(join(f.root, 'out'))],
      [['local/a.key', 'was/more.key'], 'committed once\n', []],
    );
    assert.equal(value(await repository.snapshot(cell)).tree, await repository.treeOf(base));
    const again = await repository.includeIgnored({ from: f.repo, to: cell, globs: ['local'] });
    assert.deepEqual(
      [again.files, again.skipped.filter(({ path }) => path === 'local/a.key')],
      [0, [{ path: 'local/a.key', why: 'already there' }]],
    );
  });

  it('are brought although a folder beside them can not be looked into, which is named', async function () {
    requires(this, process.platform === 'linux', 'a file system that takes any bytes as a name');
    const f = fixture();
    f.commit({ '.gitignore': 'data*/\n.env\n' });
    f.write({ '.env': 'x', 'data/.env': 'y', 'data/full/z': 'z' });
    // A name that no text can hold is, like a folder of another user, listed by git and closed to whoever asks for it.
    for (const place of ['data-', 'data/full/']) mkdirSync(Buffer.concat([Buffer.from(join(f.repo, place)), Buffer.from([0xff])]));
    for (const place of ['data-', 'data/full/'])
      writeFileSync(Buffer.concat([Buffer.from(join(f.repo, place)), Buffer.from([0xff]), Buffer.from('/.env')]), 'hidden');
    const repository = await f.open();
    const bring = async (name: string, ...globs: string[]) => {
      const cell = await f.cell(repository, name);
      const { skipped } = await repository.includeIgnored({ from: f.repo, to: cell, globs });
      return [ignoredIn(f, cell), skipped.map(({ path, why }) => `${path}: ${why}`).sort()];
    };
    const unreadable = ['data-\ufffd: unreadable', 'data/full/\ufffd: unreadable'];
    assert.deepEqual(await bring('env', '.env'), [['.env', 'data/.env'], unreadable]);
    const [only = []] = await bring('alone', 'nothing-*');
    assert.deepEqual(only, []);
  });

  it('are none where the checkout is gone', async () => {
    const f = fixture();
    f.commit({ a: '1\n' });
    const repository = await f.open();
    const to = await f.cell(repository, 'late');
    assert.deepEqual(await repository.includeIgnored({ from: join(f.root, 'gone'), to, globs: ['.env*'] }), {
      files: 0,
      bytes: 0,
      cloned: false,
      skipped: [],
    });
  });

  it('waits for the files of the cell, and copies no other cell', async () => {
    const f = fixture();
    const base = f.commit({ '.gitignore': 'cells/\n.env\n', a: '1\n' });
    f.write({ '.env': 'x', 'cells/.env': 'beside' });
    const repository = await f.open();
    const path = join(f.repo, 'cells/one');
    value(await repository.createWorktree({ path, branch: 'reactor/one', base }));
    const filling = repository.populateWorktree(path);
    const including = repository.includeIgnored({ from: f.repo, to: path, globs: ['.env', 'cells'] });
    value(await filling);
    const report = await including;
    assert.deepEqual([report.files, ignoredIn(f, path)], [2, ['.env', 'cells/.env']]);
  });

  it('may be many thousand', async () => {
    const f = fixture();
    f.commit({ '.gitignore': 'node_modules/\n' });
    const files: Record<string, string> = {};
    for (let n = 0; n < 10_000; n += 1) files[`node_modules/p${n % 500}/f${n}.js`] = `${n}`;
    f.write(files);
    const repository = await f.open();
    const cell = await f.cell(repository, 'many');
    symlinkSync('p1/f1.js', join(f.repo, 'node_modules/link'));
    symlinkSync('../../../outside', join(f.repo, 'node_modules/p1/out'));
    const begun: unknown[] = [];
    const onFolder = (...told: readonly unknown[]): void => void begun.push(told);
    const report = await repository.includeIgnored({ from: f.repo, to: cell, globs: ['node_modules'], onFolder });
    assert.deepEqual([report.files, report.bytes, ignoredIn(f, cell).length], [10_001, 38_890, 10_001]);
    assert.deepEqual([begun, report.skipped.length], [[['node_modules', 10_001, 38_890]], 1]);
    assert.equal(readlinkSync(join(cell, 'node_modules/link')), 'p1/f1.js');
    assert.equal(readFileSync(join(cell, 'node_modules/p499/f9999.js'), 'utf8'), '9999');
    assert.equal(readdirSync(join(cell, 'node_modules')).length, 501);
    // What is changed in the cell does not change in the checkout, whether the content was shared or not.
    writeFileSync(join(cell, 'node_modules/p1/f1.js'), 'changed');
    assert.equal(readFileSync(join(f.repo, 'node_modules/p1/f1.js'), 'utf8'), '1');
  });
});

describe('patterns of ignored files', () => {
  it('enter only folders that may hold a match', () => {
    const enters = (glob: string, folder: string): boolean => new IncludePatterns([glob]).mayMatchInside(folder);
    assert.deepEqual(
      [
        enters('.env*', 'conf'),
        enters('.env*', 'a/node_modules'),
        enters('**/node_modules/.cache', 'a/node_modules'),
        enters('a/b', 'a'),
        enters('a/b', 'c'),
        enters('a/*/x', 'a/q'),
        enters('a/*/x', 'a/q/r'),
        enters('a/**', 'b'),
        enters('{a/b,c}/x', 'a'),
      ],
      [true, false, true, true, false, true, false, false, true],
    );
  });
});
