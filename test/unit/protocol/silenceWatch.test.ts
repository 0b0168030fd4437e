import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Emitter } from '../../../src/base/event.ts';
import type { Connection } from '../../../src/protocol/connection.ts';
import { EngineClient } from '../../../src/protocol/engineClient.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const thrown = (error: unknown): void => {
  throw error;
};

/** An engine at the other end that answers as long as it lives. */
class FakeEngine implements Connection {
  readonly asked: string[] = [];
  isClosed = false;
  isStopped = false;
  /** Of an older version, which refuses what it does not know. */
  isOld = false;
  readonly #messages = new Emitter<unknown>(thrown);
  readonly #closed = new Emitter<string>(thrown);
  readonly onMessage = this.#messages.event;
  readonly onClosed = this.#closed.event;

  send(message: unknown): boolean {
    const { id, method } = message as { id: number; method: string };
    this.asked.push(method);
    if (this.isStopped || method === 'clean') return true;
    const error = { code: 'engineVersion', message: 'This engine does not know the request.', actions: [] };
    this.#messages.fire(this.isOld && method === 'ping' ? { id, error } : { id, result: { head: 0 } });
    return true;
  }
  close(): void {
    this.isClosed = true;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
}

describe('a client whose engine says nothing any more', () => {
  let clock: ManualClock;
  let engine: FakeEngine;
  let client: EngineClient;
  let ended: string[];

  beforeEach(() => {
    clock = new ManualClock();
    engine = new FakeEngine();
    client = new EngineClient(engine, thrown);
    ended = [];
    client.onClosed((reason) => ended.push(reason));
    client.endWhenSilent(clock, MINUTE);
  });
  afterEach(() => {
    client.dispose();
    assert.equal(clock.timers, 0);
  });

  for (const isOld of [false, true]) {
    it(`stays with one that answers, however silent its runs are${isOld ? ', also when it is an older one' : ''}`, async () => {
      engine.isOld = isOld;
      await client.request('subscribe', { after: 0, runs: null, live: true });
      for (let minute = 0; minute < 60; minute += 1) {
        clock.advance(MINUTE);
        await nextTurn();
      }
      assert.deepEqual([ended, engine.isClosed], [[], false]);
      assert.ok(engine.asked.includes('ping'));
    });
  }

  it('gives it up after a minute and says why, while it follows runs', async () => {
    await client.request('subscribe', { after: 0, runs: null, live: true });
    engine.isStopped = true;
    clock.advance(MINUTE + 5000);
    assert.deepEqual([ended, engine.isClosed], [['it has said nothing for a minute, though asked: it is stopped or stuck'], true]);
  });

  it('gives it up while it waits for an answer', async () => {
    engine.isStopped = true;
    const asked = client.request('status', {});
    clock.advance(MINUTE + 5000);
    await assert.rejects(asked, {
      code: 'engineUnavailable',
      message:
        'The connection to the engine has ended (it has said nothing for a minute, though asked: it is stopped or stuck). Work in cells is kept; run the command again to go on.',
    });
  });

  it('waits for an answer that takes long, from an engine that lives', async () => {
    client.request('clean', { dryRun: true }).catch(() => {});
    clock.advance(HOUR);
    assert.deepEqual(ended, []);
  });

  it('asks nothing when it waits for nothing', () => {
    clock.advance(HOUR);
    assert.deepEqual([engine.asked, ended], [[], []]);
  });

  it('counts a sleep of the machine as one look', async () => {
    await client.request('subscribe', { after: 0, runs: null, live: true });
    engine.isStopped = true;
    clock.advance(MINUTE / 3);
    clock.suspend(8 * HOUR);
    assert.deepEqual(ended, []);
  });
});
