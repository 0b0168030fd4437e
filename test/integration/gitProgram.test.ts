import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { plainCommonDir } from '../../src/adapters/git/plainCommonDir.ts';
import { runProgram } from '../../src/adapters/git/runProgram.ts';
import { GitFixture } from './gitFixture.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const sh = (script: string, more: { input?: string; maxBytes?: number; timeoutMs?: number } = {}, signal?: AbortSignal) => {
  const call = { program: 'sh', args: ['-c', script], cwd: '/', env: { PATH: process.env['PATH'] ?? '' }, maxBytes: 1e6, ...more };
  return runProgram(systemClock, { ...call, stdout: 'pipe', stderr: 'pipe' }, signal);
};

describe('a program that git is started by', function () {
  this.timeout(60_000);

  it('gives exit code and outputs, and takes its input or none', async () => {
    const end = await sh('cat; echo no >&2; exit 3', { input: 'in' });
    assert.deepEqual([end.exitCode, end.signal, text(end.stdout), text(end.stderr), end.truncated], [3, null, 'in', 'no\n', false]);
    assert.equal(text((await sh('cat; echo $PATH$HOME')).stdout), `${process.env['PATH']}\n`);
    // One that ends without reading what it is given.
    assert.equal((await sh('exit 0', { input: 'x'.repeat(1e6) })).exitCode, 0);
  });

  it('is ended when it says too much, takes too long or is no longer wanted, also when another holds its outputs', async () => {
    const cut = await sh('while :; do echo line; done', { maxBytes: 10 });
    assert.deepEqual([text(cut.stdout), cut.truncated, cut.exitCode], ['line\nline\n', true, null]);
    const late = await sh('sleep 600 & echo $!; wait', { timeoutMs: 1000 });
    process.kill(Number(text(late.stdout)));
    assert.deepEqual([late.signal, late.timedOut, late.truncated], ['SIGTERM', true, false]);
    const control = new AbortController();
    const stopped = sh('exec sleep 600', {}, control.signal);
    control.abort();
    assert.deepEqual([(await stopped).signal, (await stopped).timedOut], ['SIGTERM', false]);
  });

  it('that is not there, or whose folder is not, can not be started', async () => {
    const call = { args: [], env: {}, maxBytes: 1, stdout: 'ignore', stderr: 'pipe' } as const;
    await assert.rejects(runProgram(systemClock, { ...call, program: '/none', cwd: '/' }), /ENOENT/);
    await assert.rejects(runProgram(systemClock, { ...call, program: '/bin/true', cwd: '/none' }), /ENOENT/);
  });
});

describe('the git folder of a repository', () => {
  let f: GitFixture | undefined;
  afterEach(() => f?.dispose());

  it('is found without git where it is plain, and left to git elsewhere', () => {
    f = new GitFixture();
    const { repo, root } = f;
    f.commit({ a: '1\n' });
    const [inside, linked, bare, broken] = ['repo/deep/er', 'linked', 'bare.git', 'repo/broken'].map((name) => join(root, name));
    mkdirSync(inside ?? '', { recursive: true });
    f.run('worktree', 'add', '--quiet', '--detach', linked ?? '');
    f.in(root, 'init', '--quiet', '--bare', bare ?? '');
    mkdirSync(join(broken ?? '', '.git'), { recursive: true });
    writeFileSync(join(broken ?? '', '.git/HEAD'), '');
    const found = [repo, inside, linked, bare, broken, root, join(root, 'none')].map((path) => plainCommonDir(path ?? '', {}));
    assert.deepEqual(found, [join(repo, '.git'), join(repo, '.git'), null, null, null, null, null]);
    assert.equal(plainCommonDir(repo, { GIT_CEILING_DIRECTORIES: '/' }), null);
  });
});
