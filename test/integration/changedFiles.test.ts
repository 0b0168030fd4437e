import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { changedSince, removeFiles } from '../../src/adapters/files/changedFiles.ts';
import { removeChanged } from '../../src/adapters/files/removeChanged.ts';
import { until } from '../support/reactor.ts';

const NAMES = ['node_modules', '.venv', '__pycache__', 'odd[1]*'];

/** As on systems with BusyBox. */
const WITHOUT = `#!/bin/sh
case " $* " in *' -cnewer '*) echo 'find: unrecognized: -cnewer' >&2; exit 1 ;; esac
PATH=\${PATH#*:} exec find "$@"
`;

for (const isPoor of [false, true])
  describe(`What has changed in folders since a moment${isPoor ? ', where find does not look at that time' : ''}`, function () {
    this.timeout(60_000);
    let root: string;
    let folder: string;
    let since: number;

    const file = (path: string, content = 'x'): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    };
    /** From here on what is done counts: the system's own times have come past the moment. */
    const begin = async (): Promise<void> => {
      since = Date.now();
      const probe = join(root, 'probe');
      await until('the time of the file system has gone on', () => {
        writeFileSync(probe, '');
        return statSync(probe).ctimeMs > since + 1;
      });
    };
    const found = async (names: readonly string[] = NAMES): Promise<string[]> => {
      const { paths, isWhole } = await changedSince({ folder, names, since });
      assert.equal(isWhole, true);
      return [...paths].sort();
    };

    const path = process.env['PATH'];

    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'reactor-changed-'));
      mkdirSync(join(root, 'poor'));
      writeFileSync(join(root, 'poor', 'find'), WITHOUT, { mode: 0o755 });
      if (isPoor) process.env['PATH'] = `${join(root, 'poor')}:${path}`;
      folder = join(root, 'worktree');
      for (const path of ['node_modules/.bin/mocha', 'node_modules/a/index.js', 'node_modules/b/lib/x.js', 'src/a.js']) file(path);
      await begin();
    });
    afterEach(() => {
      process.env['PATH'] = path;
      return rm(root, { recursive: true });
    });

    it('is nothing where nothing was done, and where there is no such folder', async () => {
      file('src/b.js');
      assert.deepEqual(await found(), []);
      assert.deepEqual(await found(['.venv']), []);
      assert.deepEqual(await found([]), []);
    });

    it('is what was written, made, replaced, taken away or renamed, also where times were set back', async () => {
      writeFileSync(join(folder, 'node_modules/.bin/mocha'), 'always green');
      utimesSync(join(folder, 'node_modules/.bin/mocha'), 1e9, 1e9);
      file('packages/p/node_modules/new/index.js');
      rmSync(join(folder, 'node_modules/a/index.js'));
      renameSync(join(folder, 'node_modules/b/lib'), join(folder, 'node_modules/b/other'));
      assert.deepEqual(await found(), [
        'node_modules/.bin/mocha',
        'node_modules/a',
        'node_modules/b',
        'node_modules/b/other',
        'packages/p/node_modules',
        'packages/p/node_modules/new',
        'packages/p/node_modules/new/index.js',
      ]);
    });

    it('is a folder that was put in the place of another, with nothing new in it', async () => {
      file('spare/.bin/mocha', 'always green');
      await begin();
      renameSync(join(folder, 'node_modules'), join(folder, 'away'));
      renameSync(join(folder, 'spare'), join(folder, 'node_modules'));
      assert.deepEqual(await found(), ['node_modules']);
    });

    it('is a file under a second name, and one that only changed its rights', async () => {
      linkSync(join(folder, 'src/a.js'), join(folder, 'node_modules/linked.js'));
      execFileSync('chmod', ['+x', join(folder, 'node_modules/a/index.js')]);
      assert.deepEqual(await found(), ['node_modules', 'node_modules/a/index.js', 'node_modules/linked.js']);
    });

    it('is followed through a link that has such a name, inside and outside, and through no other', async () => {
      for (const [place, name] of [
        [join(folder, 'deps'), 'deps'],
        [join(root, 'shared'), 'node_modules'],
      ] as const) {
        rmSync(join(folder, 'node_modules'), { recursive: true });
        mkdirSync(join(place, 'pkg'), { recursive: true });
        symlinkSync(place, join(folder, 'node_modules'));
        symlinkSync('/etc', join(place, 'elsewhere'));
        await begin();
        assert.deepEqual(await found(), []);
        writeFileSync(join(place, 'pkg', 'index.js'), 'x');
        assert.deepEqual(await found(), [`${name}/pkg`, `${name}/pkg/index.js`]);
      }
      rmSync(join(folder, 'node_modules'));
      symlinkSync('/nowhere', join(folder, 'node_modules'));
      assert.deepEqual(await found(), ['node_modules']);
    });

    it('has odd names as they are', async () => {
      file('odd[1]*/-rf');
      file('node_modules/a\nb/--help');
      assert.deepEqual(await found(), ['node_modules', 'node_modules/a\nb', 'node_modules/a\nb/--help', 'odd[1]*', 'odd[1]*/-rf']);
    });

    it('is told also when a part can not be read, and fails where it can not be found out', async () => {
      file('node_modules/closed/x.js');
      execFileSync('chmod', ['000', join(folder, 'node_modules/closed')]);
      try {
        assert.ok((await found()).includes('node_modules/closed'));
      } finally {
        execFileSync('chmod', ['700', join(folder, 'node_modules/closed')]);
      }
      await assert.rejects(changedSince({ folder: join(root, 'gone'), names: NAMES, since }));
      await assert.rejects(changedSince({ folder, names: NAMES, since }, AbortSignal.abort(new Error('enough'))), /enough/);
    });

    it('can be taken away, but for folders and what lies behind a link', async () => {
      file('src/__pycache__/a.pyc');
      mkdirSync(join(root, 'outside'));
      writeFileSync(join(root, 'outside', 'a.pyc'), 'theirs');
      mkdirSync(join(folder, 'lib'));
      symlinkSync(join(root, 'outside'), join(folder, 'lib/__pycache__'));
      const left = await removeFiles(folder, ['src/__pycache__/a.pyc', 'src/__pycache__', 'lib/__pycache__/a.pyc', 'gone/a.pyc']);
      assert.deepEqual(left, ['lib/__pycache__/a.pyc']);
      assert.deepEqual([existsSync(join(folder, 'src/__pycache__/a.pyc')), existsSync(join(folder, 'src/__pycache__'))], [false, true]);
      assert.equal(readFileSync(join(root, 'outside', 'a.pyc'), 'utf8'), 'theirs');
    });

    it('is removed in the places named, with folders that came and are empty, but not below some names nor behind links', async () => {
      for (const path of ['dist/a.js', 'dist/old.js', '.env', 'app/.env', 'vendor/v.js']) file(path);
      mkdirSync(join(folder, 'made'));
      await begin();
      for (const path of ['dist/a.js', 'dist/new/b.js', 'made/x', '.env', 'node_modules/a/index.js', 'dist/node_modules/c.js', 'other/x'])
        file(path, 'y');
      mkdirSync(join(root, 'outside'));
      writeFileSync(join(root, 'outside', 'kept'), 'theirs');
      symlinkSync(join(root, 'outside'), join(folder, 'dist/link'));
      const places = ['dist/', 'made/', '.env', 'app/.env', 'node_modules/', 'gone/', '-rf'];
      const removed = await removeChanged({ folder, places, without: ['node_modules'], since });
      assert.deepEqual([...removed].sort(), ['.env', 'dist/a.js', 'dist/link', 'dist/new/b.js', 'made/x']);
      const left = ['dist/old.js', 'dist/node_modules/c.js', 'made', 'app/.env', 'node_modules/a/index.js', 'other/x'];
      assert.deepEqual(
        left.filter((path) => !existsSync(join(folder, path))),
        [],
      );
      assert.deepEqual([existsSync(join(folder, 'dist/new')), readFileSync(join(root, 'outside/kept'), 'utf8')], [false, 'theirs']);
      assert.deepEqual(await removeChanged({ folder, places, without: ['node_modules'], since }), []);
    });
  });
