import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { LandingLine, writers } from '../support/landingLine.ts';
import { dataOf, type Outcome, Reactor } from '../support/reactor.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, Gate } from '../support/sampleScript.ts';

const green = ['ada', 'bea', 'cleo', 'dora'];
const mixed = ['emma', 'left', 'fay', 'right', 'gina'];

describe('The line before a branch', function () {
  this.timeout(180_000);
  const gates = Array.from({ length: 4 }, () => new Gate()) as [Gate, Gate, Gate, Gate];
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(byWord({ ...writers(green, gates[0], gates[1]), ...writers(mixed, gates[2], gates[3]) }));
  });
  after(() => reactor.close());

  describe('while the first is being tested', () => {
    let line: LandingLine;
    let places: Record<string, unknown>;
    let outcome: Outcome;

    before(async () => {
      line = await LandingLine.form(reactor, 'green', green);
      await line.fill(green, gates[0], gates[1]);
      const { runs } = JSON.parse((await line.status()).stdout) as { runs: { task: string; phase: string; line: unknown }[] };
      places = Object.fromEntries(runs.map(({ task, phase, line: place }) => [task, [phase, place]]));
      outcome = await line.go();
    });

    it('the others wait behind it in the order of their commits, and status says so', () => {
      const order = line.call.entries.filter(({ type }) => type === 'landing/queued').map(({ run }) => run?.replace(/-r1$/, ''));
      const expected = order.map((task, index) => [task, ['landing', { target: 'main', place: index + 1 }]]);
      assert.deepEqual(places, Object.fromEntries(expected));
    });

    it('INV-007: they land together after one test of all of them, and main is exactly the tree that passed', async () => {
      assert.deepEqual(
        [outcome.exitCode, line.tested],
        [0, ['ada.txt other.txt readme.txt', 'ada.txt bea.txt cleo.txt dora.txt other.txt readme.txt']],
        outcome.stderr,
      );
      const tree = await git(line.repository, 'rev-parse', 'main^{tree}');
      const together = dataOf(outcome, 'landing/landed').filter(({ batchTree }) => batchTree !== undefined);
      assert.deepEqual(
        [together.length, new Set(together.map(({ batchTree }) => batchTree)), dataOf(outcome, 'landing/tested').at(-1)?.tree],
        [3, new Set([tree]), tree],
      );
    });

    it('each has a commit of its own in the history, once, and the clean checkout has followed', async () => {
      assert.deepEqual((await line.landed()).toSorted(), green);
      assert.deepEqual(
        [await git(line.repository, 'status', '--porcelain'), await git(line.repository, 'show', ':dora.txt')],
        ['', 'good'],
      );
    });

    it('INV-008: their branches, of which main has other commits, are found by clean and go, and what was on them is kept', async () => {
      const branches = green.map((task) => `reactor/${task}`);
      const trees = await Promise.all(branches.map((branch) => git(line.repository, 'rev-parse', `${branch}^{tree}`)));
      const { stdout } = await reactor.call(line.repository, ['clean', '--kind', 'branch', '--json']);
      const { orphans } = JSON.parse(stdout) as { orphans: { name: string; keptIn: string; removed: boolean }[] };
      assert.ok(orphans.every(({ removed }) => removed));
      assert.deepEqual(new Set(orphans.map(({ name }) => name)), new Set(branches));
      const kept = await Promise.all(
        branches.map((name) => git(line.repository, 'rev-parse', `${orphans.find((orphan) => orphan.name === name)?.keptIn}^{tree}`)),
      );
      assert.deepEqual([kept, await git(line.repository, 'branch', '--list', 'reactor/*')], [trees, '']);
    });
  });

  describe('when two of them are green alone and red together', () => {
    let line: LandingLine;
    let outcome: Outcome;

    before(async () => {
      line = await LandingLine.form(reactor, 'mixed', mixed, { retries: 0 });
      await line.fill(mixed, gates[2], gates[3]);
      outcome = await line.go();
    });

    it('finds the one that turns the others red and lands the rest, never a red tree', async () => {
      const landed = await line.landed();
      const status = Object.fromEntries((outcome.result?.runs ?? []).map(({ task, status }) => [task, status]));
      const culprit = landed.includes('left') ? 'right' : 'left';
      assert.deepEqual(
        [outcome.exitCode, status, landed.toSorted()],
        [
          7,
          Object.fromEntries(mixed.map((task) => [task, task === culprit ? 'parked' : 'landed'])),
          mixed.filter((task) => task !== culprit).toSorted(),
        ],
        outcome.stderr,
      );
    });

    it('tells the one that waits for a person what failed, with the output', () => {
      const refused = outcome.entries.filter(({ type }) => type === 'landing/refused');
      const run = refused[0]?.run;
      const tested = outcome.entries.filter((entry) => entry.type === 'landing/tested' && entry.run === run);
      assert.deepEqual([refused.length, dataOf({ entries: tested }, 'landing/tested')[0]?.evidence.exitCode], [1, 1]);
      assert.match(dataOf({ entries: tested }, 'landing/tested')[0]?.evidence.tail ?? '', /left and right/);
    });
  });

  it('ends no server late: all of them are gone', () => {
    assert.deepEqual(reactor.agentServers(), []);
  });
});
