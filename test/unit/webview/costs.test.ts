import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { usDollars } from '../../../src/core/projections/costs/currency.ts';
import { csv } from '../../../src/core/report/csv.ts';
import type { CostReportShape } from '../../../src/protocol/panelShapes.ts';
import { highlightParts } from '../../../webview-ui/src/conversation/highlightParts.ts';
import { burnRateText, burnSpentText, pointText } from '../../../webview-ui/src/costs/burnTexts.ts';
import { changeText } from '../../../webview-ui/src/costs/changeText.ts';
import { burnSeries, modelStack } from '../../../webview-ui/src/costs/costSeries.ts';
import { sorted } from '../../../webview-ui/src/costs/sorted.ts';
import { callCostText, countText, durationText, plural, totalText, usdText } from '../../../webview-ui/src/ui/format.ts';

const cost = (usd: string) => ({ usd, estimatedUsd: '0', estimatedCalls: 0, unpricedCalls: 0, calls: 1, tokens: 1 });
const part = (model: string, usd: string) => ({ model, cost: cost(usd) });
const day = (period: string, ...models: ReturnType<typeof part>[]) => ({ period, cost: cost('0'), wasted: cost('0'), landed: 0, models });
const burn: CostReportShape['burn'] = {
  budgetUsd: '2',
  spent: cost('0.5'),
  perHourUsd: '0.1',
  projectedUsd: '1.5',
  reachedAt: null,
  from: 1000,
  to: 9000,
  points: [{ at: 2000, usd: 0.5, unpricedCalls: 0 }],
};

describe('the series of costs', () => {
  it('stack the models of each day, dearest at the bottom, the many cheap ones as one', () => {
    const cheap = Array.from({ length: 8 }, (_, index) => part(`cheap${index}`, '0.01'));
    const stack = modelStack([day('a', part('big', '2'), ...cheap), day('b', part('big', '1'))]);
    assert.deepEqual(
      [stack.models, stack.parts.at(-1)?.map((usd) => usd.toFixed(2))],
      [
        ['big', 'cheap0', 'cheap1', 'cheap2', 'cheap3', 'others'],
        ['0.04', '0.00'],
      ],
    );
    assert.deepEqual(
      stack.stacked.map(([first]) => first?.toFixed(2)),
      ['2.00', '2.01', '2.02', '2.03', '2.04', '2.08'],
    );
  });

  it('burn the budget down, and go on dashed from now to the end of the day', () => {
    assert.deepEqual(burnSeries({ burn, now: 5000 }), [
      [1, 2, 5, 9],
      [2, 1.5, 1.5, null],
      [null, null, 1.5, 0.5],
      [0, 0, 0, 0],
    ]);
  });

  it('rise when there is no budget to burn', () => {
    const [, real, ahead, limit] = burnSeries({ burn: { ...burn, budgetUsd: null, projectedUsd: null }, now: 5000 });
    assert.deepEqual(
      [real, ahead, limit],
      [
        [0, 0.5, 0.5, null],
        [null, null, null, null],
        [null, null, null, null],
      ],
    );
  });
});

describe('what was spent today', () => {
  const spent = (usd: string, unpricedCalls: number, calls = 1) => ({ ...cost(usd), unpricedCalls, calls });
  const told = (change: Partial<CostReportShape['burn']>): string[] => {
    const now = { ...burn, budgetUsd: null, ...change };
    return [burnSpentText(now, usDollars), burnRateText({ ...now, perHourUsd: null }, usDollars)];
  };

  it('is never nothing where a call has no price', () => {
    assert.deepEqual(told({ spent: spent('0', 1) }), ['unpriced spent, no limit for the day', 'nothing that has a price in the last hour']);
    assert.deepEqual(told({ spent: spent('0.5', 2, 3), budgetUsd: '2' })[0], '$0.5000 + unpriced spent of $2.00');
    assert.deepEqual(told({ spent: spent('0', 0, 0) }), ['$0.00 spent, no limit for the day', 'nothing in the last hour']);
  });

  it('is told the same way for each moment', () =>
    assert.deepEqual(
      [
        { at: 1, usd: 0, unpricedCalls: 2 },
        { at: 2, usd: 0.5, unpricedCalls: 2 },
        { at: 3, usd: 0, unpricedCalls: 0 },
      ].map((point) => pointText(point, usDollars)),
      ['unpriced', '$0.5000 + unpriced', '$0.00'],
    ));

  it('mark an amount that rests on tokens that were worked out', () => {
    const call = { kind: 'model', costUsd: 0.0121, isEstimated: true };
    assert.deepEqual(
      [
        totalText({ usd: '0.5', unpricedCalls: 0, estimatedCalls: 1 }),
        totalText({ usd: '0.5', unpricedCalls: 1, estimatedCalls: 1 }),
        totalText({ usd: '0', unpricedCalls: 1, estimatedCalls: 1 }),
        ...[call, { ...call, isEstimated: false }, { ...call, costUsd: null }, { ...call, kind: 'tool' }].map(callCostText),
      ],
      ['~$0.5000', '~$0.5000 + unpriced', 'unpriced', '~$0.0121', '$0.0121', 'unpriced', ''],
    );
  });
});

