import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { LandingLine, writers } from '../support/landingLine.ts';
import { dataOf, type Outcome, Reactor, until } from '../support/reactor.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, Gate } from '../support/sampleScript.ts';

const passed = ['ada', 'bea'];
const void_ = ['cleo', 'dora'];
const red = ['left', 'right'];
const AHEAD = { batch: 1, retries: 0, ahead: true };

describe('The next in line is tested on the result of the one before it', function () {
  this.timeout(180_000);
  const lines = [passed, void_, red].map((words) => ({ words, first: new Gate(), rest: new Gate() }));
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(byWord(Object.assign({}, ...lines.map(({ words, first, rest }) => writers(words, first, rest)))));
  });
  after(async () => {
    for (const { first, rest } of lines) for (const gate of [first, rest]) gate.open();
    await reactor.close();
  });

  /** The first is held in its test, and so is the second in one ahead of its turn. */
  const bothTested = async (index: 0 | 1 | 2): Promise<LandingLine> => {
    const { words, first, rest } = lines[index] ?? assert.fail();
    const line = await LandingLine.form(reactor, words.join('-'), words, AHEAD);
    await line.fill(words, first, rest);
    await until('the second is tested ahead', () => line.tested.length === 2);
    assert.deepEqual(
      line.call.entries.filter(({ type, run }) => type === 'landing/started' && run === `${words[1]}-r1`),
      [],
    );
    return line;
  };
  const testedBy = (outcome: Outcome, word: string) =>
    dataOf({ entries: outcome.entries.filter(({ run }) => run === `${word}-r1`) }, 'landing/tested');

  it('INV-007: and lands by that test when the branch is exactly there: each tree is tested once', async () => {
    const line = await bothTested(0);
    const outcome = await line.go();
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    assert.deepEqual(
      [line.tested, await line.landed()],
      [['ada.txt other.txt readme.txt', 'ada.txt bea.txt other.txt readme.txt'], passed],
    );
    const [evidence] = testedBy(outcome, 'bea');
    assert.deepEqual([evidence?.tree, evidence?.evidence.exitCode], [await git(line.repository, 'rev-parse', 'main^{tree}'), 0]);
    assert.equal(await git(line.repository, 'status', '--porcelain'), '');
  });

  it('INV-007: and that test counts for nothing when the one before it does not land', async () => {
    const line = await bothTested(1);
    const cancelled = await reactor.call(line.repository, ['kill', 'cleo']);
    assert.equal(cancelled.exitCode, 0, cancelled.stderr);
    await until('the second is tested on the branch as it is', () => line.tested.length === 3);
    const outcome = await line.go();
    assert.deepEqual([line.tested.at(-1), await line.landed()], ['dora.txt other.txt readme.txt', ['dora']], outcome.stderr);
    assert.equal(testedBy(outcome, 'dora').length, 1);
  });

  it('and is refused by that test when it is red together with the one before it', async () => {
    const line = await bothTested(2);
    const outcome = await line.go();
    assert.deepEqual([outcome.exitCode, line.tested.length, await line.landed()], [7, 2, ['left']], outcome.stderr);
    assert.match(testedBy(outcome, 'right')[0]?.evidence.tail ?? '', /left and right/);
  });

  it('ends no server late: all of them are gone', () => {
    assert.deepEqual(reactor.agentServers(), []);
  });
});
