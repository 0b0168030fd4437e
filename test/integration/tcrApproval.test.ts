import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type Call, dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('Waiting for a person without a terminal', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  const parked: Record<string, Outcome> = {};

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        alpha: tools(write('alpha.txt', 'good\n')),
        beta: (call) => tools(write('beta.txt', call.prompt.includes('louder') ? 'GOOD\n' : 'good\n'))(call),
        gamma: tools(write('gamma.txt', 'good\n')),
        fetching: (call) =>
          tools({ name: 'webfetch', args: { url: `${reactor.model.url}/models`, format: 'text' } }, write('fetched.txt', 'good\n'))(call),
        forbidden: (call) =>
          tools({ name: 'webfetch', args: { url: `${reactor.model.url}/models`, format: 'text' } }, write('forbidden.txt', 'good\n'))(call),
        costly: tools(write('one.txt', 'good\n'), write('two.txt', 'good\n'), write('three.txt', 'good\n')),
      }),
    );
    repository = await reactor.repository('plain', plainProject());
    for (const branch of ['a', 'b', 'c', 'd', 'e', 'f']) await git(repository, 'branch', branch);
    const start = (word: string, target: string, args: readonly string[] = []): Call =>
      reactor.startRun(repository, `Write ${word}`, ['--task', word, '--target', target, '--approve', 'ask', ...args]);
    const calls = {
      alpha: start('alpha', 'a'),
      beta: start('beta', 'b'),
      gamma: start('gamma', 'c'),
      fetching: start('fetching', 'd', ['--approve', 'auto']),
      forbidden: start('forbidden', 'e', ['--approve', 'auto']),
      costly: start('costly', 'f', ['--approve', 'auto', '--budget', '0.006']),
    };
    for (const [word, call] of Object.entries(calls)) parked[word] = await call.outcome;
  });
  after(() => reactor.close());

  const run = (word: string) => onlyRun(parked[word] as Outcome);
  const answer = (...args: string[]): Promise<Outcome> => reactor.call(repository, [...args, '--json']);

  it('exit code 5 and parked with --approve ask: the candidate is kept, the server has ended, the target stays', async () => {
    const { status, tree, kept, commit } = run('alpha');
    assert.deepEqual([parked['alpha']?.exitCode, status, commit], [5, 'parked', null]);
    assert.equal(await git(repository, 'rev-parse', `${kept}^{tree}`), tree);
    assert.equal(await git(repository, 'rev-parse', 'a'), await git(repository, 'rev-parse', 'main'));
    assert.deepEqual(reactor.agentServers(), []);
  });

  it('status --json shows what waits', async () => {
    const { inbox } = JSON.parse((await answer('status')).stdout) as { inbox: { task: string; kind: string; tree: string | null }[] };
    assert.deepEqual(inbox.map(({ task, kind, tree }) => `${task} ${kind} ${tree === null ? '-' : tree === run(task).tree}`).sort(), [
      'alpha review true',
      'beta review true',
      'costly parked -',
      'fetching permission -',
      'forbidden permission -',
      'gamma review true',
    ]);
  });

  it('an approval of another tree than the candidate is refused and changes nothing', async () => {
    const other = await git(repository, 'rev-parse', 'main^{tree}');
    const outcome = await answer('approve', 'alpha', '--tree', other);
    assert.equal(outcome.exitCode, 1);
    assert.match(outcome.stderr, /Nothing was approved/);
    assert.equal(await git(repository, 'rev-parse', 'a'), await git(repository, 'rev-parse', 'main'));
  });

  it('exit code 0 for approve from another process, also past the end of the engine: the candidate lands as it was', async () => {
    await reactor.call(repository, ['engine', '--stop', '--now']);
    const outcome = await answer('approve', 'alpha', '--tree', run('alpha').tree ?? '');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).tree], [0, 'landed', run('alpha').tree]);
    assert.equal(await git(repository, 'rev-parse', 'a^{tree}'), run('alpha').tree);
  });

  it('reject with a comment sends it back to work; the comment reaches the model and the changes are still there', async () => {
    const outcome = await answer('reject', 'beta', '--comment', 'Say it louder, please.');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [5, 'parked', 2]);
    const told = reactor.calls('beta').find((call) => call.prompt.includes('Say it louder, please.'));
    assert.match(told?.prompt ?? '', /A reviewer asks for changes/);
    assert.equal(await git(repository, 'show', `${onlyRun(outcome).kept}:beta.txt`), 'GOOD');
    const landed = await answer('approve', 'beta');
    assert.deepEqual([landed.exitCode, await git(repository, 'show', 'b:beta.txt')], [0, 'GOOD']);
  });

  it('exit code 2 for reject without a comment: failed, the target stays, the candidate is kept', async () => {
    const outcome = await answer('reject', 'gamma');
    const { status, reason, kept } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status], [2, 'failed']);
    assert.match(reason, /^rejected by /);
    assert.equal(await git(repository, 'show', `${kept}:gamma.txt`), 'good');
    assert.equal(await git(repository, 'rev-parse', 'c'), await git(repository, 'rev-parse', 'main'));
  });

  it('exit code 5 for a permission that only a person can give; approve grants it and the work goes on', async () => {
    assert.deepEqual([parked['fetching']?.exitCode, run('fetching').status], [5, 'parked']);
    assert.match(run('fetching').reason, /waits for a person: webfetch/);
    const outcome = await answer('approve', 'fetching');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, await git(repository, 'show', 'd:fetched.txt')], [0, 'landed', 'good']);
  });

  it('a denied permission is told to the agent, which finds another way', async () => {
    const outcome = await answer('reject', 'forbidden', '--comment', 'Stay off the network.');
    assert.ok(
      reactor.calls('forbidden').some((call) => call.prompt.includes('Stay off the network.')),
      'the agent was told',
    );
    // It asks again, and again nobody is there.
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [5, 'parked']);
    const killed = await answer('kill', 'forbidden');
    assert.deepEqual([killed.exitCode, onlyRun(killed).status], [0, 'cancelled']);
  });

  it('exit code 6 when the budget is used up; resume with a higher one goes on to the end', async () => {
    const { status, reason, costUsd, kept } = run('costly');
    assert.deepEqual([parked['costly']?.exitCode, status], [6, 'parked']);
    assert.match(reason, /the budget of \$0\.006 is used up/);
    assert.ok(costUsd !== null && costUsd >= 0.006 && costUsd < 0.0151, `${costUsd}`);
    assert.match(kept ?? '', /^refs\/reactor\/kept\//);
    const again = await answer('resume', 'costly');
    assert.deepEqual([again.exitCode, onlyRun(again).status], [6, 'parked']);
    const outcome = await answer('resume', 'costly', '--budget', '5');
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed']);
    assert.equal(await git(repository, 'show', 'f:three.txt'), 'good');
    assert.equal(dataOf(outcome, 'run/budgetRaised')[0]?.budgetUsd, '5');
  });

  it('exit code 1 for an answer where nothing waits', async () => {
    const outcome = await answer('approve', 'alpha');
    assert.equal(outcome.exitCode, 1);
    assert.match(outcome.stderr, /Nothing of alpha waits/);
  });
});