describe('texts of the panel', () => {
  it('have a unit for every number', () => {
    assert.deepEqual([0, 42, 400, 6240, 61_000, 134_000, 3_900_000, 90_000_000].map(durationText), [
      '0 ms',
      '42 ms',
      '0.4 s',
      '6.2 s',
      '1 min 01 s',
      '2 min 14 s',
      '1 h 05 min',
      '1 d 1 h',
    ]);
    assert.deepEqual([0, 0.0121, 3.456, -2].map(usdText), ['$0.00', '$0.0121', '$3.46', '−$2.00']);
    assert.deepEqual([1830, 45_200, 1_230_000].map(countText), ['1,830', '45.2k', '1.2M']);
    assert.deepEqual([plural(1, 'file'), plural(3, 'file'), plural(2, 'match', 'matches')], ['1 file', '3 files', '2 matches']);
  });

  it('say unpriced, never $0', () =>
    assert.deepEqual(
      [totalText({ usd: '0', unpricedCalls: 2 }), totalText({ usd: '0.5', unpricedCalls: 1 }), totalText({ usd: '0', unpricedCalls: 0 })],
      ['unpriced', '$0.5000 + unpriced', '$0.00'],
    ));

  it('tell a change with a sign and a figure', () =>
    assert.deepEqual(
      [changeText(1.24, 1), changeText(0.92, 1), changeText(1, 1), changeText(1, 0), changeText(1.001, 1)],
      ['▲ 24 %', '▼ 8 %', '= same', '▲ from nothing', '= about the same'],
    ));
});

describe('tables', () => {
  it('sort by any column, and put what has no value last either way', () => {
    const rows = [{ n: 2 }, { n: null }, { n: 10 }];
    const column = { name: 'N', value: ({ n }: { n: number | null }) => n };
    assert.deepEqual(
      [sorted(rows, column, true), sorted(rows, column, false)].map((list) => list.map(({ n }) => n)),
      [
        [2, 10, null],
        [10, 2, null],
      ],
    );
  });

  it('are exported so that a spreadsheet reads text as text', () =>
    assert.equal(
      csv(
        ['Task', 'Title', 'USD'],
        [
          ['T-1', 'say "hi", twice', 0.1],
          ['T-2', '=HYPERLINK("x")', null],
          ['T-3', '-5', -5],
          ['T-4', 'a\nb', 1],
        ],
      ),
      'Task,Title,USD\r\nT-1,"say ""hi"", twice",0.1\r\nT-2,"\'=HYPERLINK(""x"")",\r\nT-3,-5,-5\r\nT-4,"a\nb",1\r\n',
    ));
});

describe('what was searched for', () => {
  const marked = (text: string, query: string) =>
    highlightParts(text, query)
      .map(({ text: piece, isMatch }) => (isMatch ? `[${piece}]` : piece))
      .join('');

  it('is marked wherever it stands, and the text stays the same', () => {
    assert.equal(marked('The Token of tokens', 'token of'), 'The [Token] [of] [token]s');
    assert.equal(marked('aaa', 'aa a'), '[aa][a]');
    assert.equal(marked('<b>x</b>', 'B>X'), '<[b>x]</b>');
    assert.equal(marked('nothing', ''), 'nothing');
    assert.equal(marked('İstanbul', 'i'), 'İstanbul');
  });
});
