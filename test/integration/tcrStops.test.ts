import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type Call, dataOf, type Outcome, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { checkoutState, git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';
import type { ModelScript } from '../support/scriptedModel.ts';

/** Writes a file, then is silent for ever. */
const stuckAfter =
  (name: string): ModelScript =>
  (call) =>
    call.turn === 0 ? { tools: [write(name, 'half done\n')] } : { do: 'hang' };

const alive = (pid: number): boolean => {
  try {
    return !/ [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/, ''));
  } catch {
    return false;
  }
};

describe('Stopping a run', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let untouched: Awaited<ReturnType<typeof checkoutState>>;
  /** Runs into its time limit beside the others. */
  let slow: Call;
  const pidFile = (name: string): string => join(reactor.root, `${name}.pid`);
  const pid = (name: string): number => Number(readFileSync(pidFile(name), 'utf8'));

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        slow: stuckAfter('slow.txt'),
        hanging: tools(write('hanging.txt', 'good\n')),
        interrupted: stuckAfter('interrupted.txt'),
        killed: stuckAfter('killed.txt'),
        cancelled: tools(write('cancelled.txt', 'good\n')),
      }),
    );
    repository = await reactor.repository('plain', plainProject('testTimeout: 5s\n'));
    // The base is known to be green from here on, so that a time limit is about the agent and the tests alone.
    await reactor.run(repository, 'Find nothing to do');
    untouched = await checkoutState(repository);
    slow = reactor.startRun(repository, 'Write slow', ['--task', 'slow', '--timeout', '30s']);
    await slow.entry('attempt/started');
  });
  after(() => reactor.close());

  const assertKept = async (outcome: Outcome, content: string): Promise<void> => {
    const { kept, task } = onlyRun(outcome);
    assert.match(kept ?? '', /^refs\/reactor\/kept\//);
    assert.equal(await git(repository, 'show', `${kept}:${task}.txt`), content);
    assert.deepEqual(await checkoutState(repository), untouched);
    const [server] = dataOf(outcome, 'cell/serverSpawned');
    assert.equal(alive(server?.process.pid ?? 0), false);
  };

  it('a test that hangs is ended with all that it started, and counts as red', async () => {
    // Not on the base: there the command ends at once.
    const test = `if [ -f hanging.txt ]; then (setsid sleep 600 & echo $! > ${pidFile('child')}; wait) & echo $$ > ${pidFile('shell')}; sleep 600; fi`;
    const outcome = await reactor.run(repository, 'Write hanging', ['--task', 'hanging', '--test', test, '--attempts', '1']);
    const [tested] = dataOf(outcome, 'attempt/tested');
    assert.deepEqual(
      [outcome.exitCode, onlyRun(outcome).status, tested?.evidence.end, tested?.evidence.exitCode],
      [2, 'failed', 'timedOut', null],
    );
    assert.deepEqual([alive(pid('child')), alive(pid('shell'))], [false, false]);
    await assertKept(outcome, 'good');
  });

  it('exit code 130 for Ctrl-C: the cell is gone, what the agent did is kept and named', async () => {
    const call = reactor.startRun(repository, 'Write interrupted', ['--task', 'interrupted']);
    await until('the model was asked a second time', () => reactor.calls('interrupted').length >= 2);
    await call.entry('message/finished');
    call.child.kill('SIGINT');
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [130, 'cancelled']);
    await assertKept(outcome, 'half done');
    assert.match(outcome.stderr, /refs\/reactor\/kept\/|reactor restore/);
  });

  it('kill from another process ends the run; the one who followed it is told', async () => {
    const call = reactor.startRun(repository, 'Write killed', ['--task', 'killed']);
    await until('the model was asked a second time', () => reactor.calls('killed').length >= 2);
    const killed = await reactor.call(repository, ['kill', 'killed', '--json']);
    assert.deepEqual([killed.exitCode, onlyRun(killed).status], [0, 'cancelled']);
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [130, 'cancelled']);
    await assertKept(outcome, 'half done');
  });

  it('Ctrl-C while the tests run ends the tests with all that they started', async () => {
    const test = `if [ -f cancelled.txt ]; then (setsid sleep 600 & echo $! > ${pidFile('testChild')}; wait) & sleep 600; fi`;
    const call = reactor.startRun(repository, 'Write cancelled', ['--task', 'cancelled', '--test', test]);
    await until('the test runs', () => existsSync(pidFile('testChild')) && readFileSync(pidFile('testChild'), 'utf8').endsWith('\n'));
    call.child.kill('SIGINT');
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, alive(pid('testChild'))], [130, 'cancelled', false]);
    await assertKept(outcome, 'good');
  });

  it('a second Ctrl-C lets go of the terminal and leaves nothing behind either', async () => {
    const call = reactor.startRun(repository, 'Write killed', ['--task', 'killed']);
    await call.entry('attempt/started');
    call.child.kill('SIGINT');
    call.child.kill('SIGINT');
    const outcome = await call.outcome;
    assert.equal(outcome.exitCode, 130);
    const [server] = dataOf(outcome, 'cell/serverSpawned');
    await until('its agent server has gone', () => !alive(server?.process.pid ?? 0));
    const show = await until('the run has ended', async () => {
      const { concluded, cell } = JSON.parse((await reactor.call(repository, ['show', 'killed', '--json'])).stdout) as {
        concluded: { status: string } | null;
        cell: { hasWorktree: boolean };
      };
      return concluded !== null && !cell.hasWorktree ? concluded.status : null;
    });
    assert.equal(show, 'cancelled');
  });

  it('exit code 3 when the time is over while the model is silent; what the agent did is kept', async () => {
    const outcome = await slow.outcome;
    const { status, reason } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, reason], [3, 'failed', 'the time limit of 30 s has passed']);
    await assertKept(outcome, 'half done');
    assert.deepEqual(reactor.agentServers(), []);
  });
});
