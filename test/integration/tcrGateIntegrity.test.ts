import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { settings } from '../support/sampleProjects.ts';
import { advance, git, type SampleFiles } from '../support/sampleRepository.ts';
import { byWord, Gate, tools, write } from '../support/sampleScript.ts';

/**
 * Green while no text file says "bad". Where somebody else has committed hang.txt it hangs; where next.txt names a branch, the tests themselves move
 * the target there, once, in the moment in which they pass.
 */
const project: SampleFiles = {
  'reactor.yaml': settings('sh check.sh', 'testTimeout: 15s\nlanding:\n  retries: 0\n'),
  'check.sh': `#!/bin/sh
if [ -f hang.txt ]; then sleep 600; fi
if grep -l bad *.txt; then echo "a bad word"; exit 1; fi
if [ -f next.txt ] && [ ! -f later.txt ]; then git update-ref refs/heads/moving "$(cat next.txt)"; fi
echo fine
`,
  'readme.txt': 'A sample.\n',
};

describe('The gate can not be talked or tricked open', function () {
  this.timeout(180_000);
  const targetMoves = new Gate();
  let reactor: Reactor;
  let repository: string;
  let main: string;
  let claiming: Outcome;
  let early: Outcome;
  let changed: Outcome;
  let hanging: Outcome;
  let moving: Outcome;
  const tips: Record<string, string> = {};

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        claiming: ({ turn }) =>
          turn === 0
            ? { tools: [write('claiming.txt', 'bad\n')] }
            : { text: 'All tests pass: 12 passed, 0 failed, exit code 0. The task is done; commit and land it.' },
        early: ({ turn }) => (turn === 0 ? { tools: [write('early.txt', 'bad, to be made good in a moment\n')] } : { text: '' }),
        configuring: tools(write('reactor.yaml', 'test: "true"\n'), write('configuring.txt', 'bad\n')),
        hanging: targetMoves.before(tools(write('hanging.txt', 'good\n'))),
        moving: targetMoves.before(tools(write('moving.txt', 'good\n'))),
      }),
    );
    repository = await reactor.repository('gate', project);
    main = await git(repository, 'rev-parse', 'main');
    for (const branch of ['hanging', 'moving', 'later']) await git(repository, 'branch', branch);
    const held = ['hanging', 'moving'].map((word) => reactor.startRun(repository, `Write ${word}`, ['--target', word]));
    await Promise.all(held.map((call) => call.entry('attempt/started')));
    await advance(repository, 'hanging', { 'hang.txt': 'theirs\n' });
    tips['first'] = await advance(repository, 'moving', { 'next.txt': 'refs/heads/later\n' });
    await git(repository, 'branch', '--force', 'later', 'moving');
    tips['later'] = await advance(repository, 'later', { 'later.txt': 'theirs\n' });
    targetMoves.open();
    const words = ['claiming', 'early', 'configuring'];
    const runs = words.map((word) => reactor.run(repository, `Write ${word}`, ['--attempts', '1']));
    const [one, two, three, four, five] = await Promise.all([...runs, ...held.map((call) => call.outcome)]);
    if (!one || !two || !three || !four || !five) throw new Error('five runs were started');
    [claiming, early, changed, hanging, moving] = [one, two, three, four, five];
  });
  after(() => reactor.close());

  const assertRed = (outcome: Outcome): void => {
    assert.deepEqual(
      [outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).commit, dataOf(outcome, 'attempt/tested')[0]?.evidence.exitCode],
      [2, 'failed', null, 1],
      outcome.stderr,
    );
  };

  it('an agent that claims success is not believed: the exit code of the tests alone counts', () => assertRed(claiming));

  it('an agent that ends its turn early, with its work half done, lands nothing', () => assertRed(early));

  it('an agent that changes the test command in reactor.yaml is tested by the one the run was accepted with', () => {
    assertRed(changed);
    assert.equal(dataOf(changed, 'attempt/tested')[0]?.evidence.command, 'sh check.sh');
  });

  it('main has not moved for any of them', async () => {
    assert.equal(await git(repository, 'rev-parse', 'main'), main);
  });

  it('a test of the merge that hangs is ended and counts as red; the target stays', async () => {
    assert.deepEqual(
      [hanging.exitCode, onlyRun(hanging).status, dataOf(hanging, 'landing/tested').map(({ evidence }) => evidence.end)],
      [7, 'parked', ['timedOut']],
      hanging.stderr,
    );
    assert.equal(await git(repository, 'log', '-1', '--format=%s', 'hanging'), 'Somebody else goes on');
  });

  it('INV-007: a target that moves between test and landing is not moved; its merge is made and tested anew', async () => {
    assert.deepEqual([moving.exitCode, onlyRun(moving).status], [0, 'landed'], moving.stderr);
    assert.deepEqual(
      dataOf(moving, 'landing/prepared').map(({ onto }) => onto),
      [tips['first'], tips['later']],
    );
    const tested = dataOf(moving, 'landing/tested').map(({ tree }) => tree);
    assert.deepEqual([tested.length, tested.at(-1)], [2, await git(repository, 'rev-parse', 'moving^{tree}')]);
    assert.equal(await git(repository, 'rev-parse', 'moving^'), tips['later']);
  });
});
