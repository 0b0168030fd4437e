import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Capacity, type PlacedRun, planStarts, type WaitingRun } from '../../../../src/core/scheduling/planStarts.ts';

const MB = 1e6;
const wide: Capacity = { cells: 50, starts: 50, freeBytes: 1e12, cellBytes: 400 * MB, ports: { from: 8000, to: 9000 } };

/** Runs written as `submission:name`, in the order in which they were asked for. */
const runs = (names: string, change: Partial<WaitingRun> = {}): WaitingRun[] =>
  names.split(' ').map((name, index) => ({
    run: name,
    submission: name.split(':')[0] ?? '',
    priority: 0,
    parallel: null,
    seq: index + 1,
    hasBegun: false,
    hasCell: false,
    ports: 1,
    dependencies: [],
    ...change,
  }));

const placed = (count: number, isStarting = false): PlacedRun[] =>
  Array.from({ length: count }, (_, index) => ({ submission: `placed${index}`, isStarting, ports: 1 }));

const plan = (
  waiting: readonly WaitingRun[],
  over: { capacity?: Partial<Capacity>; placed?: readonly PlacedRun[]; turns?: Record<string, number> } = {},
) => {
  const { starts, waits, refused } = planStarts(
    waiting,
    over.placed ?? [],
    { ...wide, ...over.capacity },
    new Map(Object.entries(over.turns ?? {})),
  );
  return { starts: starts.join(' '), waits: waits.map(({ run, code, text }) => `${run} ${code}: ${text}`), refused };
};

describe('planStarts', () => {
  it('starts what there is room for, in the order in which it was asked for, and says where the others stand', () => {
    assert.deepEqual(plan(runs('a:1 a:2 a:3 a:4'), { capacity: { cells: 3 }, placed: placed(1) }), {
      starts: 'a:1 a:2',
      waits: ['a:3 limit: 1st in line, limit of 3 side by side', 'a:4 limit: 2nd in line, limit of 3 side by side'],
      refused: [],
    });
  });

  it('lets submissions take turns, so that a long list does not hold up a single task', () => {
    assert.equal(plan(runs('big:1 big:2 big:3 big:4 one:1 two:1'), { capacity: { cells: 5 } }).starts, 'big:1 one:1 two:1 big:2 big:3');
    // The list was served twice, the single task came then.
    assert.equal(plan(runs('big:3 big:4 one:1'), { capacity: { cells: 1 }, turns: { big: 2, one: 1 } }).starts, 'one:1');
  });

  it('does not starve a list by single tasks that keep coming', () => {
    // Each single task came at the turn at which it was asked for.
    assert.equal(plan(runs('big:2 s1:1 s2:1'), { capacity: { cells: 1 }, turns: { big: 3, s1: 3, s2: 4 } }).starts, 'big:2');
  });

  it('puts what goes on before what begins, and then goes by priority', () => {
    const waiting = [
      ...runs('a:low', { priority: -1 }),
      ...runs('b:mid'),
      ...runs('c:high', { priority: 7 }),
      ...runs('d:goesOn', { hasBegun: true, priority: -50 }),
    ].map((one, index) => ({ ...one, seq: index }));
    assert.equal(plan(waiting).starts, 'd:goesOn c:high b:mid a:low');
  });

  it('keeps a submission within its own limit while others go on', () => {
    const waiting = [...runs('file:2 file:3', { parallel: 2 }), ...runs('one:1')];
    assert.deepEqual(plan(waiting, { placed: [{ submission: 'file', isStarting: false, ports: 1 }] }), {
      starts: 'file:2 one:1',
      waits: ['file:3 limit: 1st in line, limit of 2 side by side'],
      refused: [],
    });
  });

  it('starts only as many cells at a time as the machine has processors for', () => {
    assert.deepEqual(plan(runs('a:1 a:2 a:3'), { capacity: { starts: 2 }, placed: placed(1, true) }), {
      starts: 'a:1',
      waits: ['a:2 starting: 1st in line, 2 cells are starting', 'a:3 starting: 2nd in line, 2 cells are starting'],
      refused: [],
    });
  });

  it('starts no cell into memory that is not there, and counts what cells that are starting will take', () => {
    const capacity = { freeBytes: 900 * MB };
    assert.deepEqual(plan(runs('a:1 a:2 a:3'), { capacity, placed: placed(1, true) }), {
      starts: 'a:1',
      waits: ['a:2 memory: needs about 400 MB, 100 MB free', 'a:3 memory: 2nd in line, needs about 400 MB, 100 MB free'],
      refused: [],
    });
    assert.equal(plan(runs('a:1'), { capacity: { freeBytes: 0, cellBytes: 0 } }).starts, 'a:1');
  });

  it('starts no more cells than there are ports for, and one that could never have its own all the same', () => {
    const ports = { from: 8000, to: 8005 };
    const text = 'the ports 8000 to 8005 are taken by the cells there are';
    assert.deepEqual(plan(runs('a:1 a:2 a:3', { ports: 2 }), { capacity: { ports }, placed: placed(1) }), {
      starts: 'a:1 a:2',
      waits: [`a:3 limit: 1st in line, ${text}`],
      refused: [],
    });
    assert.equal(plan(runs('a:1 a:2', { ports: 7 }), { capacity: { ports } }).starts, 'a:1');
  });

  it('gives a cell that is ready to a run, however little memory is free and whatever starts', () => {
    const capacity = { freeBytes: 0, starts: 0 };
    assert.equal(plan(runs('a:1', { hasCell: true }), { capacity }).starts, 'a:1');
    assert.deepEqual(plan(runs('a:1', { hasCell: true }), { capacity: { cells: 0 } }).waits, [
      'a:1 limit: 1st in line, limit of 0 side by side',
    ]);
  });

  it('holds a run back until those it comes after have landed, and gives it up when one did not', () => {
    const open = { task: 'TASK-001', state: 'open', reason: '' } as const;
    const parked = { task: 'TASK-002', state: 'parked', reason: '' } as const;
    const done = { task: 'TASK-003', state: 'done', reason: '' } as const;
    const failed = { task: 'TASK-004', state: 'failed', reason: 'never green in 3 attempts' } as const;
    assert.deepEqual(
      plan([
        ...runs('a:1', { dependencies: [done, open] }),
        ...runs('a:2', { dependencies: [open, parked] }),
        ...runs('a:3', { dependencies: [done] }),
        ...runs('a:5', { dependencies: [parked] }),
        ...runs('a:4', { dependencies: [open, failed] }),
      ]),
      {
        starts: 'a:3',
        waits: [
          'a:1 after: after TASK-001',
          'a:2 after: after TASK-001 and TASK-002, which waits for a person',
          'a:5 person: after TASK-002, which waits for a person',
        ],
        refused: [{ run: 'a:4', reason: 'TASK-004, which it comes after, did not land: never green in 3 attempts' }],
      },
    );
  });

  it('makes a plan for a thousand runs of a hundred submissions in which each is there once', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `s${index % 100}:${index}`);
    const { starts, waits } = planStarts(runs(names.join(' ')), [], { ...wide, cells: 100, starts: 100 }, new Map());
    assert.deepEqual(new Set(starts.map((run) => run.split(':')[0])).size, 100);
    assert.deepEqual([...starts, ...waits.map(({ run }) => run)].sort(), names.sort());
    assert.match(waits[20]?.text ?? '', /^21st in line/);
  });
});
