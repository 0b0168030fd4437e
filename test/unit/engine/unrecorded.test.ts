import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserFacingError } from '../../../src/base/userFacingError.ts';
import { event } from '../../../src/core/journal/events.ts';
import type { FinishedMessage, TurnEvent, TurnRequest, TurnResult } from '../../../src/core/ports/agent.ts';
import type { Asks } from '../../../src/engine/asks.ts';
import type { Cell } from '../../../src/engine/cell.ts';
import type { RunContext } from '../../../src/engine/runContext.ts';
import type { RunMoney } from '../../../src/engine/runMoney.ts';
import { execute } from '../../../src/engine/steps/execute.ts';
import { settle } from '../../support/cli/fakeTerminal.ts';
import { RunStory } from '../../support/runStory.ts';

const readOnly = new UserFacingError('environment', 'The journal can not be written: its folder is read-only.');

/** A turn whose agent goes on until it is stopped, after it has told of something that the journal does not take. */
async function turnOf(told: TurnEvent): Promise<readonly string[]> {
  const seen: string[] = [];
  const story = new RunStory().ready();
  story.tell(event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }));
  const record = async (): Promise<number> => {
    await settle();
    throw readOnly;
  };
  const context = {
    run: story.state.run,
    state: story.state,
    record,
    remainingMs: () => 1000,
    deps: { clock: { monotonic: () => 0 } },
    engine: { announce: () => {}, limits: { watch: () => () => Promise.resolve() } },
  } as unknown as RunContext;
  const money = { record, afterCall: async () => null, reconcile: async () => {}, messagesRecorded: () => [], settle: async () => {} };
  const runTurn = async (request: TurnRequest, signal: AbortSignal): Promise<TurnResult> => {
    request.onEvent(told);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await settle();
    seen.push('the agent was stopped');
    return { end: 'aborted', steps: 1 } as TurnResult;
  };
  const cell = { server: { client: { runTurn } } } as unknown as Cell;
  const asks = { isJoining: () => false, askedBefore: () => [] } as unknown as Asks;
  const turn = execute(context, cell, asks, money as unknown as RunMoney, 1, new AbortController().signal);
  await assert.rejects(turn, readOnly);
  return seen;
}

describe('What an agent does that the journal does not take', () => {
  const untaken = async (told: TurnEvent): Promise<void> => {
    const alone: unknown[] = [];
    const hear = (error: unknown): void => void alone.push(error);
    process.prependListener('unhandledRejection', hear);
    try {
      assert.deepEqual(await turnOf(told), ['the agent was stopped']);
      assert.deepEqual(alone, []);
    } finally {
      process.off('unhandledRejection', hear);
    }
  };

  it('ends its turn, be it a message that costs money', () =>
    untaken({ type: 'messageFinished', message: { messageId: 'm', finish: 'tool-calls' } as unknown as FinishedMessage }));

  it('ends its turn, be it a violation', () => untaken({ type: 'violated', violation: { kind: 'editOutside', detail: 'write outside' } }));
});
