import assert from 'node:assert/strict';
import type { AssistantMessage, Part } from '@opencode-ai/sdk/v2/client';
import { describe, it } from 'mocha';
import { errorSentence, finishedMessage } from '../../../../src/adapters/opencode/finishedMessage.ts';
import { PathGuard } from '../../../../src/adapters/opencode/pathGuard.ts';

const info = (change: Partial<AssistantMessage> = {}): AssistantMessage =>
  ({
    id: 'm1',
    sessionID: 's',
    role: 'assistant',
    parentID: 'p',
    providerID: 'acme',
    modelID: 'big',
    agent: 'build',
    cost: 0.5,
    tokens: { input: 100, output: 10, reasoning: 0, cache: { read: 0, write: 0 } },
    time: { created: 1, completed: 2 },
    finish: 'stop',
    ...change,
  }) as unknown as AssistantMessage;
const step = (id: string, input: number): Part =>
  ({ id, type: 'step-finish', cost: 0, tokens: { input, output: 1, reasoning: 0, cache: { read: 0, write: 0 } } }) as unknown as Part;
const begun = { id: 'b', type: 'step-start' } as unknown as Part;
const of = (message: AssistantMessage, parts: readonly Part[], context: { subagent?: boolean; isFirst?: boolean } = {}) =>
  finishedMessage(message, parts, { subagent: false, isFirst: true, facts: null, guard: new PathGuard('/'), broken: [], ...context });

describe('what a call to the model was for', () => {
  it('is told by its agent, by whose conversation it is, and by its place after the prompt', () => {
    const operations = [
      of(info(), []),
      of(info(), [], { isFirst: false }),
      of(info(), [], { subagent: true }),
      of(info({ agent: 'title' }), [], { subagent: true }),
      of(info({ agent: 'compaction' }), []),
      of(info({ agent: 'build', summary: true }), []),
    ];
    assert.deepEqual(
      operations.map(({ operation }) => operation),
      ['prompt', 'tool', 'subagent', 'title', 'summary', 'summary'],
    );
  });
});

describe('the calls of a message', () => {
  const calls = (message: AssistantMessage, parts: readonly Part[]): string[] =>
    of(message, parts).calls.map(({ key, tokens, isReported }) => `${key} ${tokens.input}${isReported ? '' : ' not reported'}`);

  it('are its steps, each with its own tokens', () => {
    assert.deepEqual(calls(info(), [begun, step('a', 100), begun, step('b', 200)]), ['m1/0 100', 'm1/1 200']);
  });

  it('have one more when it was broken off in a step', () => {
    const broken = info({ time: { created: 1 }, tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } } });
    assert.deepEqual(calls(broken, [begun, step('a', 100), begun]), ['m1/0 100', 'm1/1 0 not reported']);
  });

  it('never count what is no number, negative or beyond reason', () => {
    const odd = (input: number): string[] => calls(info(), [{ ...step('a', 0), ...{ tokens: { ...info().tokens, input } } }]);
    assert.deepEqual([odd(-5), odd(Number.NaN), odd(1e300), odd(1.6)].flat(), ['m1/0 0', 'm1/0 0', 'm1/0 1000000000000', 'm1/0 2']);
  });
});

describe('the sentence of an error', () => {
  it('leaves a name out that says nothing', () => {
    assert.deepEqual(
      [
        errorSentence({ name: 'UnknownError', data: { message: 'ProviderModelNotFoundError: Model not found: acme/none.\n at x' } }),
        errorSentence({ name: 'UnknownError' }),
        errorSentence({ name: 'APIError', data: { message: 'Bad key', statusCode: 401 } }),
      ],
      ['ProviderModelNotFoundError: Model not found: acme/none.', 'UnknownError', 'APIError: Bad key (status 401)'],
    );
  });
});
