import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FinishedMessage } from '../../../src/core/ports/agent.ts';
import { EmptyAnswers } from '../../../src/engine/emptyAnswers.ts';

describe('answers of a model with nothing in them', () => {
  const answer = (change: Partial<FinishedMessage> = {}): FinishedMessage =>
    ({ sessionId: 's', finish: 'unknown', text: '', tools: [], error: null, ...change }) as FinishedMessage;
  const tool: FinishedMessage['tools'][number] = { callId: 'c', tool: 'bash', title: '', status: 'completed', startedAt: 0, durationMs: 0 };

  it('are counted in a row, each conversation by itself', () => {
    const answers = new EmptyAnswers();
    const heard = [answer(), answer({ text: ' \n' }), answer({ sessionId: 'sub' }), answer(), answer({ text: 'At last.' }), answer()];
    assert.deepEqual(
      heard.map((message) => answers.heard(message)),
      [1, 2, 1, 3, 0, 1],
    );
  });

  it('are none that say, do or end something', () => {
    const answers = new EmptyAnswers();
    const others = [answer({ tools: [tool] }), answer({ finish: 'stop' }), answer({ finish: 'length' }), answer({ error: 'APIError' })];
    assert.deepEqual(
      others.map((message) => answers.heard(message)),
      [0, 0, 0, 0],
    );
  });
});
