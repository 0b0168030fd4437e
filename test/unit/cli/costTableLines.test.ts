import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { costTableLines } from '../../../src/cli/render/costTableLines.ts';
import { allTime, costTable } from '../../../src/core/projections/costs/costTable.ts';
import { CostStory, noon, utcDay } from '../../support/costs/costStory.ts';

const below = (...costs: readonly (string | null)[]): string[] => {
  const table = costTable(new CostStory().run(noon, 'TASK-001', costs).runs, 'model', allTime, utcDay);
  const lines = costTableLines(table, 'all', { columns: 120, colours: false });
  return lines.slice(lines.findIndex((line) => line.startsWith('Total'))).filter((line) => !line.startsWith('!'));
};

describe('what stands below a table of costs', () => {
  it('names no amount where nothing has a price', () =>
    assert.deepEqual(below(null, null), [
      'Total unpriced  2,200 tokens in 2 calls',
      '1 run, 2 attempts, 1 change landed',
      'unpriced per landed change · unpriced per changed line · unpriced per attempt',
    ]));

  it('says that what was reverted has no price', () =>
    assert.equal(below(null, '0.5').at(-1), 'unpriced was spent on attempts that were reverted'));

  it('does not call all what is not', () =>
    assert.equal(below('99.90', '0.10').at(-1), '>99 % ($99.90) was spent on attempts that were reverted'));
});
