import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type Call, dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { advance, git } from '../support/sampleRepository.ts';
import { bash, byWord, Gate, isRetry, tools, write } from '../support/sampleScript.ts';
import type { ModelCall, ModelScript } from '../support/scriptedModel.ts';

const isConflict = (call: ModelCall): boolean => call.prompt.includes('the two conflict in');
const isRedMerge = (call: ModelCall): boolean => call.prompt.includes('together with it the tests fail');
const nothing: ModelScript = () => ({ text: 'All is resolved.' });

/** One script for the task, others for when it is sent back. */
const first =
  (task: ModelScript, ...later: readonly (readonly [(call: ModelCall) => boolean, ModelScript])[]): ModelScript =>
  (call) =>
    (later.find(([when]) => when(call))?.[1] ?? task)(call);

describe('A landing goes back to the agent', function () {
  this.timeout(180_000);
  const targetMoves = new Gate();
  const sent = new Gate();
  const resolve = tools(write('readme.txt', 'Theirs and ours.\n'));
  let reactor: Reactor;
  let repository: string;
  let resolved: Outcome;
  let careless: Outcome;
  let merged: Outcome;
  let stubborn: Outcome;
  const tips: Record<string, string> = {};

  before(async () => {
    const clash = targetMoves.before(tools(write('readme.txt', 'Ours.\n')));
    const left = targetMoves.before(tools(write('left.txt', 'good\n')));
    reactor = await Reactor.open(
      byWord({
        sending: first(sent.before(tools(write('readme.txt', 'Ours.\n'))), [isConflict, resolve]),
        resolving: first(clash, [isConflict, resolve]),
        careless: first(clash, [isConflict, nothing], [isRetry, resolve]),
        merging: first(left, [isRedMerge, tools(bash('git mv -f left.txt middle.txt 2>/dev/null || mv left.txt middle.txt'))]),
        stubborn: first(clash, [isConflict, tools(write('readme.txt', 'bad\n'))], [isRetry, tools(write('readme.txt', 'bad again\n'))]),
      }),
    );
    repository = await reactor.repository('rework', plainProject());
    const branches = ['resolving', 'careless', 'merging', 'stubborn'];
    for (const branch of branches) await git(repository, 'branch', branch);
    const calls: Call[] = branches.map((word) =>
      reactor.startRun(repository, `Write ${word}`, ['--target', word, '--attempts', word === 'stubborn' ? '1' : '3']),
    );
    await Promise.all(calls.map((call) => call.entry('attempt/started')));
    for (const word of branches) {
      const theirs = word === 'merging' ? { 'right.txt': 'theirs\n' } : { 'readme.txt': 'Theirs.\n' };
      tips[word] = await advance(repository, word, theirs);
    }
    targetMoves.open();
    const [one, two, three, four] = await Promise.all(calls.map((call) => call.outcome));
    if (!one || !two || !three || !four) throw new Error('four runs were started');
    [resolved, careless, merged, stubborn] = [one, two, three, four];
  });
  after(() => reactor.close());

  it('with the conflict as its prompt and the merge in its worktree; what it makes of it is tested and lands on the target', async () => {
    const { status, attempts } = onlyRun(resolved);
    assert.deepEqual([resolved.exitCode, status, attempts], [0, 'landed', 2], resolved.stderr);
    assert.deepEqual(
      [await git(repository, 'show', 'resolving:readme.txt'), await git(repository, 'rev-parse', 'resolving^')],
      ['Theirs and ours.', tips['resolving']],
    );
    const prompt = dataOf(resolved, 'attempt/started')[1]?.prompt ?? '';
    for (const part of ['conflict in: readme.txt', '<<<<<<<', '+Ours.', ' Theirs.', 'The task was:\n\nWrite resolving'])
      assert.ok(prompt.includes(part), `${part} in ${prompt}`);
    const [, tested] = dataOf(resolved, 'attempt/tested');
    assert.equal(await git(repository, 'rev-parse', 'resolving^{tree}'), tested?.tree);
  });

  it('INV-008: the commit that conflicted stays reachable from a ref', async () => {
    const [reworked] = dataOf(resolved, 'landing/reworked');
    const [committed] = dataOf(resolved, 'attempt/committed');
    assert.equal(await git(repository, 'rev-parse', `${reworked?.keptRef}^`), committed?.commit);
  });

  it('conflict markers that are left are red, whatever the agent claims and the tests say', async () => {
    const [, marked] = dataOf(careless, 'attempt/tested');
    assert.match(marked?.evidence.tail ?? '', /readme\.txt:\d+:<<<<<<< [\s\S]*conflict markers are left/);
    assert.deepEqual([careless.exitCode, onlyRun(careless).attempts], [0, 3], careless.stderr);
    assert.equal(await git(repository, 'show', 'careless:readme.txt'), 'Theirs and ours.');
  });

  it('with the output of the merged tests when it is green alone and red together', async () => {
    assert.deepEqual([merged.exitCode, onlyRun(merged).status, onlyRun(merged).attempts], [0, 'landed', 2], merged.stderr);
    assert.match(dataOf(merged, 'attempt/started')[1]?.prompt ?? '', /together with it the tests fail[\s\S]*left and right/);
    assert.equal(
      await git(repository, 'ls-tree', '-r', '--name-only', 'merging'),
      'check.sh\nmiddle.txt\nreactor.yaml\nreadme.txt\nright.txt',
    );
  });

  it('with the words of a person who rejects a landing that was refused', async () => {
    const place = await reactor.repository('sent', plainProject('landing: { retries: 0 }\n'));
    await git(place, 'branch', 'theirs');
    const call = reactor.startRun(place, 'Write sending', ['--task', 'sending', '--target', 'theirs']);
    await call.entry('attempt/started');
    const tip = await advance(place, 'theirs', { 'readme.txt': 'Theirs.\n' });
    sent.open();
    const parked = await call.outcome;
    assert.deepEqual([parked.exitCode, onlyRun(parked).status], [7, 'parked'], parked.stderr);
    const rejected = await reactor.call(place, ['reject', 'sending', '--comment', 'Say both, theirs first.', '--json']);
    assert.deepEqual([rejected.exitCode, onlyRun(rejected).status], [0, 'landed'], rejected.stderr);
    const [, prompt] = dataOf({ entries: await reactor.entries(place) }, 'attempt/started').map((data) => data.prompt);
    assert.match(prompt ?? '', /A reviewer asks for changes to it:\n\nSay both, theirs first\.\n\n[\s\S]*the two conflict in: readme\.txt/);
    assert.deepEqual([await git(place, 'show', 'theirs:readme.txt'), await git(place, 'rev-parse', 'theirs^')], ['Theirs and ours.', tip]);
  });

  it('exit code 7 when it never gets there; the target stays and what was green can be restored', async () => {
    const { status, reason, run } = onlyRun(stubborn);
    assert.deepEqual([stubborn.exitCode, status, await git(repository, 'rev-parse', 'stubborn')], [7, 'failed', tips['stubborn']]);
    assert.match(reason, /green alone, but never with stubborn as it is now.*reactor restore .* --attempt 1/);
    const restored = await reactor.call(repository, ['restore', run, '--attempt', '1', '--json']);
    const { branch } = JSON.parse(restored.stdout) as { branch: string };
    assert.equal(await git(repository, 'show', `${branch}:readme.txt`), 'Ours.');
  });
});
