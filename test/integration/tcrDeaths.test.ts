import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { HeldAnswers } from '../support/heldAnswers.ts';
import { dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { requires } from '../support/requires.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { checkoutState, git } from '../support/sampleRepository.ts';
import { bash, byWord, isRetry, tools, write } from '../support/sampleScript.ts';

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

const mountTmpfs = (folder: string, options: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
};
const unmount = (folder: string): void => {
  execFileSync('umount', ['--lazy', folder]);
};

/** Whether a file system can be mounted here: as root on Linux, and not in every container. */
function canMount(folder: string): boolean {
  if (process.platform !== 'linux') return false;
  mkdirSync(folder);
  try {
    mountTmpfs(folder, 'size=1m');
  } catch {
    return false;
  }
  unmount(folder);
  return true;
}

describe('Deaths other than of processes: each is told in a sentence, loses nothing, and the run goes on or waits', function () {
  this.timeout(240_000);
  let reactor: Reactor;
  const mounts: string[] = [];
  let isMountable = false;
  const answers = new HeldAnswers();
  const mount = (name: string, options: string): string => {
    const folder = join(reactor.root, name);
    mkdirSync(folder);
    mountTmpfs(folder, options);
    mounts.push(folder);
    return folder;
  };

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        full: answers.hold('full', tools(write('full.txt', 'good\n'))),
        branchless: answers.hold('branchless', tools(write('branchless.txt', 'good\n'))),
        locking: (call) =>
          isRetry(call)
            ? tools(write('locking.txt', 'good\n'))(call)
            : tools(bash('touch "$(git rev-parse --git-dir)/index.lock"'), write('locking.txt', 'bad\n'))(call),
        landing: tools(write('landing.txt', 'good\n')),
        booting: answers.hold('booting', tools(write('booting.txt', 'good\n'))),
        frozen: answers.hold('frozen', tools(write('frozen.txt', 'good\n'))),
        alpha: tools(write('alpha.txt', 'good\n')),
      }),
    );
    isMountable = canMount(join(reactor.root, 'mountable'));
  });
  after(async () => {
    answers.letAllGo();
    for (const folder of mounts) unmount(folder);
    await reactor.close();
  });

  it('a full disk: the journal holds what it held, and the run goes on once there is room', async function () {
    requires(this, isMountable, 'the right to mount a file system');
    const data = mount('small', 'size=96m');
    const env = { REACTOR_HOME: data };
    const repository = await reactor.repository('full', plainProject());
    const untouched = await checkoutState(repository);
    const call = reactor.startRun(repository, 'Write full', ['--task', 'full', '--land', 'branch'], { env });
    await call.entry('attempt/started');
    await answers.isHeld(reactor, 'full');
    const ballast = join(data, 'ballast');
    fill(ballast);
    answers.letGo('full');
    await until('the engine has told of it', () => reactor.engineLog(repository, data).includes('full'));
    await call.abandon();
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

  it('a read-only file system: nothing is started, and it says why', async function () {
    requires(this, isMountable, 'the right to mount a file system');
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
    await answers.isHeld(reactor, 'branchless');
    await git(repository, 'update-ref', '-d', `refs/heads/${branch}`);
    answers.letGo('branchless');
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
    await answers.isHeld(reactor, 'booting');
    call.child.kill('SIGKILL');
    await call.outcome;
    reactor.killEngine(repository);
    answers.letGo('booting');
    const outcome = await reactor.call(repository, ['logs', 'booting', '-f'], { env: { REACTOR_BOOT_ID: 'another' } });
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    const [recovered] = dataOf({ entries: await reactor.entries(repository) }, 'run/recovered');
    assert.equal(recovered?.outcome, 'reverted');
    assert.match(recovered?.reason ?? '', /the machine was started again; what it had done is kept/);
  });

  it('a stopped server (SIGSTOP) in a turn: it is ended and the attempt redone', async () => {
    const repository = await reactor.repository('frozen', plainProject());
    const call = reactor.startRun(repository, 'Write frozen', ['--task', 'frozen', '--land', 'branch']);
    await answers.isHeld(reactor, 'frozen');
    for (const { pid } of reactor.agentServers()) process.kill(pid, 'SIGSTOP');
    answers.letGo('frozen');
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'committed', 2], outcome.stderr);
    assert.equal(dataOf(outcome, 'attempt/interrupted')[0]?.reason, 'the agent server lives and does not answer');
  });
});
