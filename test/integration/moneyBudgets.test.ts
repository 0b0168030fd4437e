import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { addUsd, compareUsd, scaleUsd, subtractUsd } from '../../src/core/model/usd.ts';
import type { Charge } from '../../src/core/money/charge.ts';
import { chargeTotals, ModelLedger } from '../support/modelLedger.ts';
import { dataOf, type Outcome, Reactor } from '../support/reactor.ts';
import { plainProject, settings } from '../support/sampleProjects.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';
import type { ModelScript } from '../support/scriptedModel.ts';

const CELLS = 10;
const words = Array.from({ length: CELLS }, (_, n) => `cell${n}`);
/** Two calls of 1,000 and 50 tokens at $3 and $15 per million. */
const ATTEMPT_USD = '0.0075';
const limitText = (budget: string): string => settings('sh check.sh', `cells:\n  limit: ${CELLS}\nbudgets:\n  ${budget}\n`);
const spentBy = (outcomes: readonly Pick<Outcome, 'entries'>[]): string =>
  outcomes.flatMap((one) => dataOf(one, 'charge/recorded')).reduce((sum, { charge }) => addUsd(sum, charge.costUsd ?? '0'), '0');

describe('Budgets with ten cells side by side', function () {
  this.timeout(500_000);
  let reactor: Reactor;
  let repository: string;
  let tasks: string;
  const book = new ModelLedger();
  const outcomes: Outcome[] = [];
  const charges = (): Charge[] => outcomes.flatMap((outcome) => dataOf(outcome, 'charge/recorded')).map(({ charge }) => charge);
  const write10 = (budget: string): void => writeFileSync(join(repository, 'reactor.yaml'), limitText(budget));

  before(async () => {
    const one = (word: string): ModelScript => tools(write(`${word}.txt`, 'good\n'));
    reactor = await Reactor.open(book.keeping(byWord(Object.fromEntries(['past', ...words].map((word) => [word, one(word)])))));
    repository = await reactor.repository('plain', plainProject());
    tasks = join(reactor.root, 'tasks.yaml');
    writeFileSync(tasks, words.map((word) => `- { id: ${word}, prompt: Write ${word}, land: branch, approve: auto }\n`).join(''));
    for (let n = 0; n < 3; n += 1) outcomes.push(await reactor.run(repository, 'Write past', ['--land', 'branch', '--task', `past${n}`]));
    assert.equal(compareUsd(spentBy(outcomes), scaleUsd(ATTEMPT_USD, 3, 1)), 0);
  });
  after(() => reactor.close());

  it('a budget of the day that fits four stops the others before they spend anything: they are parked, exit code 6', async () => {
    const limitUsd = scaleUsd(ATTEMPT_USD, 3 + 4, 1);
    write10(`perDayUsd: '${limitUsd}'`);
    const outcome = await reactor.call(repository, ['run', '--json', '--file', tasks]);
    outcomes.push(outcome);
    assert.equal(outcome.exitCode, 6, outcome.stderr);
    const statuses = (outcome.result?.runs ?? []).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [...Array(4).fill('committed'), ...Array(6).fill('parked')]);
    const overshoot = subtractUsd(spentBy(outcomes), limitUsd);
    const error =
      dataOf(outcome, 'budget/reserved')
        .map(({ usd }) => subtractUsd(ATTEMPT_USD, usd))
        .sort(compareUsd)
        .at(-1) ?? '0';
    process.stdout.write(
      `      ten cells, budget for four: limit $${limitUsd}, overshoot $${overshoot}, largest reservation error $${error}\n`,
    );
    assert.ok(compareUsd(overshoot, error) <= 0, `${overshoot} over`);
    assert.deepEqual(
      dataOf(outcome, 'budget/threshold').map(({ percent }) => percent),
      [50, 75, 90, 100],
    );
    assert.equal(dataOf(outcome, 'budget/reserved').length, dataOf(outcome, 'budget/released').length);
  });

  it('all go on when the budget is raised; nothing is lost, and the ledger equals the log of the model server', async () => {
    write10('perDayUsd: 100');
    const outcome = await reactor.call(repository, ['resume', '--all', '--json']);
    outcomes.push(outcome);
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    assert.deepEqual(
      (outcome.result?.runs ?? []).map(({ status }) => status),
      Array(6).fill('committed'),
    );
    assert.equal(compareUsd(spentBy(outcomes), scaleUsd(ATTEMPT_USD, 3 + CELLS, 1)), 0);
    assert.deepEqual(chargeTotals(charges()), book.totals('Write'));
  });
});
