import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

/** What money was spent on, through the real command line, engine, agent servers and journal. */
describe('The reports of money', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  let priced: Outcome;
  const call = (...args: string[]): Promise<Outcome> => reactor.call(repository, args);

  before(async () => {
    reactor = await Reactor.open(byWord({ alpha: tools(write('alpha.txt', 'good\n')), beta: tools(write('beta.txt', 'good\n')) }));
    repository = await reactor.repository('plain', plainProject());
    [priced] = await Promise.all([
      reactor.run(repository, 'Fix alpha', ['--task', 'FIRST']),
      reactor.run(repository, 'Write beta', ['--task', 'SECOND', '--land', 'branch', '--model', 'scripted/free', '--category', 'billing']),
    ]);
  });
  after(() => reactor.close());

  it('add up to what the run itself told, and leave out no call without a price', async () => {
    const { stdout, stderr } = await call('cost', '--by', 'category', '--json');
    const { rows, total } = JSON.parse(stdout);
    const result = onlyRun(priced);
    assert.deepEqual(
      rows.map(({ key, costUsd, unpricedCalls, landedChanges }: Record<string, unknown>) => [key, costUsd, unpricedCalls, landedChanges]),
      [
        ['fix', String(result.costUsd), 0, 1],
        ['billing', '0', 2, 0],
      ],
      stderr,
    );
    const spent = Object.values(result.tokens).reduce((sum: number, count) => sum + Number(count), 0);
    assert.deepEqual([total.tokens.total - total.unpricedTokens, total.calls], [spent, 4]);
  });

  it('show the arithmetic of a task, which comes to the same', async () => {
    const { stdout } = await call('cost', 'FIRST');
    assert.match(stdout, /^FIRST {2}Fix alpha {2}\$0\.0075\n└─ FIRST-r1 {2}landed {2}1 attempt/);
    const lines = [...stdout.matchAll(/([\d,]+) × \$([\d.]+) +\/ 1M = \$([\d.]+)/g)];
    const amounts = lines.map(([, tokens = '', unit, amount]) => [
      Number(tokens.replaceAll(',', '')) * Number(unit) - Number(amount) * 1e6,
      Number(amount),
    ]);
    assert.ok(lines.length >= 2, stdout);
    for (const [difference] of amounts) assert.ok(Math.abs(difference ?? 1) < 1e-6, stdout);
    assert.equal(amounts.reduce((sum, [, amount]) => sum + (amount ?? 0), 0).toFixed(6), '0.007500');
  });

  it('give the ledger, one line a charge', async () => {
    const { stdout } = await call('export', '--ledger', '--run', 'FIRST');
    const charges = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(new Set(charges.map(({ key }) => key)).size, 2);
    assert.deepEqual(
      charges.map(({ task, category, state }) => [task, category, state]),
      Array.from({ length: 2 }, () => ['FIRST', 'fix', 'priced']),
    );
  });

  it('write a page for anybody', async () => {
    const { exitCode, stderr } = await call('cost', '--format', 'html', '--output', 'costs.html');
    assert.equal(exitCode, 0, stderr);
    const page = await readFile(join(reactor.root, 'costs.html'), 'utf8');
    assert.match(page, /<h1>What coding agents cost: plain<\/h1>/);
    assert.match(page, /<b>\$0\.0075 \+ unpriced<\/b>/);
  });

  it('estimate the next one by the last, before anything is spent', async () => {
    const before = reactor.calls('alpha').length;
    const { stdout } = await call('estimate', '--prompt', 'Fix alpha again', '--json');
    const [task] = JSON.parse(stdout).tasks;
    assert.deepEqual([task.category, task.runs, task.usd?.median, task.confidence], ['fix', 1, 0.0075, 'low']);
    assert.equal(reactor.calls('alpha').length, before);
  });

  it('rest on sums that are kept beside the journal and are the fold of it', () => {
    const reader = openJournalReader({ file: reactor.journal(repository), evolve: evolveRun });
    try {
      const { seq, runs } = reader.costs();
      assert.equal(seq, reader.head());
      assert.deepEqual(runs.map(({ task, status }) => `${task} ${status}`).sort(), ['FIRST landed', 'SECOND committed']);
    } finally {
      reader.close();
    }
  });
});
