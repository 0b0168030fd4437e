import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Span, spanKinds, spanStatuses } from '../../../src/core/projections/timelineSpan.ts';
import { SpanColumns } from '../../../src/protocol/panelShapes.ts';
import { spanColumns } from '../../../src/vscode/panel/spanColumns.ts';
import { costSteps } from '../../../webview-ui/src/timeline/costSteps.ts';
import { LaneStore } from '../../../webview-ui/src/timeline/laneStore.ts';
import { planRow, spanAt } from '../../../webview-ui/src/timeline/planRow.ts';
import { ticks } from '../../../webview-ui/src/timeline/timeAxis.ts';
import { fitTo, follow, latestWork, pan, reveal, zoom } from '../../../webview-ui/src/timeline/viewport.ts';
import { SeededRandom } from '../../support/seededRandom.ts';

const span = (index: number, change: Partial<Span> = {}): Span => ({
  index,
  kind: 'model',
  status: 'done',
  start: index * 10,
  end: index * 10 + 10,
  attempt: 1,
  firstSeq: index + 1,
  seq: index + 1,
  label: `call ${index}`,
  costUsd: 0.5,
  ...change,
});
const storeOf = (...spans: readonly Span[]): LaneStore => {
  const store = new LaneStore();
  store.apply(spanColumns(spans));
  return store;
};

describe('the spans of a lane', () => {
  it('arrive as they were sent, and are replaced in place', () => {
    const sent = [
      span(0, { kind: 'attempt', end: null, status: 'running' }),
      span(1, { costUsd: null, isEstimated: true }),
      span(2, { kind: 'tool', costUsd: 0 }),
    ];
    const store = storeOf(...sent);
    store.apply(spanColumns([span(0, { kind: 'attempt', status: 'good', end: 30 })]));
    assert.deepEqual(
      [
        store.span(0),
        store.span(1)?.costUsd,
        store.span(1)?.isEstimated,
        store.span(2)?.kind,
        store.span(3),
        store.count,
        store.row(0),
        store.row(2),
      ],
      [
        { index: 0, kind: 'attempt', status: 'good', start: 0, end: 30, attempt: 1, label: 'call 0', costUsd: 0.5, isEstimated: false },
        null,
        true,
        'tool',
        null,
        3,
        [0],
        [1],
      ],
    );
  });

  it('have kinds and states that host and page count alike', () => {
    for (const kind of spanKinds) assert.equal(storeOf(span(0, { kind })).span(0)?.kind, kind);
    for (const status of spanStatuses) assert.equal(storeOf(span(0, { status })).span(0)?.status, status);
  });

  it('are refused as columns of unequal length, and left out beyond a gap', () => {
    const columns = spanColumns([span(0), span(1)]);
    assert.equal(SpanColumns.safeParse(columns).success, true);
    assert.equal(SpanColumns.safeParse({ ...columns, label: ['one'] }).success, false);
    assert.equal(storeOf(span(0), span(5)).count, 1);
  });

  it('grow to any number and know their extent; what goes on lasts until now', () => {
    const store = storeOf(...Array.from({ length: 1000 }, (_, index) => span(index)), span(1000, { end: null }));
    assert.deepEqual([store.count, store.extent(99_999), storeOf().extent(0)], [1001, { from: 0, to: 99_999 }, null]);
  });

  it('sum up to what the run had cost, in the order in which calls ended', () => {
    const { at, usd } = storeOf(span(0, { end: 90 }), span(1, { end: 40 }), span(2, { costUsd: null }), span(3)).costs();
    assert.deepEqual(
      [[...at], [...usd]],
      [
        [40, 40, 90],
        [0.5, 1, 1.5],
      ],
    );
  });
});

