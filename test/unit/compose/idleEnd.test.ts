import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { silentLog } from '../../../src/base/log.ts';
import { IdleEnd } from '../../../src/compose/idleEnd.ts';
import { settle } from '../../support/cli/fakeTerminal.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';

describe('An engine with nothing to do', () => {
  const open = (cleanUp: (() => Promise<unknown>) | null) => {
    const clock = new ManualClock();
    const at = { clients: 0, ends: 0 };
    const idle = new IdleEnd({
      ...{ clock, log: silentLog, idleMs: 100, cleanUp },
      isIdle: () => at.clients === 0,
      end: () => {
        at.ends += 1;
      },
    });
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      idle.look();
      await settle();
    };
    return { at, idle, pass };
  };

  it('ends after a while, counted from when it last had something to do', async () => {
    const { at, idle, pass } = open(null);
    await pass(99);
    idle.restart();
    await pass(99);
    assert.equal(at.ends, 0);
    at.clients = 1;
    await pass(50);
    at.clients = 0;
    await pass(99);
    assert.equal(at.ends, 0);
    await pass(1);
    assert.equal(at.ends, 1);
  });

  it('cleans up once before it ends', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let cleaned = 0;
    const { at, pass } = open(() => {
      cleaned += 1;
      return promise;
    });
    await pass(100);
    await pass(100);
    assert.deepEqual([cleaned, at.ends], [1, 0]);
    resolve();
    await settle();
    assert.deepEqual([cleaned, at.ends], [1, 1]);
  });

  for (const [what, meanwhile] of [
    ['is there', 1],
    ['was there', 0],
  ] as const) {
    it(`does not end when a client ${what} by the time it has cleaned up`, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const { at, idle, pass } = open(() => promise);
      await pass(100);
      at.clients = meanwhile;
      idle.restart();
      await pass(1);
      resolve();
      await settle();
      assert.equal(at.ends, 0);
      at.clients = 0;
      idle.restart();
      await pass(100);
      assert.equal(at.ends, 1);
    });
  }

  it('ends although the clean-up has failed', async () => {
    const { at, pass } = open(() => Promise.reject(new Error('EACCES')));
    await pass(100);
    assert.equal(at.ends, 1);
  });
});
