import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LandingLines } from '../../../../src/engine/landing/landingLines.ts';

const never = new AbortController().signal;

/** A line in which each turn is written down. */
function watched(): {
  readonly lines: LandingLines;
  readonly told: string[];
  readonly join: (run: string, order: number, signal?: AbortSignal) => Promise<void>;
} {
  const lines = new LandingLines();
  const told: string[] = [];
  const join = async (run: string, order: number, signal = never): Promise<void> => {
    told.push(`${run} ${await lines.take('main', run, order, signal)}`);
  };
  return { lines, told, join };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns to land', () => {
  it('go one at a time, in the order of joining the line and not of asking', async () => {
    const { lines, told, join } = watched();
    const all = [join('first', 1), join('third', 30), join('second', 20)];
    await settled();
    assert.deepEqual([told, lines.waiting('main')], [['first turn'], ['second', 'third']]);
    lines.release('first');
    await settled();
    lines.release('second');
    await Promise.all(all);
    assert.deepEqual(told, ['first turn', 'second turn', 'third turn']);
  });

  it('tell the next one, and only it, where the branch will be, until the turn is over', async () => {
    const { lines, told, join } = watched();
    await join('first', 1);
    const foreseen = (run: string) => (commit: string) => told.push(`${run} foresees ${commit}`);
    lines.foresee('first', 'a');
    const second = lines.take('main', 'second', 20, never, foreseen('second'));
    const third = lines.take('main', 'third', 30, never, foreseen('third'));
    lines.foresee('first', 'b');
    lines.foresee('second', 'c');
    assert.deepEqual(told, ['first turn', 'second foresees a', 'second foresees b']);
    lines.release('first');
    assert.equal(await second, 'turn');
    const fourth = lines.take('main', 'fourth', 25, never, foreseen('fourth'));
    assert.equal(told.length, 3);
    lines.release('second');
    lines.release('fourth');
    assert.deepEqual([await fourth, await third], ['turn', 'turn']);
  });

  it('stay with the run that has one, and branches do not wait for each other', async () => {
    const { lines, told, join } = watched();
    await join('first', 1);
    await join('first', 1);
    assert.deepEqual([told, await lines.take('release', 'other', 2, never)], [['first turn', 'first turn'], 'turn']);
  });

  it('are given up by who is stopped while waiting', async () => {
    const { lines, told, join } = watched();
    const stop = new AbortController();
    await join('first', 1);
    const waiting = [join('second', 2, stop.signal), join('third', 3)];
    stop.abort();
    await settled();
    lines.release('first');
    await Promise.all(waiting);
    assert.deepEqual(told, ['first turn', 'second aborted', 'third turn']);
  });

  it('are not needed by a run that another one has landed', async () => {
    const { lines, told, join } = watched();
    await join('leader', 1);
    const waiting = [join('second', 2), join('third', 3)];
    lines.settle('second');
    lines.release('leader');
    await Promise.all(waiting);
    assert.deepEqual(told, ['leader turn', 'second settled', 'third turn']);
  });

  it('hold back what a run does next while the branch moves for it', async () => {
    const { lines } = watched();
    const told: string[] = [];
    let end = (): void => {};
    const moving = lines.duringMove(['a'], async () => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      told.push('moved');
    });
    const waiting = lines.moved('a').then(() => told.push('a goes on'));
    await lines.moved('b');
    told.push('b goes on');
    end();
    await Promise.all([moving, waiting]);
    assert.deepEqual(told, ['b goes on', 'moved', 'a goes on']);
  });
});
