import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Step } from '../../../src/core/run/nextStep.ts';
import { Repeats } from '../../../src/engine/repeats.ts';

describe('A step that is needed again and again', () => {
  const endsAfter = (next: (turn: number) => Step): number | null => {
    const repeats = new Repeats();
    for (let turn = 1; turn <= 1000; turn += 1) if (repeats.isEndless(next(turn))) return turn;
    return null;
  };

  it('is endless at some time when nothing comes of it', () => {
    assert.equal(
      endsAfter(() => ({ step: 'startAttempt', because: 'granted' })),
      51,
    );
  });

  it('is not when something else comes between, when it is another attempt, or while a person is waited for', () => {
    assert.deepEqual(
      [
        endsAfter((turn) => (turn % 50 === 0 ? { step: 'boot' } : { step: 'startAttempt', because: 'granted' })),
        endsAfter((turn) => ({ step: 'execute', attempt: turn })),
        endsAfter(() => ({ step: 'wait' })),
      ],
      [null, null, null],
    );
  });
});
