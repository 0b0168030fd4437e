import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { HeldAnswers } from '../support/heldAnswers.ts';
import { type Call, dataOf, type Outcome, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { checkoutState, git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

/** Signs nothing real. Its first call stops until it is told to go on. */
const signer = (folder: string): string => `#!/bin/sh
cat > /dev/null
if mkdir ${folder}/signing 2> /dev/null; then until [ -f ${folder}/sign ]; do sleep 0.1; done; fi
echo '[GNUPG:] SIG_CREATED D 1 2 00 0 0' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nAAAA\\n-----END PGP SIGNATURE-----\\n'
`;

describe('The engine dies, is alone, and ends', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  const answers = new HeldAnswers();
  const showEnded = (repository: string, task: string): Promise<ReturnType<typeof JSON.parse>> =>
    until(`${task} has ended`, async () => {
      const shown = JSON.parse((await reactor.call(repository, ['show', task, '--json'])).stdout);
      return shown.concluded !== null && shown.cell.hasWorktree === false ? shown : null;
    });
  const timeline = (shown: { timeline: { type: string; data: Record<string, unknown> }[] }, type: string): Record<string, unknown>[] =>
    shown.timeline.filter((entry) => entry.type === type).map(({ data }) => data);
  const trailers = async (repository: string): Promise<string[]> =>
    (
      await git(
        repository,
        'log',
        '--all',
        '--not',
        '--glob=refs/reactor/*',
        '--format=%(trailers:key=Reactor-Run,valueonly,separator=%x2C)',
      )
    )
      .split('\n')
      .filter((line) => line !== '');

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        turning: answers.hold('turning', tools(write('turning.txt', 'good\n'), bash('sleep 0'))),
        testing: tools(write('testing.txt', 'good\n')),
        leaving: answers.hold('leaving', tools(write('leaving.txt', 'good\n'))),
        orphaned: answers.hold('orphaned', tools(write('orphaned.txt', 'good\n'), bash('sleep 600'))),
        committing: tools(write('committing.txt', 'good\n')),
        alpha: tools(write('alpha.txt', 'good\n')),
        starting: tools(write('starting.txt', 'good\n')),
      }),
    );
  });
  after(() => {
    answers.letAllGo();
    return reactor.close();
  });

  it('kill -9 of an engine before it answers: the command that waits for it starts another', async () => {
    const repository = await reactor.repository('starting', plainProject());
    const died = join(reactor.root, 'starting.died');
    const env = { REACTOR_DIE: `before:engine/started:${died}` };
    const { exitCode, stderr } = await reactor.startRun(repository, 'Write starting', ['--task', 'starting'], { env }).outcome;
    assert.equal(exitCode, 0, stderr);
    assert.ok(existsSync(died));
  });

  it('INV-005: kill -9 of the engine in a turn: no server is left after the grace time; the next command reverts the attempt, says so and goes on', async () => {
    const repository = await reactor.repository('turn', plainProject());
    const untouched = await checkoutState(repository);
    const call = reactor.startRun(repository, 'Write turning', ['--task', 'turning', '--land', 'branch']);
    await answers.isHeld(reactor, 'turning');
    await call.abandon();
    reactor.killEngine(repository);
    await until('the warden has ended every process of the cell', () => reactor.agentServers().length === 0);
    answers.letGo('turning');
    await reactor.call(repository, ['status']);
    const shown = await showEnded(repository, 'turning');
    assert.equal(shown.concluded.status, 'committed', shown.concluded.reason);
    const [recovered] = timeline(shown, 'run/recovered');
    assert.equal(recovered?.['outcome'], 'reverted');
    assert.match(
      String(recovered?.['reason']),
      /the engine ended while the agent worked, and its agent server had ended; what it had done is kept/,
    );
    const [interrupted] = timeline(shown, 'attempt/interrupted');
    assert.equal(await git(repository, 'show', `${String(interrupted?.['keptRef'])}:turning.txt`), 'good');
    assert.deepEqual(await checkoutState(repository), untouched);
  });

  it('kill -9 of the engine in a test: the test is ended and run again on the same candidate, which is committed once', async () => {
    const repository = await reactor.repository('test', plainProject());
    const count = join(reactor.root, 'testing.count');
    const test = `if [ -f testing.txt ]; then echo run >> ${count}; [ "$(wc -l < ${count})" -gt 1 ] || sleep 600; fi`;
    // However long a busy machine takes to start the next engine, the warden leaves it the cell.
    const env = { REACTOR_WARDEN_GRACE_MS: '60000' };
    const call = reactor.startRun(repository, 'Write testing', ['--task', 'testing', '--test', test], { env });
    await until('the test runs', () => existsSync(count));
    reactor.killEngine(repository);
    // The command that follows the run starts the next engine by itself.
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 1], outcome.stderr);
    assert.deepEqual(
      dataOf(outcome, 'run/recovered').map(({ outcome: how }) => how),
      ['adopted'],
    );
    assert.equal(readFileSync(count, 'utf8'), 'run\nrun\n');
    assert.deepEqual(await trailers(repository), [onlyRun(outcome).run]);
  });

  describe('kill -9 of the engine at the commit', () => {
    /** Stops the engine's commit at the user's signing program, kills the engine there, and lets the next one end the run. */
    const diesAtCommit = async (name: string, meanwhile: (repository: string, call: Call) => Promise<void>): Promise<[string, Outcome]> => {
      const repository = await reactor.repository(name, plainProject());
      const folder = join(reactor.root, `${name}-signer`);
      mkdirSync(folder);
      writeFileSync(join(folder, 'gpg'), signer(folder), { mode: 0o755 });
      await git(repository, 'config', 'gpg.program', join(folder, 'gpg'));
      await git(repository, 'config', 'commit.gpgsign', 'true');
      const call = reactor.startRun(repository, 'Write committing', ['--task', 'committing']);
      await until('the commit is being signed', () => existsSync(join(folder, 'signing')));
      await meanwhile(repository, call);
      reactor.killEngine(repository);
      writeFileSync(join(folder, 'sign'), '');
      return [repository, await call.outcome];
    };
    const assertCommittedOnce = async (repository: string, outcome: Outcome): Promise<void> => {
      const { run, status, tree, attempts } = onlyRun(outcome);
      assert.deepEqual([outcome.exitCode, status, attempts], [0, 'landed', 1], outcome.stderr);
      assert.deepEqual(
        dataOf(outcome, 'run/recovered').map((data) => data.outcome),
        ['resumed'],
      );
      assert.deepEqual(await trailers(repository), [run]);
      assert.deepEqual([await git(repository, 'rev-parse', 'HEAD^{tree}'), await git(repository, 'status', '--porcelain')], [tree, '']);
    };

    it('before there is a commit: the next engine makes it', async () => {
      const [repository, outcome] = await diesAtCommit('unsigned', async () => {});
      await assertCommittedOnce(repository, outcome);
    });

    it('after the branch has moved and before that is recorded: the next engine finds its commit by the trailer', async () => {
      let made = '';
      const [repository, outcome] = await diesAtCommit('unrecorded', async (path, call) => {
        const [candidate] = dataOf(call, 'attempt/candidateBuilt');
        const [planned] = dataOf(call, 'cell/planned');
        const message = 'Task committing: Write committing\n\nReactor-Run: committing-r1\nReactor-Attempt: 1\n';
        made = await git(path, 'commit-tree', candidate?.tree ?? '', '-p', 'main', '-m', message);
        await git(path, 'update-ref', `refs/heads/${planned?.branch}`, made);
      });
      await assertCommittedOnce(repository, outcome);
      assert.equal(onlyRun(outcome).commit, made);
    });
  });

  it('INV-005: kill -9 of engine and warden together: the next command ends what is left and goes on', async () => {
    const repository = await reactor.repository('both', plainProject());
    const call = reactor.startRun(repository, 'Write orphaned', ['--task', 'orphaned', '--land', 'branch']);
    await answers.isHeld(reactor, 'orphaned');
    await call.abandon();
    const wardens = reactor.processes().filter(({ commandLine }) => commandLine === 'reactor-warden');
    for (const { pid } of wardens) process.kill(pid, 'SIGKILL');
    reactor.killEngine(repository);
    assert.equal(reactor.agentServers().length, 1);
    const killed = await reactor.call(repository, ['kill', 'orphaned', '--json']);
    assert.deepEqual([killed.exitCode, onlyRun(killed).status], [0, 'cancelled']);
    assert.deepEqual(reactor.agentServers(), []);
    assert.equal(await git(repository, 'show', `${onlyRun(killed).kept}:orphaned.txt`), 'good');
  });

  it('survives its client; logs -f and status see the end', async () => {
    const repository = await reactor.repository('survive', plainProject());
    const call = reactor.startRun(repository, 'Write leaving', ['--task', 'leaving']);
    await answers.isHeld(reactor, 'leaving');
    await call.abandon();
    const logs = reactor.start(repository, ['logs', 'leaving', '-f']);
    const status = JSON.parse((await reactor.call(repository, ['status', '--json'])).stdout) as {
      runs: { task: string }[];
      cells: unknown[];
    };
    assert.deepEqual([status.runs.map(({ task }) => task), status.cells.length], [['leaving'], 1]);
    answers.letGo('leaving');
    const outcome = await logs.outcome;
    assert.equal(outcome.exitCode, 0);
    assert.equal(await git(repository, 'show', 'main:leaving.txt'), 'good');
  });

  it('a second engine for the same repository is refused', async () => {
    const repository = join(reactor.root, 'survive');
    await reactor.call(repository, ['run', '--prompt', 'Be idle', '--detach', '--approve', 'auto']);
    const before = reactor.engines(repository);
    const second = await reactor.call(repository, ['engine']);
    assert.equal(second.exitCode, 0);
    assert.deepEqual([before.length, reactor.engines(repository)], [1, before]);
    await reactor.call(repository, ['kill', 'TASK-001']);
  });

  it('ends by itself, with its warden, when no client and no run is left', async () => {
    const repository = await reactor.repository('idle', plainProject());
    const outcome: Outcome = await reactor.run(repository, 'Write alpha', [], { env: { REACTOR_IDLE_MS: '1000' } });
    assert.equal(outcome.exitCode, 0);
    await until('the engine has ended by itself', () => reactor.engines(repository).length === 0);
    const exported = await reactor.call(repository, ['export']);
    const last = JSON.parse(exported.stdout.trimEnd().split('\n').at(-1) ?? '') as { type: string; data: { reason: string } };
    assert.deepEqual([last.type, last.data.reason], ['engine/stopped', 'idle']);
  });
});
