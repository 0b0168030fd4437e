import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { usdFromNumber } from '../../src/core/model/usd.ts';
import type { AgentServer } from '../../src/core/ports/agent.ts';
import { OpenCodeBench, runTurn } from '../support/openCodeCell.ts';
import type { ModelAction, ModelCall } from '../support/scriptedModel.ts';

describe('a turn of a real agent server', function () {
  this.timeout(180_000);
  let bench: OpenCodeBench;
  let server: AgentServer;
  let worktree: string;
  let script: (call: ModelCall) => ModelAction = () => ({ text: 'nothing' });
  const steps = (...actions: readonly ModelAction[]): void => {
    script = ({ turn }) => actions[turn] ?? { text: 'end' };
  };

  before(async () => {
    bench = await OpenCodeBench.start((call) => script(call));
    ({ server, worktree } = await bench.cell('turn'));
  });
  after(() => bench.dispose());

  it('reports each model call once, with its tokens, cost and tools, and ends when the server says so', async () => {
    steps(
      { text: 'I write. ', tools: [{ name: 'write', args: { filePath: 'out.txt', content: 'one\n' } }], usage: { in: 1000, out: 20 } },
      { tools: [{ name: 'bash', args: { command: 'cat out.txt', description: 'look' } }], usage: { in: 1200, out: 40, cached: 1000 } },
      { text: 'All done.', usage: { in: 1300, out: 10, cached: 1200, reasoning: 4 } },
    );
    const { result, events, messages, sessionId } = await runTurn(server);
    assert.deepEqual(result, { end: 'done', steps: 3, violations: [] });
    assert.deepEqual(
      messages.map(({ text, calls, operation, finish, error, subagent, provider, model, tools }) => ({
        text,
        calls: calls.map(({ tokens, reportedUsd }) => ({ tokens, reportedUsd })),
        operation,
        finish,
        error,
        subagent,
        model: `${provider}/${model}`,
        tools: tools.map((tool) => `${tool.tool} ${tool.title} ${tool.status}`),
      })),
      [
        {
          text: 'I write. ',
          calls: [
            {
              tokens: { input: 1000, output: 20, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
              reportedUsd: usdFromNumber((1000 * 3 + 20 * 15) / 1e6),
            },
          ],
          operation: 'prompt',
          finish: 'tool-calls',
          error: null,
          subagent: false,
          model: 'scripted/m1',
          tools: ['write out.txt completed'],
        },
        {
          text: '',
          calls: [
            {
              tokens: { input: 200, output: 40, reasoning: 0, cacheRead: 1000, cacheWrite: 0 },
              reportedUsd: usdFromNumber((200 * 3 + 40 * 15 + 1000 * 0.3) / 1e6),
            },
          ],
          operation: 'tool',
          finish: 'tool-calls',
          error: null,
          subagent: false,
          model: 'scripted/m1',
          tools: ['bash cat out.txt completed'],
        },
        {
          text: 'All done.',
          calls: [
            {
              tokens: { input: 100, output: 6, reasoning: 4, cacheRead: 1200, cacheWrite: 0 },
              reportedUsd: usdFromNumber((100 * 3 + 10 * 15 + 1200 * 0.3) / 1e6),
            },
          ],
          operation: 'tool',
          finish: 'stop',
          error: null,
          subagent: false,
          model: 'scripted/m1',
          tools: [],
        },
      ],
    );
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'toolStarted' ? [`${event.tool} ${event.title}`] : [])),
      ['write out.txt', 'bash cat out.txt'],
    );
    assert.equal(events.flatMap((event) => (event.type === 'text' ? [event.delta] : [])).join(''), 'I write. All done.');
    assert.ok(existsSync(join(worktree, 'out.txt')));
    assert.deepEqual(await server.client.messages(sessionId), messages);
    assert.equal(await server.client.hasSession(sessionId), true);
    assert.equal(await server.client.hasSession('ses_00000000000000000000000000'), false);
  });

  it('goes on in the same session and does not report the earlier turn again', async () => {
    script = ({ prompt }) => ({ text: `you said ${prompt}` });
    const first = await runTurn(server, { prompt: 'one' });
    const second = await runTurn(server, { prompt: 'two', sessionId: first.sessionId });
    assert.deepEqual([first.result.end, second.result.end], ['done', 'done']);
    assert.deepEqual(
      second.messages.map((message) => message.text),
      ['you said two'],
    );
    assert.deepEqual(bench.model.calls.at(-1)?.prompts, ['one', 'two']);
  });

  it('counts and reports what a subagent does', async () => {
    script = ({ prompt, turn }) => {
      if (prompt.includes('the small part')) {
        return turn === 0
          ? { tools: [{ name: 'write', args: { filePath: 'sub.txt', content: 'x\n' } }], usage: { in: 500, out: 10 } }
          : { text: 'sub done', usage: { in: 600, out: 10 } };
      }
      return turn === 0
        ? {
            tools: [{ name: 'task', args: { description: 'part', prompt: 'do the small part', subagent_type: 'general' } }],
            usage: { in: 1000, out: 10 },
          }
        : { text: 'main done', usage: { in: 1100, out: 10 } };
    };
    const { result, messages } = await runTurn(server);
    assert.deepEqual(result, { end: 'done', steps: 4, violations: [] });
    assert.deepEqual(
      messages
        .map((message) => [message.operation === 'subagent', message.calls[0]?.tokens.input])
        .sort((a, b) => Number(a[1]) - Number(b[1])),
      [
        [true, 500],
        [true, 600],
        [false, 1000],
        [false, 1100],
      ],
    );
  });

  it('knows no price of a model that has none, and says which calls reported no usage', async () => {
    steps({ text: 'free' });
    const free = await runTurn(server, { model: 'scripted/free' });
    steps({ text: 'silent', usage: 'none' });
    const silent = await runTurn(server);
    assert.deepEqual(
      [...free.messages, ...silent.messages].map(({ model, facts, calls }) => [
        model,
        facts?.rates?.output ?? null,
        ...calls.map(({ isReported, reportedUsd, answerChars }) => [isReported, reportedUsd, answerChars]),
      ]),
      [
        ['free', null, [true, null, 4]],
        ['m1', '15', [false, null, 6]],
      ],
    );
  });

  it('carries a question of the agent to whoever answers and the answer back', async () => {
    const questions = [
      {
        question: 'Which colour?',
        header: 'Colour',
        options: [
          { label: 'Blue', description: 'b' },
          { label: 'Red', description: 'r' },
        ],
      },
    ];
    steps({ tools: [{ name: 'question', args: { questions } }] }, { text: 'thanks' });
    const asked: unknown[] = [];
    const { result } = await runTurn(server, {
      onQuestion: async (ask) => {
        asked.push(ask.questions);
        return [['Red']];
      },
    });
    assert.equal(result.end, 'done');
    assert.deepEqual(asked, [[{ text: 'Which colour?', header: 'Colour', options: ['Blue', 'Red'], multiple: false }]]);
    assert.match(bench.model.calls.at(-1)?.toolResults.join() ?? '', /Red/);
    const refused = await runTurn(server, { onQuestion: async () => null });
    assert.equal(refused.result.end, 'rejected');
  });

  it('is stopped on the server when it is cancelled', async () => {
    steps({ text: 'slowly '.repeat(2_000), chunkMs: 20 });
    const stop = new AbortController();
    const { result } = await runTurn(server, { signal: stop.signal, onEvent: (event) => event.type === 'text' && stop.abort() });
    assert.equal(result.end, 'aborted');
    assert.equal(bench.model.calls.at(-1)?.abandoned, true);
  });

  it('says which agents there are when the one asked for does not exist', async () => {
    const { result } = await runTurn(server, { agent: 'nobody' });
    assert.equal(result.end, 'error');
    assert.match(result.reason ?? '', /no agent named nobody; there is .*build/);
  });
});
