import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { overMoney } from '../../../../src/core/model/moneyLayer.ts';

describe("an editor's settings about money", () => {
  const editor = {
    budgets: { perRunUsd: 1, perDayUsd: 10, onExceed: 'warn' as const },
    prices: [{ model: 'a/one', input: 1, output: 2 }],
    currency: { symbol: '€', perUsd: 0.9 },
  };

  it('hold where reactor.yaml names none, and never where it does', () => {
    assert.deepEqual(overMoney({ test: 'npm test', budgets: { perDayUsd: 20 }, currency: { symbol: '£', perUsd: 0.8 } }, editor), {
      test: 'npm test',
      budgets: { perRunUsd: 1, perDayUsd: 20, onExceed: 'warn' },
      prices: editor.prices,
      currency: { symbol: '£', perUsd: 0.8 },
    });
    assert.deepEqual(overMoney({}, editor), editor);
  });

  it('put their prices before those of reactor.yaml, the last of which holds', () => {
    const own = { model: 'a/one', input: 3, output: 4 };
    assert.deepEqual(overMoney({ prices: [own] }, { prices: editor.prices }), { prices: [...editor.prices, own] });
  });

  it('change nothing where they say nothing', () => {
    assert.deepEqual(overMoney({ budgets: { perRunUsd: 3 } }, {}), { budgets: { perRunUsd: 3 } });
  });
});
