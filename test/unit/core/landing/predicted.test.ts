import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { mayConflict, predictedText } from '../../../../src/core/landing/predicted.ts';

const changed = (paths: readonly string[], isCut = false) => ({ paths: new Set(paths), isCut });

describe('conflicts before they are met', () => {
  it('are told with whom and where', () => {
    const predicted = [
      { with: 'main', run: null, paths: ['a.ts'] },
      { with: 'TASK-002', run: 'TASK-002-r1', paths: ['b.ts', 'c.ts', 'd.ts', 'e.ts'] },
      { with: 'TASK-003', run: 'TASK-003-r1', paths: ['f.ts'] },
    ];
    assert.deepEqual(
      [predictedText({ predicted }), predictedText({ predicted: [] })],
      ['conflicts with main in a.ts, and with TASK-002 in b.ts, c.ts, d.ts and 1 more, and with TASK-003 in f.ts', ''],
    );
  });

  it('are looked for only where two changes have a path in common, or one is not known whole', () => {
    assert.deepEqual(
      [
        mayConflict(changed(['a', 'b']), changed(['b', 'c', 'd'])),
        mayConflict(changed(['a']), changed(['b'])),
        mayConflict(changed([]), changed(['b'], true)),
      ],
      [true, false, true],
    );
  });
});
