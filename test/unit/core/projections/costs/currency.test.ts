import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { axisMarks, currencyNote, moneyText, usDollars } from '../../../../../src/core/projections/costs/currency.ts';
import { sumText } from '../../../../../src/core/projections/costs/sumText.ts';

const euro = { symbol: '€', perUsd: 0.9 };
const sum = { usd: '0.0121', calls: 2, estimatedCalls: 0, unpricedCalls: 0 };

describe('amounts for people', () => {
  it('have four places below one and two from there on, in whatever currency', () => {
    assert.deepEqual(
      ['0', '0.0121', '0.99996', '3.456', '-2'].map((usd) => moneyText(usd)),
      ['$0.00', '$0.0121', '$1.00', '$3.46', '−$2.00'],
    );
    assert.deepEqual([moneyText('2', euro), moneyText(0.01, euro)], ['€1.80', '€0.0090']);
  });

  it('say what is unpriced or estimated, and nothing where no call was made', () =>
    assert.deepEqual(
      [
        sumText(sum),
        sumText(sum, euro),
        sumText({ ...sum, estimatedCalls: 1 }),
        sumText({ ...sum, unpricedCalls: 1 }),
        sumText({ ...sum, usd: '0', unpricedCalls: 2, estimatedCalls: 2 }),
        sumText({ ...sum, usd: '0', calls: 0 }),
        sumText({ ...sum, usd: '0' }),
      ],
      ['$0.0121', '€0.0109', '~$0.0121', '$0.0121 + unpriced', 'unpriced', '–', '$0.00'],
    ));

  it('mark an axis with as many places as the closest two need', () =>
    assert.deepEqual(
      [axisMarks([0, 0.5, 1], usDollars), axisMarks([0, 0.025, 0.05], usDollars), axisMarks([0, 100], usDollars), axisMarks([0, 10], euro)],
      [
        ['$0.00', '$0.50', '$1.00'],
        ['$0.000', '$0.025', '$0.050'],
        ['$0', '$100'],
        ['€0', '€9'],
      ],
    ));

  it('are told apart from what is recorded', () => {
    assert.equal(currencyNote(usDollars), '');
    assert.match(currencyNote(euro), /^Shown in € at 0\.9 per US dollar; what is recorded is in US dollars\.$/);
  });
});
