import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('Where there is no sandbox', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  const outcomes: Record<string, Outcome> = {};
  let approved: Outcome;

  before(async () => {
    reactor = await Reactor.open(byWord({ file: tools(write('file.txt', 'good\n')) }), {
      REACTOR_BWRAP: '/nonexistent/bwrap',
      REACTOR_SANDBOX: undefined,
    });
    const [asks, allows] = await Promise.all([
      reactor.repository('asks', plainProject()),
      reactor.repository('allows', plainProject('unsandboxed: allow\n')),
    ]);
    const run = async (name: string, repository: string, ...args: string[]): Promise<void> => {
      outcomes[name] = await reactor.run(repository, 'Write a file', [...args, '--land', 'branch', '--task', name]);
    };
    await run('required', asks, '--sandbox', 'required');
    await run('offline', asks, '--sandbox', 'off', '--network', 'none');
    await run('preferred', asks);
    await run('without', asks, '--sandbox', 'off');
    await run('allowed', allows, '--sandbox', 'preferred');
    approved = await reactor.call(asks, ['approve', 'preferred', '--json']);
  });
  after(() => reactor.close());

  it('a run that requires it does not start', () => {
    const outcome = outcomes['required'] as Outcome;
    assert.equal(outcome.exitCode, 1);
    assert.match(onlyRun(outcome).reason, /sandbox: required, but there is no sandbox here: bubblewrap \(bwrap\) is not installed/);
    assert.deepEqual(dataOf(outcome, 'cell/serverSpawned'), []);
  });

  it('a run without network does not start with one', () => {
    const offline = outcomes['offline'] as Outcome;
    assert.equal(offline.exitCode, 1);
    assert.match(onlyRun(offline).reason, /network: none needs the sandbox/);
  });

  it('a run that prefers it, as each does that says nothing, waits for a person and starts nothing before', () => {
    const outcome = outcomes['preferred'] as Outcome;
    assert.equal(outcome.exitCode, 5);
    assert.match(onlyRun(outcome).reason, /waits for a person: run without a sandbox/);
    assert.deepEqual(dataOf(outcome, 'cell/serverSpawned'), []);
  });

  it('and goes on after the person has agreed', () => {
    assert.equal(approved.exitCode, 0, `${approved.stdout}\n${approved.stderr}`);
  });

  it('a run that waits for that word holds up no other', async () => {
    const one = await reactor.repository('one', plainProject('cells: { limit: 1 }\n'));
    const env = { REACTOR_UNATTENDED_MS: '600000' };
    const waiting = reactor.startRun(one, 'Write a file', ['--task', 'waiting', '--land', 'branch'], { env });
    await waiting.entry('approval/requested');
    const other = await reactor.run(one, 'Write a file', ['--task', 'other', '--land', 'branch', '--sandbox', 'off'], { env });
    assert.equal(onlyRun(other).status, 'committed', other.stderr);
    const agreed = await reactor.call(one, ['approve', 'waiting', '--json'], { env });
    assert.deepEqual([onlyRun(agreed).status, (await waiting.outcome).exitCode], ['committed', 0], agreed.stderr);
  });

  it('a run that does not want one needs nobody’s word', () => assert.equal(outcomes['without']?.exitCode, 0));

  it('settings may agree for all runs; the journal says that there was none', () => {
    const outcome = outcomes['allowed'] as Outcome;
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    assert.deepEqual(
      dataOf(outcome, 'cell/serverSpawned').map(({ boundary }) => boundary),
      [null],
    );
    assert.deepEqual(
      dataOf(outcome, 'cell/ready').map(({ unsandboxed }) => unsandboxed),
      [true],
    );
  });
});
