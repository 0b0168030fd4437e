import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { HeldAnswers } from '../support/heldAnswers.ts';
import { dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { requires } from '../support/requires.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { checkoutState, git } from '../support/sampleRepository.ts';
import { bash, byWord, isRetry, tools, write } from '../support/sampleScript.ts';
import { SettableClock } from '../support/settableClock.ts';
import { Disk, fillUp, Volumes } from '../support/volumes.ts';

describe('Deaths other than of processes: each is told in a sentence, loses nothing, and the run goes on or waits', function () {
  this.timeout(240_000);
  let reactor: Reactor;
  const volumes = new Volumes();
  let isMountable = false;
  let hasDisks = false;
  const answers = new HeldAnswers();
  const mount = (name: string, options: string): string => volumes.mount(join(reactor.root, name), options);

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        full: answers.hold('full', tools(write('full.txt', 'good\n'))),
        branchless: answers.hold('branchless', tools(write('branchless.txt', 'good\n'))),
        targetless: answers.hold('targetless', tools(write('targetless.txt', 'good\n'))),
        unnamed: tools(write('unnamed.txt', 'good\n')),
        locking: (call) =>
          isRetry(call)
            ? tools(write('locking.txt', 'good\n'))(call)
            : tools(bash('touch "$(git rev-parse --git-dir)/index.lock"'), write('locking.txt', 'bad\n'))(call),
        landing: tools(write('landing.txt', 'good\n')),
        booting: answers.hold('booting', tools(write('booting.txt', 'good\n'))),
        ...Object.fromEntries(
          ['forward', 'back'].map((name) => [
            name,
            answers.hold(name, (call) => tools(write(`${name}.txt`, isRetry(call) ? 'good\n' : 'bad\n'))(call)),
          ]),
        ),
        frozen: answers.hold('frozen', tools(write('frozen.txt', 'good\n'))),
        broken: answers.hold('broken', tools(write('broken.txt', 'good\n'))),
        failing: answers.hold('failing', tools(write('failing.txt', 'good\n'))),
        away: answers.hold('away', tools(write('away.txt', 'good\n'))),
        alpha: tools(write('alpha.txt', 'good\n')),
      }),
    );
    isMountable = Volumes.canMount(join(reactor.root, 'mountable'));
    hasDisks = Disk.canMake(join(reactor.root, 'makeable'));
  });
  after(async () => {
    answers.letAllGo();
    volumes.unmountAll();
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
    fillUp(ballast);
    answers.letGo('full');
    const cut = await call.outcome;
    assert.equal(cut.exitCode, 1, 'who follows the run is told, and does not wait for ever');
    assert.match(cut.stderr, /disk is full|no space left|ENOSPC/i);
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

  for (const { name, what, words, fail, mend } of [
    {
      name: 'failing',
      what: 'becomes read-only',
      words: /can't write to its data folder .* \(EROFS\)/,
      fail: (disk: Disk) => disk.break(),
      mend: (disk: Disk) => disk.mend(),
    },
    {
      name: 'away',
      what: 'is taken away',
      words: /The journal that tells of away-r1 was removed or replaced.*If it lay on a volume that is gone for now, bring that back/,
      fail: (disk: Disk) => disk.takeAway(),
      mend: (disk: Disk) => disk.bringBack(),
    },
  ]) {
    it(`the data folder's disk ${what} under a run: who follows is told, no engine is left, and mended, the run goes on`, async function () {
      requires(this, hasDisks, 'the right to mount a disk, and mkfs.ext4');
      const disk = new Disk(join(reactor.root, `disk-${name}`), join(reactor.root, `data-${name}`));
      const env = { REACTOR_HOME: join(reactor.root, `data-${name}`), REACTOR_IDLE_MS: '1000' };
      try {
        const repository = await reactor.repository(name, plainProject());
        const call = reactor.startRun(repository, `Write ${name}`, ['--task', name, '--land', 'branch'], { env });
        await answers.isHeld(reactor, name);
        const engines = reactor.engines(repository);
        fail(disk);
        answers.letGo(name);
        const cut = await call.outcome;
        assert.equal(cut.exitCode, 1, cut.stderr);
        assert.match(cut.stderr, words);
        assert.match(cut.stderr, new RegExp(`reactor logs ${name}-r1 -f`));
        await until('its engine has ended', () => !reactor.engines(repository).some((pid) => engines.includes(pid)));
        mend(disk);
        const outcome = await reactor.call(repository, ['logs', name, '-f'], { env });
        assert.equal(outcome.exitCode, 0, outcome.stderr);
        assert.match(await git(repository, 'log', '--all', '--format=%s'), new RegExp(`^Task ${name}:`, 'm'));
        assert.equal((await reactor.call(repository, ['export', '--verify'], { env })).exitCode, 0);
        await reactor.call(repository, ['engine', '--stop', '--now'], { env });
      } finally {
        disk.takeAway();
      }
    });
  }

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

  it('the target deleted under the run: the run waits and says so, and lands once it is back', async () => {
    const repository = await reactor.repository('targetless', plainProject());
    await git(repository, 'branch', 'release');
    const call = reactor.startRun(repository, 'Write targetless', ['--task', 'targetless', '--target', 'release', '--base', 'main']);
    await answers.isHeld(reactor, 'targetless');
    await git(repository, 'update-ref', '-d', 'refs/heads/release');
    answers.letGo('targetless');
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [7, 'parked'], outcome.stderr);
    assert.match(onlyRun(outcome).reason, /release/);
    await git(repository, 'branch', 'release', 'main');
    const resumed = await reactor.call(repository, ['resume', 'targetless', '--json']);
    assert.deepEqual([resumed.exitCode, onlyRun(resumed).status], [0, 'landed'], resumed.stderr);
    assert.equal(await git(repository, 'show', 'release:targetless.txt'), 'good');
  });

  it('its branch deleted while a landing waits: what was committed lands all the same', async () => {
    const repository = await reactor.repository('unnamed', plainProject());
    writeFileSync(join(repository, 'readme.txt'), 'changed\n');
    const parked = await reactor.run(repository, 'Write unnamed', ['--task', 'unnamed']);
    const { status, branch } = onlyRun(parked);
    assert.deepEqual([parked.exitCode, status], [5, 'parked'], parked.stderr);
    await git(repository, 'update-ref', '-d', `refs/heads/${branch}`);
    await git(repository, 'checkout', '--quiet', 'readme.txt');
    const approved = await reactor.call(repository, ['approve', 'unnamed', '--json']);
    assert.deepEqual([approved.exitCode, onlyRun(approved).status], [0, 'landed'], approved.stderr);
    assert.equal(await git(repository, 'show', 'main:unnamed.txt'), 'good');
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

  for (const [name, way, offsetMs] of [
    ['forward', 'a day forward', 86_400_000],
    ['back', 'an hour back', -3_600_000],
  ] as const) {
    it(`a clock that jumps ${way} in a turn: no limit is passed by it, and the agent is asked again in the same conversation`, async () => {
      const clock = new SettableClock(mkdtempSync(join(reactor.root, 'clock-')));
      const repository = await reactor.repository(name, plainProject());
      const call = reactor.startRun(repository, `Write ${name}`, ['--task', name], { env: clock.env });
      await answers.isHeld(reactor, name);
      clock.set(offsetMs);
      answers.letGo(name);
      const outcome = await call.outcome;
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 2], outcome.stderr);
      assert.deepEqual([dataOf(outcome, 'attempt/reverted').length, dataOf(outcome, 'run/recoveryApplied')], [1, []]);
      const jumped = (outcome.entries.at(-1)?.at ?? 0) - (outcome.entries[0]?.at ?? 0);
      assert.ok(Math.abs(jumped - offsetMs) < Math.abs(offsetMs) / 2, `the engine's clock has jumped by ${jumped} ms`);
      await reactor.call(repository, ['engine', '--stop', '--now']);
    });
  }

  it('a server that dies in every turn: the run waits with what was done, and lands once it is resumed', async () => {
    const repository = await reactor.repository('broken', plainProject());
    const call = reactor.startRun(repository, 'Write broken', ['--task', 'broken']);
    for (const attempt of [1, 2, 3, 4]) {
      await call.entry('attempt/started', ({ data }) => (data as { attempt: number }).attempt === attempt);
      await until('the model holds the turn', () => reactor.calls('broken').filter(({ turn }) => turn === 1).length >= attempt);
      for (const { pid } of reactor.agentServers()) process.kill(pid, 'SIGKILL');
    }
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [5, 'parked'], outcome.stderr);
    assert.match(onlyRun(outcome).reason, /^interrupted 4 times in a row, last: .*; what was done is kept\..*: reactor resume broken-r1$/);
    const kept = dataOf(outcome, 'attempt/interrupted').map(({ keptRef }) => git(repository, 'show', `${keptRef}:broken.txt`));
    assert.deepEqual(await Promise.all(kept), ['good', 'good', 'good', 'good']);
    answers.letGo('broken');
    const resumed = await reactor.call(repository, ['resume', 'broken', '--json']);
    assert.deepEqual([resumed.exitCode, onlyRun(resumed).status, onlyRun(resumed).attempts], [0, 'landed', 5], resumed.stderr);
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
