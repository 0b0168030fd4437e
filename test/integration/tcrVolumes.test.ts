import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { HeldAnswers } from '../support/heldAnswers.ts';
import { dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { requires } from '../support/requires.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';
import { fillUp, Volumes } from '../support/volumes.ts';

describe("A repository's or Reactor's own volume that fails under a run: it is told in a sentence, nothing is lost, and the run can go on", function () {
  this.timeout(240_000);
  let reactor: Reactor;
  const volumes = new Volumes();
  const answers = new HeldAnswers();
  let isMountable = false;

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        crowded: answers.hold('crowded', tools(write('crowded.txt', 'good\n'))),
        fixed: answers.hold('fixed', tools(write('fixed.txt', 'good\n'))),
        crashed: answers.hold('crashed', tools(write('crashed.txt', 'good\n'))),
      }),
    );
    isMountable = Volumes.canMount(join(reactor.root, 'mountable'));
  });
  after(async () => {
    answers.letAllGo();
    volumes.unmountAll();
    await reactor.close();
  });

  /** A repository on a volume of its own, with a run in it whose agent is about to write. */
  const atWork = async (name: string) => {
    const volume = volumes.mount(join(reactor.root, `volume-${name}`), 'size=16m');
    const repository = await reactor.repository(`volume-${name}/repository`, plainProject());
    const call = reactor.startRun(repository, `Write ${name}`, ['--task', name]);
    await call.entry('attempt/started');
    await answers.isHeld(reactor, name);
    return { volume, repository, call };
  };

  const failures: readonly { name: string; what: string; words: RegExp; fail: (volume: string) => void; mend: (volume: string) => void }[] =
    [
      {
        name: 'crowded',
        what: 'is full',
        words: /No space left on device|a disk is full/,
        fail: (volume) => fillUp(join(volume, 'ballast')),
        mend: (volume) => rmSync(join(volume, 'ballast')),
      },
      {
        name: 'fixed',
        what: 'becomes read-only',
        words: /Read-only file system|a file system is read-only/,
        fail: (volume) => volumes.remount(volume, 'ro'),
        mend: (volume) => volumes.remount(volume, 'rw'),
      },
    ];
  for (const { name, what, words, fail, mend } of failures) {
    it(`the repository's volume ${what} while the agent works: the run waits with all that was done, and lands once that is mended`, async function () {
      requires(this, isMountable, 'the right to mount a file system');
      const { volume, repository, call } = await atWork(name);
      fail(volume);
      answers.letGo(name);
      const outcome = await call.outcome;
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [5, 'parked'], outcome.stderr);
      assert.match(onlyRun(outcome).reason, words);
      assert.match(onlyRun(outcome).reason, new RegExp(`nothing is lost.*reactor resume ${name}-r1`));
      mend(volume);
      const resumed = await reactor.call(repository, ['resume', name, '--json']);
      assert.deepEqual([resumed.exitCode, onlyRun(resumed).status, onlyRun(resumed).attempts], [0, 'landed', 1], resumed.stderr);
      assert.equal(await git(repository, 'show', `main:${name}.txt`), 'good');
      await git(repository, 'fsck', '--strict');
      assert.equal(await git(repository, 'status', '--porcelain'), '');
      await reactor.call(repository, ['engine', '--stop', '--now']);
    });
  }

  it('the machine comes up with the data folder read-only: commands show what is there, say so and start nothing; mended, the run goes on', async function () {
    requires(this, isMountable, 'the right to mount a file system');
    const data = volumes.mount(join(reactor.root, 'data-fixed'), 'size=96m');
    const env = { REACTOR_HOME: data };
    const repository = await reactor.repository('crashed', plainProject());
    const call = reactor.startRun(repository, 'Write crashed', ['--task', 'crashed', '--land', 'branch'], { env });
    await answers.isHeld(reactor, 'crashed');
    await call.abandon();
    // The power fails: nothing ends in order.
    await until('nothing of it lives', () => {
      const left = reactor.processes().filter(({ commandLine }) => !commandLine.includes(' --stop'));
      for (const { pid } of left) process.kill(pid, 'SIGKILL');
      return left.length === 0;
    });
    answers.letGo('crashed');
    await until('the last of them has let go of its files', () => {
      try {
        volumes.remount(data, 'ro');
        return true;
      } catch {
        return false;
      }
    });
    const restarted = { ...env, REACTOR_BOOT_ID: 'another' };
    for (const command of [
      ['logs', 'crashed', '-f'],
      ['resume', 'crashed'],
    ]) {
      const { exitCode, stderr } = await reactor.call(repository, command, { env: restarted });
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, /Reactor can't write to its data folder .*data-fixed.* \(EROFS\)\. Nothing was started\./);
    }
    const read = ['status', 'tasks', 'show crashed', 'logs crashed', 'cost', 'export', 'export --verify'];
    const shown = await Promise.all(read.map((command) => reactor.call(repository, command.split(' '), { env: restarted })));
    for (const [index, { exitCode, stdout, stderr }] of shown.entries()) {
      assert.equal(exitCode, 0, `${read[index]}: ${stderr}`);
      assert.match(`${stdout}${stderr}`, /crashed|"engine\/started"|chain|whole/, read[index]);
      if (read[index] !== 'export --verify')
        assert.match(
          stderr,
          /^Reactor can't write to its data folder .* \(EROFS\)\. Nothing was started\. What follows was recorded before\.$/m,
        );
    }
    volumes.remount(data, 'rw');
    const outcome = await reactor.call(repository, ['logs', 'crashed', '-f'], { env: restarted });
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    assert.equal(await git(repository, 'show', 'reactor/crashed:crashed.txt'), 'good');
    const exported = (await reactor.call(repository, ['export'], { env: restarted })).stdout.trimEnd().split('\n');
    const [recovered] = dataOf({ entries: exported.map((line) => JSON.parse(line)) }, 'run/recovered');
    assert.equal(recovered?.outcome, 'reverted');
    await reactor.call(repository, ['engine', '--stop', '--now'], { env: restarted });
  });
});
