import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { AgentServer, TurnLimits } from '../../src/core/ports/agent.ts';
import { OpenCodeBench, runTurn, wideLimits } from '../support/openCodeCell.ts';
import type { ModelAction, ModelCall } from '../support/scriptedModel.ts';

describe('a model that fails', function () {
  this.timeout(180_000);
  let bench: OpenCodeBench;
  let server: AgentServer;
  let script: (call: ModelCall) => ModelAction = () => ({ text: 'nothing' });

  before(async () => {
    bench = await OpenCodeBench.start((call) => script(call));
    ({ server } = await bench.cell('failures'));
  });
  after(() => bench.dispose());

  const failing = async (action: ModelAction, limits: Partial<TurnLimits> = {}) => {
    script = () => action;
    const before = bench.model.calls.length;
    const turn = await runTurn(server, { limits: { ...wideLimits, ...limits } });
    return { ...turn, calls: bench.model.calls.length - before };
  };
  /** Fails once, then answers. */
  const failingOnce = async (action: ModelAction) => {
    let failures = 0;
    script = () => (failures++ === 0 ? action : { text: 'recovered' });
    return runTurn(server);
  };

  for (const [name, action] of [
    ['status 500', { do: 'fail', status: 500 }],
    ['status 429 with Retry-After', { do: 'fail', status: 429, headers: { 'retry-after': '1' } }],
    ['a truncated stream', { text: 'some words '.repeat(20), then: 'truncate' }],
    ['malformed chunks', { do: 'raw', body: 'data: {"id":"x","choices":[{"index":0,"delta":{"content":"he\n\ndata: nonsense\n\n' }],
    ['a closed connection', { do: 'drop' }],
  ] satisfies [string, ModelAction][]) {
    it(`is tried again after ${name}, and the retry is seen`, async () => {
      const { result, events, messages } = await failingOnce(action);
      assert.deepEqual([result.end, result.violations], ['done', []]);
      assert.ok(events.some((event) => event.type === 'retrying' && event.message !== ''));
      assert.match(messages.at(-1)?.text ?? '', /recovered$/);
    });
  }

  it('ends the turn with its words and status when it goes on failing', async () => {
    const { result, messages } = await failing({ do: 'fail', status: 429, headers: { 'retry-after': '1' } });
    assert.deepEqual([result.end, result.reason], ['error', 'APIError: scripted 429 (status 429)']);
    assert.deepEqual(
      messages.map((message) => message.error),
      ['APIError: scripted 429 (status 429)'],
    );
  });

  it('ends the turn with one error when the context overflows', async () => {
    const body = {
      error: {
        message: "This model's maximum context length is 128000 tokens",
        code: 'context_length_exceeded',
        type: 'invalid_request_error',
      },
    };
    const { result, calls } = await failing({ do: 'fail', status: 400, body });
    assert.deepEqual([result.end, calls], ['error', 1]);
    assert.match(result.reason ?? '', /^ContextOverflowError: /);
  });

  it('ends the turn when its name is unknown, without the stack of the server', async () => {
    const { result } = await runTurn(server, { model: 'scripted/nothing' });
    assert.deepEqual([result.end, result.steps], ['error', 0]);
    assert.match(result.reason ?? '', /Model not found: scripted\/nothing/);
    assert.doesNotMatch(result.reason ?? '', /\n/);
  });

  it('counts an empty answer as an answer', async () => {
    const { result, calls } = await failing({ text: '' });
    assert.deepEqual([result, calls], [{ end: 'done', steps: 1, violations: [] }, 1]);
  });

  for (const [name, action] of [
    ['an empty stream', { do: 'raw', body: '' }],
    ['HTML with status 200', { do: 'raw', body: '<html>sign in</html>', contentType: 'text/html' }],
  ] satisfies [string, ModelAction][]) {
    it(`is stopped by the call rate when ${name} makes the server ask for ever`, async () => {
      const { result, calls } = await failing(action, { callsPerMinute: 10 });
      assert.deepEqual([result.end, result.limit], ['limit', 'callRate']);
      assert.ok(calls <= 30, `${calls} calls`);
      const after = bench.model.calls.length;
      await runTurn(server, { prompt: 'again', limits: { ...wideLimits, callsPerMinute: 2 } });
      assert.ok(bench.model.calls.length - after <= 20, 'the stopped turn went on');
    });
  }

  it('is stopped by the number of steps when it calls tools without an end', async () => {
    const { result } = await failing({ tools: [{ name: 'bash', args: { command: 'true', description: 'x' } }] }, { steps: 4 });
    assert.deepEqual(
      [result.end, result.limit, result.reason],
      ['limit', 'steps', 'the agent made more than 4 model calls (limits.stepsPerAttempt)'],
    );
  });

  it('is stopped when it says nothing any more', async () => {
    const { result } = await failing({ text: 'a few words', then: 'hang' }, { stallMs: 3_000 });
    assert.deepEqual([result.end, result.limit], ['limit', 'stall']);
    assert.equal(bench.model.calls.at(-1)?.abandoned, true);
  });

  it('is stopped when it talks for longer than the turn may take', async () => {
    const { result } = await failing({ text: 'words '.repeat(10_000), chunkMs: 20 }, { timeoutMs: 3_000 });
    assert.deepEqual([result.end, result.limit], ['limit', 'time']);
  });

  it('is answered when it calls a tool that does not exist or gives it nonsense', async () => {
    const replies: ModelAction[] = [
      { tools: [{ name: 'nope', args: {} }] },
      { tools: [{ name: 'write', args: '{"filePath": ' }] },
      { text: 'I give up' },
    ];
    script = ({ turn }) => replies[turn] ?? { text: 'end' };
    const { result, messages } = await runTurn(server);
    assert.deepEqual([result.end, messages.at(-1)?.text], ['done', 'I give up']);
  });
});
