import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { runCli } from '../../../src/cli/runCli.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost, fakeRepository } from '../../support/cli/fakeHost.ts';
import { FakeTerminal } from '../../support/cli/fakeTerminal.ts';

describe('reactor init', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reactor-init-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const written = async () => JSON.parse(await readFile(join(folder, 'reactor.yaml'), 'utf8'));
  const host = (change = {}) => fakeHost(new FakeEngine(), change);

  it('writes what was detected with --yes and asks nothing', async () => {
    const { exitCode, out } = await cli(['init', '--yes'], host(), { folder });
    assert.deepEqual(
      [exitCode, await written(), out],
      [
        0,
        { test: 'npm test', setup: null, approve: 'ask', land: 'ff' },
        `Found the test command: npm test (package.json scripts.test)\nWritten: ${join(folder, 'reactor.yaml')}\nOpenCode 1.18.33 is ready.\nNext: reactor run --prompt "…"\n`,
      ],
    );
  });

  it('asks with good answers filled in, and again after one that is none', async () => {
    const terminal = new FakeTerminal(['init'], { folder, tty: true });
    const ended = runCli(terminal, () => Promise.resolve(host()));
    for (const typed of ['', 'npm ci', 'sometimes', 'auto', '']) await terminal.type(typed);
    assert.equal(await ended, 0);
    assert.deepEqual(await written(), { test: 'npm test', setup: 'npm ci', approve: 'auto', land: 'ff' });
    assert.deepEqual(terminal.questions.slice(0, 1), ['Test command (decides whether a change is good) [npm test]: ']);
  });

  it('overwrites nothing unasked', async () => {
    await writeFile(join(folder, 'reactor.yaml'), '"mine"');
    const refused = await cli(['init', '--yes'], host(), { folder });
    const terminal = new FakeTerminal(['init'], { folder, tty: true });
    const ended = runCli(terminal, () => Promise.resolve(host()));
    await terminal.type('n');
    assert.deepEqual([refused.exitCode, await ended, await written()], [1, 1, 'mine']);
    assert.match(refused.err, /reactor\.yaml is already here and was left as it is\.\n {2}→ reactor init --force replaces it/);
    assert.equal((await cli(['init', '--yes', '--force'], host(), { folder })).exitCode, 0);
    assert.equal((await written()).test, 'npm test');
  });

  it('does not switch off a reactor.yml unasked', async () => {
    await writeFile(join(folder, 'reactor.yml'), 'budgets: {}\n');
    const refused = await cli(['init', '--yes'], host(), { folder });
    const terminal = new FakeTerminal(['init'], { folder, tty: true });
    const ended = runCli(terminal, () => Promise.resolve(host()));
    await terminal.type('');
    assert.deepEqual([refused.exitCode, await ended], [1, 1]);
    await assert.rejects(written(), { code: 'ENOENT' });
    assert.match(
      refused.err,
      /reactor\.yml is already here and was left as it is\.\n {2}→ reactor init --force writes reactor\.yaml, and reactor\.yml counts no more/,
    );
    const forced = await cli(['init', '--yes', '--force'], host(), { folder });
    assert.deepEqual([forced.exitCode, (await written()).test], [0, 'npm test']);
    assert.match(forced.out, /reactor\.yml is still here and counts no more/);
  });

  it('says of a bare repository that its settings are read there alone, and writes none into the git folder of a checkout', async () => {
    const bareAt = (commonDir: string) =>
      host({ repository: () => Promise.resolve({ ...fakeRepository, facts: { ...fakeRepository.facts, commonDir, topLevel: null } }) });
    const inside = await cli(['init', '--yes'], bareAt('/repository/.git'), { folder });
    assert.deepEqual([inside.exitCode, await readdir(folder)], [1, []]);
    assert.match(inside.err, /is git's own folder; .* Nothing was written\.\n {2}→ reactor init --repo \/repository\n$/);
    const bare = await cli(['init', '--yes'], bareAt(folder), { folder });
    assert.equal(bare.exitCode, 0);
    assert.match(bare.out, /Written: .*\nThis repository is bare: its settings are read from there alone/);
  });

  it('writes nothing when nobody answers', async () => {
    const terminal = new FakeTerminal(['init'], { folder, tty: true });
    const ended = runCli(terminal, () => Promise.resolve(host()));
    await terminal.type(null);
    assert.equal(await ended, 130);
    await assert.rejects(written(), { code: 'ENOENT' });
    assert.match(
      (await cli(['init'], host(), { folder })).err,
      /there is no terminal to ask on\. Nothing was written\.\n {2}→ reactor init --yes/,
    );
  });

  it('says what is missing', async () => {
    const bare = host({ detectTest: () => Promise.resolve(null), locateAgentServer: () => Promise.resolve(null) });
    const { out } = await cli(['init', '--yes'], bare, { folder });
    assert.match(
      out,
      /No test command yet: set test: in it before the first run\.\nOpenCode is missing: no usable one on PATH \(1\.18 or a later 1\.x is needed\); install it/,
    );
  });

  it('tells what it has written also where OpenCode does not answer', async () => {
    const silent = host({
      locateAgentServer: () => Promise.reject(new UserFacingError('environment', 'opencode --version did not answer within 30 s.')),
    });
    const told = await cli(['init', '--yes'], silent, { folder });
    assert.equal(
      told.out,
      `Found the test command: npm test (package.json scripts.test)\nWritten: ${join(folder, 'reactor.yaml')}\nopencode --version did not answer within 30 s.\n  → reactor doctor looks again\nNext: reactor run --prompt "…"\n`,
    );
    assert.deepEqual([told.exitCode, told.err], [0, '']);
    const { out } = await cli(['init', '--json', '--force'], silent, { folder });
    assert.deepEqual(JSON.parse(out), {
      file: join(folder, 'reactor.yaml'),
      test: 'npm test',
      agentServer: null,
      agentServerProblem: 'opencode --version did not answer within 30 s.',
    });
  });

  it('replaces a file whole, where a link to it leads and with its mode', async () => {
    await mkdir(join(folder, 'settings'));
    const kept = join(folder, 'settings', 'mine.yaml');
    await writeFile(kept, '"mine"');
    await chmod(kept, 0o600);
    await symlink(kept, join(folder, 'reactor.yaml'));
    assert.equal((await cli(['init', '--yes', '--force'], host(), { folder })).exitCode, 0);
    assert.deepEqual(
      [(await written()).test, (await lstat(join(folder, 'reactor.yaml'))).isSymbolicLink(), (await stat(kept)).mode & 0o777],
      ['npm test', true, 0o600],
    );
    assert.deepEqual(await readdir(join(folder, 'settings')), ['mine.yaml']);
  });

  it('says in one sentence that it can not be written, and leaves nothing beside it', async () => {
    await mkdir(join(folder, 'reactor.yaml'));
    const { exitCode, err } = await cli(['init', '--yes', '--force'], host(), { folder });
    assert.deepEqual([exitCode, await readdir(folder)], [1, ['reactor.yaml']]);
    assert.match(
      err,
      /^reactor: .*reactor\.yaml could not be written: .*\. It was left as it is\.\n {2}→ make room there, or write to another place\n$/,
    );
  });
});
