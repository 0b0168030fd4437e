import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

const standIns = {
  'src/cli.ts': `import { cliOnly } from './shared.ts';
    if (process.argv[2] === 'engine') await (await import('./engine.ts')).start();
    else if (process.argv[2] === 'exit') process.exit(Number(process.argv[3]));
    else console.log(JSON.stringify({ major: Number(process.versions.node.split('.')[0]), args: process.argv.slice(2), cliOnly }));`,
  'src/shared.ts': "export const cliOnly = 'shared';",
  'src/engine.ts':
    "import { cliOnly } from './shared.ts'; export const start = async () => console.log('engine', cliOnly, import.meta.url.split('/').at(-2));",
  'src/adapters/processes/wardenMain.ts': "console.log('warden');",
  'src/adapters/journal/verifierMain.ts': "console.log('verifier');",
};

describe('the bundles', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bundles-'));
    for (const name of ['scripts', 'esbuild.mjs', 'package.json']) cpSync(join(repository, name), join(root, name), { recursive: true });
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    for (const [path, text] of Object.entries(standIns)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const build = () => node('esbuild.mjs');

  it('are one thin launcher, the command line with a lazy engine, and the helpers', () => {
    assert.equal(build().stderr, '');
    assert.deepEqual(
      readdirSync(join(root, 'dist'))
        .map((name) => name.replace(/-[A-Z0-9]+\.mjs$/, '-HASH.mjs'))
        .sort(),
      ['.built', 'chunk-HASH.mjs', 'cli.mjs', 'engine-HASH.mjs', 'journalVerifier.mjs', 'reactor.mjs', 'warden.mjs'],
    );
    assert.equal(
      execFileSync(join(root, 'dist', 'reactor.mjs'), ['run', '--json'], { encoding: 'utf8' }),
      '{"major":24,"args":["run","--json"],"cliOnly":"shared"}\n',
    );
    assert.equal(node('dist/reactor.mjs', 'engine').stdout, 'engine shared dist\n');
    assert.equal(node('dist/reactor.mjs', 'exit', '5').status, 5);
  });

  it('fail when the command line imports the editor', () => {
    writeFileSync(join(root, 'src/shared.ts'), "import * as vscode from 'vscode'; export const cliOnly = String(vscode);");
    const done = build();
    assert.equal(done.status, 1);
    assert.match(done.stderr, /Could not resolve "vscode"/);
    assert.equal(existsSync(join(root, 'dist')), false);
  });

  it('are built again only when a source has changed, and chunks of old builds go after a day', () => {
    const staleness = () =>
      node('--input-type=module', '-e', `import { isStale } from './scripts/built.mjs'; console.log(isStale('.'));`).stdout;
    const later = (path: string) => utimesSync(join(root, path), Date.now() / 1000 + 60, Date.now() / 1000 + 60);
    const before = staleness();
    build();
    const engines = () => readdirSync(join(root, 'dist')).filter((name) => name.startsWith('engine-'));
    const first = engines();
    const after = staleness();
    writeFileSync(join(root, 'src/engine.ts'), "export const start = async () => console.log('other');");
    later('src/engine.ts');
    const changed = staleness();
    build();
    assert.deepEqual([before, after, changed], ['true\n', 'false\n', 'true\n']);
    const second = engines();
    for (const name of first) utimesSync(join(root, 'dist', name), 0, 0);
    build();
    const third = engines();
    assert.deepEqual([first.length, second.length, third.length], [1, 2, 1]);
    assert.notDeepEqual(third, first);
  });
});

describe('the launcher', () => {
  const text = (version: string, root: string) => `
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
    process.argv.splice(1, 1, '${root}/dist/reactor.mjs');
    await import('${root}/dist/reactor.mjs');`;
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'launcher-'));
    mkdirSync(join(root, 'dist'));
    writeFileSync(
      join(root, 'dist', 'cli.mjs'),
      "console.log(process.versions.node.split('.')[0], process.argv.slice(2).join(' ')); process.exit(3);",
    );
    const done = spawnSync(
      process.execPath,
      [
        join(repository, 'node_modules/esbuild/bin/esbuild'),
        'scripts/launcher.mjs',
        '--bundle',
        '--format=esm',
        '--platform=node',
        `--outfile=${root}/dist/reactor.mjs`,
        '--target=node14',
      ],
      { cwd: repository, encoding: 'utf8' },
    );
    assert.equal(done.status, 0, done.stderr);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const startUnder = (version: string, ...args: string[]) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', text(version, root), '-', ...args], { encoding: 'utf8' });

  it('goes on under the pinned Node when the running one is too old, with arguments and exit code', () => {
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    const done = startUnder('20.1.0', 'run', '--json');
    assert.deepEqual([done.stdout, done.status], ['24 run --json\n', 3]);
  });

  it('says which Node is needed when none is at hand', () => {
    const done = startUnder('20.1.0', 'run');
    assert.deepEqual([done.stdout, done.status], ['', 1]);
    assert.match(done.stderr, /^reactor needs Node 24 or newer \(this is v20\.1\.0\)/);
  });
});
