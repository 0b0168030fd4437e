import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { engineNotUp } from '../../../src/compose/engineNotUp.ts';

describe('engineNotUp', () => {
  const started = { pid: null, log: '/data/engine.log', tail: '', waitedMs: 60_000 };
  const told = (change: Partial<Parameters<typeof engineNotUp>[0]>): readonly string[] => {
    const { message, actions } = engineNotUp({ ...started, ...change });
    return [message, ...actions];
  };

  it('tells an engine that has ended from one that takes long, and an empty log from one with words in it', () => {
    assert.deepEqual(
      [told({ tail: 'one\ntwo\nthree\nfour\n' }), told({ tail: '\n' }), told({ pid: 12, tail: 'one\n' })],
      [
        ['The engine did not start. Nothing was changed. Its log /data/engine.log ends with:\ntwo\nthree\nfour', 'reactor doctor'],
        ['The engine did not start. Nothing was changed. Its log /data/engine.log says nothing.', 'reactor doctor'],
        [
          'The engine was started (process 12) but has not answered for 60 s. Nothing was changed. The machine may have too much to do.',
          'try again when it is quieter',
          'see its log /data/engine.log',
        ],
      ],
    );
  });
});
