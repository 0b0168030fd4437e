import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { heartbeat, readLease } from '../../src/adapters/journal/lease.ts';
import { HeldAnswers } from '../support/heldAnswers.ts';
import { onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';
import { stopUnlocked } from '../support/stoppedEngine.ts';

/** Makes the last sign of life of the engine older than a minute. */
function wasSilent(file: string): void {
  const { token = 0 } = readLease(file) ?? {};
  const aMinuteAgo = { ...systemClock, now: () => Date.now() - 61_000 };
  assert.equal(heartbeat({ file, clock: aMinuteAgo, token }), true);
}

describe('An engine that lives and does not answer', function () {
  this.timeout(180_000);
  const env = { REACTOR_ANSWER_MS: '2000' };
  let reactor: Reactor;
  let repository: string;
  let stuck: number;

  before(async () => {
    reactor = await Reactor.open(byWord({ alpha: tools(write('alpha.txt', 'good\n')), beta: tools(write('beta.txt', 'good\n')) }));
    repository = await reactor.repository('stuck', plainProject());
    const first = await reactor.run(repository, 'Write alpha');
    assert.equal(first.exitCode, 0, first.stderr);
    stuck = readLease(reactor.journal(repository))?.process.pid ?? 0;
    await stopUnlocked(stuck, reactor.journal(repository));
  });
  after(async () => {
    process.kill(stuck, 'SIGCONT');
    // It finds that it has lost its lease.
    await until('it has ended', () => !reactor.engines(repository).includes(stuck));
    await reactor.close();
  });

  for (const command of [['status'], ['engine', '--stop']]) {
    it(`is named by ${command.join(' ')}, which does not wait for it for ever`, async () => {
      const { exitCode, stderr } = await reactor.call(repository, command, { env });
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, new RegExp(`process ${stuck}\\) is there but does not answer`));
    });
  }

  it('is named when it keeps the journal locked, so that none can take its place', async () => {
    wasSilent(reactor.journal(repository));
    const writer = new DatabaseSync(reactor.journal(repository));
    writer.exec('BEGIN IMMEDIATE');
    try {
      const { exitCode, stderr } = await reactor.run(repository, 'Write beta', [], { env });
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, new RegExp(`process ${stuck}\\) does not answer, and the journal is kept locked`));
      assert.match(stderr, new RegExp(`kill -9 ${stuck}`));
    } finally {
      writer.close();
    }
  });

  it('is replaced once it has given no sign of life for a minute', async () => {
    wasSilent(reactor.journal(repository));
    const second = await reactor.run(repository, 'Write beta', [], { env });
    assert.deepEqual([second.exitCode, onlyRun(second).status], [0, 'landed'], second.stderr);
    assert.notEqual(readLease(reactor.journal(repository))?.process.pid, stuck);
  });
});

describe('An engine that is stopped (SIGSTOP) while a command follows its run', function () {
  this.timeout(180_000);
  const env = { REACTOR_ANSWER_MS: '2000', REACTOR_SILENT_MS: '6000' };
  const answers = new HeldAnswers();
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(byWord({ gamma: answers.hold('gamma', tools(write('gamma.txt', 'good\n'))) }), env);
  });
  after(async () => {
    answers.letAllGo();
    await reactor.close();
  });

  it('is noticed and said, and another goes on with the run once the first has given no sign of life for a minute', async () => {
    const repository = await reactor.repository('followed', plainProject());
    const call = reactor.startRun(repository, 'Write gamma', ['--task', 'gamma']);
    await answers.isHeld(reactor, 'gamma');
    const pid = readLease(reactor.journal(repository))?.process.pid ?? 0;
    await stopUnlocked(pid, reactor.journal(repository));
    try {
      wasSilent(reactor.journal(repository));
      await until('the command has told of it', () => call.told.stderr.includes('it has said nothing for 6 seconds, though asked'));
      answers.letGo('gamma');
      const outcome = await call.outcome;
      // The first still holds the ports of the cell, whatever becomes of it: its server is not taken over.
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 2], outcome.stderr);
      assert.match(outcome.stderr, /Another engine has taken over/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('it has ended', () => !reactor.engines(repository).includes(pid));
  });
});