describe('what is drawn of a line', () => {
  const random = new SeededRandom(7);
  const many = storeOf(
    ...Array.from({ length: 100_000 }, (_, index) =>
      span(index, { status: index === 54_321 ? 'bad' : 'done', end: index * 10 + 1 + random.below(9) }),
    ),
  );
  const whole = { from: 0, to: 1_000_000 };

  it('is no more than the pixels can show, however many spans there are', () => {
    const blocks = planRow(many, 2, whole, 1000, 0);
    assert.ok(blocks.length > 300 && blocks.length <= 1000, `${blocks.length} blocks`);
    assert.equal(
      blocks.reduce((sum, { count }) => sum + count, 0),
      100_000,
    );
  });

  it('never hides a red span among others', () => {
    assert.equal(planRow(many, 2, whole, 1000, 0).filter(({ index }) => index === 54_321).length, 1);
  });

  it('is each span by itself when there is room, cut at the edges, and nothing outside', () => {
    const store = storeOf(...Array.from({ length: 20 }, (_, index) => span(index)));
    const blocks = planRow(store, 2, { from: 45, to: 85 }, 400, 0);
    assert.deepEqual(
      blocks.map(({ index, count }) => [index, count]),
      [4, 5, 6, 7, 8].map((index) => [index, 1]),
    );
    assert.ok(blocks.every(({ x, width }) => x >= -2 && x + width <= 402));
  });

  it('ends what goes on at the present', () => {
    const [block] = planRow(storeOf(span(0, { end: null })), 2, { from: 0, to: 100 }, 100, 60);
    assert.deepEqual(block, { x: 0, width: 60, index: 0, count: 1 });
  });

  it('is found again under the pointer, the shortest first, with a little slack', () => {
    const store = storeOf(span(0, { start: 0, end: 100 }), span(1, { start: 40, end: 50 }), span(2, { start: 98, end: 98 }));
    const at = (x: number) => spanAt(store, 2, { from: 0, to: 200 }, 200, x, 0);
    assert.deepEqual([at(10), at(45), at(97), at(101), at(150)], [0, 1, 0, 0, null]);
    assert.equal(spanAt(store, 2, { from: 0, to: 200 }, 200, 98, 0), 2);
  });
});

describe('the stretch of time that is shown', () => {
  const view = { from: 1000, to: 2000 };

  it('zooms around a moment that stays where it is, within bounds', () => {
    assert.deepEqual(zoom(view, 0.5, 1250), { from: 1125, to: 1625 });
    const close = zoom(view, 1e-9, 1500);
    assert.equal(Math.round(close.to - close.from), 5);
    const far = zoom(view, 1e15, 1500);
    assert.equal(far.to - far.from, 400 * 86_400_000);
  });

  it('moves, fits, follows and reveals', () => {
    assert.deepEqual(pan(view, 0.1), { from: 1100, to: 2100 });
    assert.deepEqual(fitTo({ from: 0, to: 10_000 }), { from: -200, to: 10_400 });
    assert.deepEqual(follow(view, 5000), { from: 4050, to: 5050 });
    assert.equal(reveal(view, { from: 1100, to: 1200 }), view);
    assert.deepEqual(reveal(view, { from: 3000, to: 3100 }), { from: 2550, to: 3550 });
  });

  it('is the latest work at first: runs that lie close together, not those of last week', () => {
    const minute = 60_000;
    const runs = [
      { from: 0, to: minute },
      { from: 1000 * minute, to: 1005 * minute },
      { from: 1006 * minute, to: 1007 * minute },
      { from: 1015 * minute, to: 1020 * minute },
    ];
    assert.deepEqual([latestWork(runs), latestWork([])], [{ from: 1000 * minute, to: 1020 * minute }, null]);
  });

  it('has round times on its axis, in local time, never too close', () => {
    const at = Date.UTC(2026, 0, 1, 10, 0, 3);
    const labels = (widthMs: number) => ticks({ from: at, to: at + widthMs }, 800, 80, 5.5 * 3_600_000).map(({ label }) => label);
    assert.deepEqual(labels(60_000).slice(0, 2), ['15:30:10', '15:30:20']);
    assert.deepEqual(labels(8 * 3_600_000).slice(0, 2), ['16:00', '17:00']);
    assert.deepEqual(labels(5 * 86_400_000).slice(0, 3), ['01-02', '12:00', '01-03']);
    assert.deepEqual(labels(40).slice(0, 2), ['30:03.000', '30:03.005']);
    assert.ok(labels(400 * 86_400_000).length <= 10);
  });
});

describe('the line of costs', () => {
  const at = Float64Array.from([1000, 2000, 3000, 4000]);
  const usd = Float64Array.from([1, 2, 3, 4]);

  it('begins at nothing, carries the last value on, and shows the step into the view', () => {
    assert.deepEqual(costSteps(at, usd, { from: 0, to: 9000 }, 8000, 100), [
      [0, 1, 2, 3, 4, 8],
      [0, 1, 2, 3, 4, 4],
    ]);
    assert.deepEqual(costSteps(at, usd, { from: 2500, to: 3500 }, 8000, 100), [
      [2, 3, 4],
      [2, 3, 4],
    ]);
  });

  it('is thinned, keeping its last value', () => {
    const long = Float64Array.from({ length: 10_000 }, (_, index) => index);
    const [xs, ys] = costSteps(long, long, { from: 0, to: 20_000 }, 20_000, 100);
    assert.ok(xs.length <= 104, `${xs.length} points`);
    assert.deepEqual(
      [xs.length === ys.length, ys.at(-1), xs.every((x, index) => index === 0 || x >= (xs[index - 1] ?? 0))],
      [true, 9999, true],
    );
  });
});
