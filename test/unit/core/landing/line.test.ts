import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { lineFor, placeOf, placeText } from '../../../../src/core/landing/line.ts';
import type { RunState } from '../../../../src/core/run/state.ts';
import { RunStory, specOf } from '../../../support/runStory.ts';

const tree = '1'.repeat(40);

/** A committed run that joined the line of its target at an entry of this number. */
function inLine(run: string, queuedSeq: number, target = 'main'): RunState {
  const story = new RunStory(specOf({ target })).ready().attempt(1, tree).tested(1, tree, 0).reviewed('approved', tree).committed(1, tree);
  story.tell(event('landing/queued', { target }));
  const { state } = story;
  return { ...state, run, landing: state.landing && { ...state.landing, queuedSeq } };
}

describe('the line before a branch', () => {
  it('stands in the order of joining, each branch with a line of its own, and says the place in words', () => {
    const runs = [inLine('third', 30), inLine('aside', 5, 'release'), inLine('first', 10), inLine('second', 20)];
    assert.deepEqual(
      [lineFor(runs, 'main').map(({ run }) => run), runs.map((state) => placeText(placeOf(state, runs)))],
      [
        ['first', 'second', 'third'],
        ['3rd in line for main', '', '', '2nd in line for main'],
      ],
    );
  });

  it('has no place for a run that is parked, cancelled, refused or landed', () => {
    const first = inLine('first', 1);
    const { landing } = first;
    if (landing === null) throw new Error('the run is in the line');
    const parked: RunState = { ...first, run: 'parked', parked: { code: 'dirtyTarget', reason: 'r', exitCode: 5 } };
    const cancelled: RunState = { ...first, run: 'cancelled', cancelledBy: 'person:ann' };
    const refused: RunState = { ...first, run: 'refused', landing: { ...landing, refused: { code: 'red', message: 'm', paths: [] } } };
    const landed = { target: 'main', from: 'a', to: 'b', tree, checkout: 'none' as const };
    const runs = [parked, cancelled, refused, { ...first, run: 'landed', landing: { ...landing, landed } }, inLine('last', 2)];
    assert.deepEqual(
      lineFor(runs, 'main').map(({ run }) => run),
      ['last'],
    );
  });

  it('writes ordinals as people do', () => {
    const words = [2, 3, 4, 11, 12, 13, 21, 22, 113].map((place) => placeText({ target: 'main', place }).split(' ')[0]);
    assert.deepEqual(words, ['2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '22nd', '113th']);
  });
});
