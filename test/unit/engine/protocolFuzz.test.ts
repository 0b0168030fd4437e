import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { Emitter } from '../../../src/base/event.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { ClientSession } from '../../../src/engine/engineServer.ts';
import type { Connection } from '../../../src/protocol/connection.ts';
import { EngineClient } from '../../../src/protocol/engineClient.ts';
import { type Method, methods } from '../../../src/protocol/messages.ts';
import { anyJson, mutated } from '../../support/fuzz.ts';
import { SeededRandom } from '../../support/seededRandom.ts';

const rounds = 4000;

/** One end of a connection in memory. */
class FakeConnection implements Connection {
  readonly sent: unknown[] = [];
  readonly failures: unknown[] = [];
  readonly #messages = new Emitter<unknown>((error) => this.failures.push(error));
  readonly #closed = new Emitter<string>((error) => this.failures.push(error));
  readonly onMessage = this.#messages.event;
  readonly onClosed = this.#closed.event;
  isClosed = false;
  mostBytes = Number.POSITIVE_INFINITY;

  send(message: unknown): boolean {
    if (JSON.stringify(message).length > this.mostBytes) return false;
    this.sent.push(message);
    return true;
  }
  close(): void {
    this.isClosed = true;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  hear(message: unknown): void {
    this.#messages.fire(message);
  }
}

const run = { run: 'TASK-001-r1' };
/** A good request of each method. */
const good: { readonly [M in Method]: unknown } = {
  hello: { protocol: 1, version: '1', client: 'test', person: 'ann', attends: true },
  submit: { requests: [{ folder: '/repo', prompt: 'Fix it', task: 'TASK-001', approve: 'ask' }], parallel: 2 },
  subscribe: { after: 0, runs: ['TASK-001-r1'], live: true },
  ping: {},
  status: {},
  runs: { limit: 10 },
  run,
  entries: { from: 1, run: null, limit: 100 },
  answer: { ...run, id: null, decision: 'approved', tree: 'a'.repeat(40), comment: null, answers: [['yes']] },
  revise: { ...run, tree: 'a'.repeat(40), rejected: [{ path: 'a.ts', hunks: [0] }], edited: false },
  cancel: run,
  resume: { ...run, budgetUsd: '1.5' },
  restore: { ...run, attempt: 1, tree: null },
  clean: { dryRun: true, kinds: ['worktree'] },
  shutdown: { drain: true },
};

/** Says which of its methods were called; every third call fails, as calls of an engine may. */
function fakeEngine(): { engine: Engine; calls: string[] } {
  const calls: string[] = [];
  const answer = (name: string): unknown => {
    calls.push(name);
    if (calls.length % 3 === 0) throw new Error('this did not work');
    return { runs: [], head: 0 };
  };
  const disposable = () => ({ dispose: () => {} });
  const known: Record<string, unknown> = {
    attendance: { arrive: disposable },
    onAppended: disposable,
    onLive: disposable,
    entries: () => [],
  };
  known['status'] = () => ({ head: 0 });
  const engine = new Proxy(known, { get: (target, name) => target[String(name)] ?? (() => answer(String(name))) });
  return { engine: engine as unknown as Engine, calls };
}

/** A schema may also throw over a value that is no text and can't be made one. */
function isGood(method: Method, params: unknown): boolean {
  try {
    return methods[method].params.safeParse(params).success;
  } catch {
    return false;
  }
}

describe('messages of the protocol', () => {
  it('never stop the engine, whatever a client sends; each is answered or ends its own connection', async () => {
    const random = new SeededRandom(20_260);
    const { engine, calls } = fakeEngine();
    const rejections: unknown[] = [];
    const note = (error: unknown): void => void rejections.push(error);
    process.on('unhandledRejection', note);
    const names = Object.keys(good) as Method[];
    const outcome = { result: 0, error: 0, closed: 0 };
    let shutdowns = 0;
    try {
      for (let round = 0; round < rounds; round += 1) {
        const connection = new FakeConnection();
        const session = new ClientSession(engine, connection, { version: '1', engine: 'e', pid: 1 }, silentLog, () => {
          shutdowns += 1;
        });
        if (random.below(4) > 0) connection.hear({ id: 1, method: 'hello', params: good.hello });
        const method = random.pick(names);
        const request = { id: 7, method, params: good[method] };
        connection.hear(random.below(4) === 0 ? anyJson(random) : mutated(random, request));
        await nextTurn();
        if (connection.isClosed) outcome.closed += 1;
        const answers = connection.sent as { id: unknown; result?: unknown; error?: { code: string; message: string } }[];
        for (const { id, error, ...rest } of answers) {
          assert.equal(typeof id, 'number');
          if (error !== undefined) assert.deepEqual([typeof error.code, typeof error.message], ['string', 'string']);
          outcome[error === undefined ? 'result' : 'error'] += 1;
          assert.ok(error !== undefined || 'result' in rest);
        }
        session.dispose();
        assert.deepEqual(connection.failures, []);
      }
    } finally {
      process.off('unhandledRejection', note);
    }
    assert.deepEqual(rejections, []);
    // Each kind of outcome came up many times, so the messages were neither all bad nor all good.
    assert.ok(
      Object.values(outcome).every((count) => count > 200),
      JSON.stringify(outcome),
    );
    assert.ok(calls.length > 200 && shutdowns > 10, `${calls.length} calls, ${shutdowns} ends`);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  it('of a method without its parameters never reach the engine', async () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < rounds; round += 1) {
      const method = random.pick(Object.keys(good).filter((name) => name !== 'status')) as Method;
      const params = mutated(random, good[method]);
      if (isGood(method, params)) continue;
      const { engine, calls } = fakeEngine();
      const connection = new FakeConnection();
      const session = new ClientSession(engine, connection, { version: '1', engine: 'e', pid: 1 }, silentLog, () => calls.push('shutdown'));
      connection.hear({ id: 1, method: 'hello', params: good.hello });
      connection.hear({ id: 2, method, params });
      await nextTurn();
      assert.deepEqual(calls, [], `${method} ${JSON.stringify(params)}`);
      session.dispose();
    }
  });

  it('that would be too long are replaced by a sentence that says so', async () => {
    const connection = new FakeConnection();
    const { engine } = fakeEngine();
    const answer = { status: () => ({ head: 0, runs: 'x'.repeat(300) }), find: () => null };
    const large = new Proxy(engine, { get: (target, name) => Reflect.get(answer, name) ?? Reflect.get(target, name) });
    const session = new ClientSession(large, connection, { version: '1', engine: 'e', pid: 1 }, silentLog, () => {});
    connection.mostBytes = 300;
    connection.hear({ id: 1, method: 'hello', params: good.hello });
    connection.hear({ id: 2, method: 'status', params: {} });
    await nextTurn();
    connection.hear({ id: 3, method: 'run', params: run });
    await nextTurn();
    session.dispose();
    const client = new EngineClient(connection, () => {});
    const asked = client.request('run', { run: 'x'.repeat(300) });
    assert.deepEqual(connection.sent.slice(1), [
      {
        id: 2,
        error: {
          code: 'environment',
          message: 'The answer to the request status is too large for one message of the engine.',
          actions: ['reactor export, which reads the journal without the engine'],
        },
      },
      { id: 3, result: { state: null } },
    ]);
    await assert.rejects(asked, { code: 'environment', message: /The request run is too large for one message to the engine/ });
    assert.equal(connection.isClosed, false);
  });

  it('never stop a client, whatever an engine sends; what it asked for is refused in words', async () => {
    const random = new SeededRandom(11);
    const entry = {
      seq: 1,
      at: 1,
      run: 'r',
      cell: null,
      actor: 'engine',
      type: 'run/started',
      version: 1,
      data: {},
      prevHash: '',
      hash: '',
    };
    const said = [
      { entry },
      { live: { run: 'r', kind: 'text', text: 'x' } },
      { id: 1, result: { head: 1 } },
      { id: 1, error: { code: 'x', message: 'y', actions: [] } },
    ];
    const ends = { resolved: 0, refused: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const connection = new FakeConnection();
      const client = new EngineClient(connection, (error) => connection.failures.push(error));
      const asked = client.request('subscribe', { after: 0, runs: null, live: true }).then(
        () => 'resolved' as const,
        () => 'refused' as const,
      );
      connection.hear(random.below(3) === 0 ? anyJson(random) : mutated(random, random.pick(said)));
      client.dispose();
      ends[await asked] += 1;
      assert.deepEqual(connection.failures, []);
    }
    assert.ok(ends.resolved > 50 && ends.refused > 1000, JSON.stringify(ends));
  });
});
