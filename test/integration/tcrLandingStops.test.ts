import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { LandingLine, writers } from '../support/landingLine.ts';
import { dataOf, type Outcome, Reactor, until } from '../support/reactor.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, Gate } from '../support/sampleScript.ts';

const stories = {
  waiting: ['wanda', 'wilma', 'willa'],
  testing: ['tess', 'tara', 'tilda'],
  moving: ['mona', 'mia', 'mara'],
  leaving: ['lea', 'lily', 'lotte'],
  dirty: ['dina', 'doris', 'daisy'],
};
type Story = keyof typeof stories;

/** Ends the engine that moves the branch, in the moment when it has moved: `git merge` is this hook's parent, and the engine git's. */
const deadlyHook = (room: string): string => `#!/bin/sh
[ -f ${room}/die ] || exit 0
rm ${room}/die
kill -9 "$(cut -d ' ' -f 4 /proc/$PPID/stat)"
`;

describe('A landing is stopped', function () {
  this.timeout(180_000);
  const gates = Object.fromEntries(Object.keys(stories).map((story) => [story, [new Gate(), new Gate()]])) as unknown as Record<
    Story,
    [Gate, Gate]
  >;
  let reactor: Reactor;

  /** Three runs in line: the first in the test of its merge, the others behind it. */
  const inLine = async (story: Story): Promise<LandingLine> => {
    const line = await LandingLine.form(reactor, story, stories[story]);
    await line.fill(stories[story], ...gates[story]);
    return line;
  };
  /** As `inLine`, and then the others together in the test of their batch. */
  const inBatch = async (story: Story): Promise<LandingLine> => {
    const line = await inLine(story);
    line.say('hold-many');
    line.say('go');
    await until('the others are tested together', () => line.tested.length > 1);
    return line;
  };
  const ends = (outcome: Outcome): Record<string, string> =>
    Object.fromEntries((outcome.result?.runs ?? []).map(({ task, status }) => [task, status]));
  const assertAllLandedOnce = async (line: LandingLine, outcome: Outcome, story: Story): Promise<void> => {
    assert.deepEqual(
      [outcome.exitCode, ends(outcome), (await line.landed()).toSorted(), dataOf(outcome, 'landing/landed').length],
      [0, Object.fromEntries(stories[story].map((task) => [task, 'landed'])), stories[story].toSorted(), 3],
      outcome.stderr,
    );
    assert.equal(await git(line.repository, 'status', '--porcelain'), '');
  };

  before(async () => {
    const scripts = Object.entries(stories).map(([story, words]) => writers(words, ...gates[story as Story]));
    reactor = await Reactor.open(byWord(Object.assign({}, ...scripts)));
  });
  after(() => reactor.close());

  it('kill -9 of the engine while runs wait in line: the next one lands each of them once', async () => {
    const line = await inLine('waiting');
    reactor.killEngine(line.repository);
    await assertAllLandedOnce(line, await line.go(), 'waiting');
  });

  it('kill -9 of the engine in the test of a batch: nothing has moved, and the next one lands each of them once', async () => {
    const line = await inBatch('testing');
    const before = await line.landed();
    reactor.killEngine(line.repository);
    line.unsay('hold-many');
    assert.equal(before.length, 1);
    await assertAllLandedOnce(line, await line.call.outcome, 'testing');
  });

  it('kill -9 of the engine after the branch moved for a batch and before that is recorded: the next one finds all of it landed', async () => {
    const line = await inBatch('moving');
    writeFileSync(join(line.repository, '.git', 'hooks', 'post-merge'), deadlyHook(line.room), { mode: 0o755 });
    line.say('die');
    const engines = reactor.engines(line.repository);
    line.unsay('hold-many');
    const outcome = await line.call.outcome;
    await assertAllLandedOnce(line, outcome, 'moving');
    assert.notDeepEqual(reactor.engines(line.repository), engines);
    assert.equal(line.tested.length, 2, 'the batch is not tested again');
  });

  it('a run that is cancelled in line or in a batch does not land, and the others do', async () => {
    const line = await inBatch('leaving');
    const last = line.call.entries.filter(({ type }) => type === 'landing/queued').at(-1)?.run ?? '';
    const killed = await reactor.call(line.repository, ['kill', last, '--json']);
    line.unsay('hold-many');
    const outcome = await line.call.outcome;
    const task = last.replace(/-r1$/, '');
    const others = stories.leaving.filter((word) => word !== task);
    assert.deepEqual(
      [killed.exitCode, ends(outcome), (await line.landed()).toSorted()],
      [0, { ...Object.fromEntries(others.map((word) => [word, 'landed'])), [task]: 'cancelled' }, others.toSorted()],
      outcome.stderr,
    );
  });

  it('INV-010: a batch whose branch is checked out with unfinished changes touches nothing; all of it lands once those are put away', async () => {
    const line = await inBatch('dirty');
    writeFileSync(join(line.repository, 'readme.txt'), 'Unfinished.\n');
    const main = await git(line.repository, 'rev-parse', 'main');
    line.unsay('hold-many');
    const outcome = await line.call.outcome;
    const parked = (outcome.result?.runs ?? []).filter(({ status }) => status === 'parked');
    assert.deepEqual(
      [
        outcome.exitCode,
        parked.length,
        await git(line.repository, 'rev-parse', 'main'),
        await git(line.repository, 'status', '--porcelain'),
      ],
      [5, 2, main, ' M readme.txt'],
    );
    for (const { run, reason } of parked) assert.match(reason, new RegExp(`unfinished changes.*reactor approve ${run}`));
    await git(line.repository, 'checkout', '--quiet', 'readme.txt');
    const approved = await Promise.all(parked.map(({ run }) => reactor.call(line.repository, ['approve', run, '--json'])));
    assert.deepEqual([approved.map(({ exitCode }) => exitCode), (await line.landed()).toSorted()], [[0, 0], stories.dirty.toSorted()]);
  });

  it('leaves no agent server behind', () => {
    assert.deepEqual(reactor.agentServers(), []);
  });
});
