import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { defaultConfig, ProjectConfig } from '../../../../src/core/model/projectConfig.ts';
import { perMillionUsd, scaleUsd } from '../../../../src/core/model/usd.ts';
import type { ModelFacts } from '../../../../src/core/money/modelFacts.ts';
import { priceOf } from '../../../../src/core/money/priceBook.ts';
import { costLines, costOf, type UnitPrices } from '../../../../src/core/money/unitPrices.ts';

const rates = (input: string, output: string) => ({ input, output, reasoning: output, cacheRead: '0.3', cacheWrite: '3.75' });
const facts: ModelFacts = {
  provider: 'acme',
  model: 'big',
  rates: rates('3', '15'),
  tiers: [
    { aboveTokens: 400_000, rates: rates('12', '60') },
    { aboveTokens: 200_000, rates: rates('6', '22.5') },
  ],
  contextTokens: 1_000_000,
  outputTokens: 64_000,
};
const { prices } = ProjectConfig.parse({
  prices: [
    { model: 'acme/*', input: 1, output: '2.5' },
    { model: 'acme/big', from: '2026-06-01', input: 4, output: 8, cacheRead: 0.4, tiers: [{ aboveTokens: 100, input: 5, output: 9 }] },
    { model: 'acme/big', from: '2026-05-01', input: 3, output: 7, reasoning: 1 },
  ],
});
const on = (day: string, inputTokens = 10, model = 'acme/big') => priceOf(prices, facts, { model, day, inputTokens });

describe('the price of a call', () => {
  it('is the written one that holds since the latest day, else the one of the server', () => {
    assert.deepEqual(defaultConfig().prices, []);
    assert.deepEqual(
      [
        on('2026-04-30'),
        on('2026-05-31'),
        on('2026-06-01'),
        on('2026-06-01', 101),
        on('2026-06-01', 1, 'other/m'),
        on('2026-06-01', 1, 'acme/small'),
      ].map((price) =>
        price === null
          ? null
          : [price.input, price.output, price.reasoning, price.cacheRead, price.source, price.from, price.aboveTokens].join(' '),
      ),
      [
        '1 2.5 2.5 1 settings  ',
        '3 7 1 3 settings 2026-05-01 ',
        '4 8 8 0.4 settings 2026-06-01 ',
        '5 9 9 5 settings 2026-06-01 100',
        '3 15 15 0.3 server  ',
        '1 2.5 2.5 1 settings  ',
      ],
    );
  });

  it('is that of the highest tier that the input passes', () => {
    const tier = (inputTokens: number) => priceOf([], facts, { model: 'acme/big', day: '2026-06-01', inputTokens })?.aboveTokens;
    assert.deepEqual([200_000, 200_001, 400_001].map(tier), [null, 200_000, 400_000]);
  });

  it('is unknown, never nought, when nobody tells it', () => {
    assert.equal(priceOf([], { ...facts, rates: null }, { model: 'acme/big', day: '2026-06-01', inputTokens: 1 }), null);
    assert.equal(priceOf([], null, { model: 'acme/big', day: '2026-06-01', inputTokens: 1 }), null);
  });
});

describe('the cost of a call', () => {
  const price: UnitPrices = { ...rates('0.1', '0.2'), source: 'server', from: null, aboveTokens: null };
  const tokens = { input: 3, output: 7, reasoning: 0, cacheRead: 1, cacheWrite: 0 };

  it('is exact where binary floats are not, and shows its arithmetic', () => {
    assert.deepEqual(
      costLines(tokens, price).map((line) => `${line.kind} ${line.tokens} × ${line.perMillionUsd} = ${line.usd}`),
      ['input 3 × 0.1 = 0.0000003', 'output 7 × 0.2 = 0.0000014', 'cacheRead 1 × 0.3 = 0.0000003'],
    );
    assert.equal(costOf(tokens, price), '0.000002');
    assert.equal(perMillionUsd(3_000_000_001, '3.75'), '11250.00000375');
  });

  it('is rounded half up beyond twelve places', () => {
    assert.deepEqual(
      [perMillionUsd(1, '0.0000005'), perMillionUsd(1, '0.0000004'), scaleUsd('-1', 1, 3), scaleUsd('2', 1, 3)],
      ['0.000000000001', '0', '-0.333333333333', '0.666666666667'],
    );
  });
});
