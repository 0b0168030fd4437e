import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { checkoutState, git } from '../support/sampleRepository.ts';
import { bash, byWord, isRetry, tools, write } from '../support/sampleScript.ts';
import type { ModelScript } from '../support/scriptedModel.ts';

/** Writes until the file system has no room left. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (let size = 1_000_000; size >= 1; size = Math.floor(size / 10)) {
      const piece = Buffer.alloc(size);
      try {
        for (;;) writeSync(handle, piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(handle);
  }
}

const canMount = (): boolean => process.platform === 'linux' && process.getuid?.() === 0;

describe('Deaths other than of processes: each is told in a sentence, loses nothing, and the run goes on or waits', function () {
  this.timeout(240_000);
  let reactor: Reactor;
  const mounts: string[] = [];
  const letGo = new Map<string, () => void>();
  const held = (word: string, script: ModelScript): ModelScript => {
    const opened = new Promise<void>((resolve) => letGo.set(word, resolve));
    return async (call) => {
      if (call.turn === 1) await opened;
      return script(call);
    };
  };
  const isHeld = (word: string): Promise<boolean> =>
    until(`the model holds ${word}`, () => reactor.calls(word).some(({ turn }) => turn === 1));
  const mount = (name: string, options: string): string => {
    const folder = join(reactor.root, name);
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
    mounts.push(folder);
    return folder;
  };

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        full: held('full', tools(write('full.txt', 'good\n'))),
        branchless: held('branchless', tools(write('branchless.txt', 'good\n'))),
        locking: (call) =>
          isRetry(call)
            ? tools(write('locking.txt', 'good\n'))(call)
            : tools(bash('touch "$(git rev-parse --git-dir)/index.lock"'), write('locking.txt', 'bad\n'))(call),
        landing: tools(write('landing.txt', 'good\n')),
        booting: held('booting', tools(write('booting.txt', 'good\n'))),
        frozen: held('frozen', tools(write('frozen.txt', 'good\n'))),
        alpha: tools(write('alpha.txt', 'good\n')),
      }),
    );
  });
  after(async () => {
    for (const open of letGo.values()) open();
    for (const folder of mounts) execFileSync('umount', ['--lazy', folder]);
    await reactor.close();
  });

  it('a full disk: the journal holds what it held, and the run goes on once there is room', async () => {
    if (!canMount()) return;
    const data = mount('small', 'size=96m');
    const env = { REACTOR_HOME: data };
    const repository = await reactor.repository('full', plainProject());
    const untouched = await checkoutState(repository);
    const call = reactor.startRun(repository, 'Write full', ['--task', 'full', '--land', 'branch'], { env });
    await call.entry('attempt/started');
    await isHeld('full');
    const ballast = join(data, 'ballast');
    fill(ballast);
    letGo.get('full')?.();
    await until('the engine has told of it', () => reactor.engineLog(repository, data).includes('full'));
    call.child.kill('SIGKILL');
    await call.outcome;
    rmSync(ballast);
    // Whoever comes next finds an engine or starts one, and the run goes on.
    await reactor.call(repository, ['engine', '--stop', '--now'], { env });
    const outcome = await reactor.call(repository, ['logs', 'full', '-f'], { env });
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const verified = await reactor.call(repository, ['export', '--verify'], { env });
    assert.equal(verified.exitCode, 0, verified.stdout);
    const shown = JSON.parse((await reactor.call(repository, ['show', 'full', '--json'], { env })).stdout);
    // The agent's own server had no room either, so that its turn may have failed; then that is told, and what was there is kept.
    const isWhole = shown.concluded.status === 'committed';
    assert.ok(isWhole || shown.attemptList.every((one: { candidate: unknown }) => one.candidate !== null), JSON.stringify(shown.concluded));
    if (isWhole) assert.equal(await git(repository, 'show', 'reactor/full:full.txt'), 'good');
    assert.deepEqual(await checkoutState(repository), untouched);
    await reactor.call(repository, ['engine', '--stop', '--now'], { env });
  });

  it('a read-only file system: nothing is started, and it says why', async () => {
    if (!canMount()) return;
    const env = { REACTOR_HOME: mount('fixed', 'ro') };
    const repository = await reactor.repository('fixed-home', plainProject());
    const outcome = await reactor.run(repository, 'Write alpha', [], { env });
    assert.equal(outcome.exitCode, 1);
    assert.match(outcome.stderr, /Reactor can't write to its data folder .*fixed.* \((EROFS|ENOENT)\)\. Nothing was started\./);
  });

  it('a branch deleted under the run: the commit makes it again', async () => {
    const repository = await reactor.repository('branchless', plainProject());
    const call = reactor.startRun(repository, 'Write branchless', ['--task', 'branchless']);
    const { branch } = (await call.entry('cell/planned')).data as { branch: string };
    await isHeld('branchless');
    await git(repository, 'update-ref', '-d', `refs/heads/${branch}`);
    letGo.get('branchless')?.();
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
    assert.equal(await git(repository, 'show', 'main:branchless.txt'), 'good');
  });

  it('an index lock left behind in the cell: it is cleared once no process of the cell lives, and the run goes on', async () => {
    const repository = await reactor.repository('locking', plainProject());
    const outcome = await reactor.run(repository, 'Write locking', ['--task', 'locking']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 2], outcome.stderr);
  });

  it("INV-010: an index lock left behind in the person's checkout is named and not touched; the run waits and lands when it is gone", async () => {
    const repository = await reactor.repository('landing', plainProject());
    const lock = join(repository, '.git', 'index.lock');
    writeFileSync(lock, '');
    const outcome = await reactor.run(repository, 'Write landing', ['--task', 'landing']);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [5, 'parked'], outcome.stderr);
    assert.match(
      onlyRun(outcome).reason,
      /main could not be moved\. Another git holds .*index\.lock\. If none runs, that file was left behind and can be deleted\./,
    );
    assert.ok(existsSync(lock));
    rmSync(lock);
    const approved = await reactor.call(repository, ['approve', 'landing', '--json']);
    assert.equal(approved.exitCode, 0, approved.stderr);
    assert.equal(await git(repository, 'show', 'main:landing.txt'), 'good');
  });

  it('a restart of the machine: processes of before are not taken for ours, and the attempt starts again from the last green state', async () => {
    const repository = await reactor.repository('booting', plainProject());
    const call = reactor.startRun(repository, 'Write booting', ['--task', 'booting', '--land', 'branch']);
    await isHeld('booting');
    call.child.kill('SIGKILL');
    await call.outcome;
    reactor.killEngine(repository);
    letGo.get('booting')?.();
    const outcome = await reactor.call(repository, ['logs', 'booting', '-f'], { env: { REACTOR_BOOT_ID: 'another' } });
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const [recovered] = dataOf({ entries: await reactor.entries(repository) }, 'run/recovered');
    assert.equal(recovered?.outcome, 'reverted');
    assert.match(recovered?.reason ?? '', /the machine was started again; what it had done is kept/);
  });

  it('a stopped server (SIGSTOP) in a turn: it is ended and the attempt redone', async () => {
    const repository = await reactor.repository('frozen', plainProject());
    const call = reactor.startRun(repository, 'Write frozen', ['--task', 'frozen', '--land', 'branch']);
    const spawned = (await call.entry('cell/serverSpawned')).data as { process: { pid: number } };
    await isHeld('frozen');
    process.kill(spawned.process.pid, 'SIGSTOP');
    letGo.get('frozen')?.();
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'committed', 2], outcome.stderr);
    assert.equal(dataOf(outcome, 'attempt/interrupted')[0]?.reason, 'the agent server lives and does not answer');
  });
});
