import { event } from '../../core/journal/events.ts';
import type { Excess } from '../../core/policy/cellLimits.ts';
import type { FinishedMessage, TurnEvent, TurnRequest, TurnResult } from '../../core/ports/agent.ts';
import type { Asks } from '../asks.ts';
import type { Cell } from '../cell.ts';
import { EmptyAnswers } from '../emptyAnswers.ts';
import { RecordsBeside } from '../recordsBeside.ts';
import type { RunContext } from '../runContext.ts';
import type { MoneyStop, RunMoney } from '../runMoney.ts';
import { withinLimits } from '../withinLimits.ts';

/** The server retries a failing model by itself with exponential backoff; past this many it counts as failed (R3). */
const MODEL_RETRIES = 3;

/**
 * Sends the attempt's prompt and follows the turn to its end. Messages are journaled as they finish, each once.
 * When the run is parked meanwhile (an ask that nobody answers), the attempt stays open.
 * @returns true: what came of it, the end of the server too, is in the journal.
 */
export async function execute(
  context: RunContext,
  cell: Cell,
  asks: Asks,
  money: RunMoney,
  attempt: number,
  signal: AbortSignal,
): Promise<true> {
  const { deps, state } = context;
  const current = state.attempts.find((a) => a.attempt === attempt);
  const session = state.cell?.session;
  if (current === undefined || session === null || session === undefined) throw new Error('nothing to execute');
  const started = deps.clock.monotonic();
  const turn = new AbortController();
  const stop = AbortSignal.any([signal, turn.signal]);
  let stoppedFor: MoneyStop | CellStop | 'model' | null = null;
  let modelFailure = '';
  const records = new RecordsBeside(() => turn.abort(new Error('what the agent does can not be recorded')));

  const onMessage = async (message: FinishedMessage): Promise<void> => {
    const charges = await money.record(attempt, message);
    if (charges.length === 0 || stoppedFor !== null || (message.finish === 'stop' && !message.subagent)) return;
    const stop = await money.afterCall(attempt);
    if (stop === null || stoppedFor !== null) return;
    stoppedFor = stop;
    turn.abort(new Error(stop.reason));
  };
  const empties = new EmptyAnswers();
  const onRetry = (retry: number, message: string): void => {
    modelFailure = message;
    if (retry <= MODEL_RETRIES) {
      records.add(
        context.record(event('run/recoveryApplied', { code: 'R3', what: `model call: ${message}`.slice(0, 500), retry, delayMs: 0 })),
      );
    } else if (stoppedFor === null) {
      stoppedFor = 'model';
      turn.abort(new Error('the model keeps failing'));
    }
  };
  const onAnswer = (message: FinishedMessage): void => {
    const inARow = empties.heard(message);
    if (inARow > 0) onRetry(inARow, 'its answer had neither words nor tools in it');
  };
  const onEvent = (turnEvent: TurnEvent): void => {
    switch (turnEvent.type) {
      case 'messageFinished':
        records.add(onMessage(turnEvent.message));
        onAnswer(turnEvent.message);
        return;
      case 'violated':
        records.add(context.record(event('attempt/violated', { attempt, violations: [turnEvent.violation] })));
        return;
      case 'retrying':
        onRetry(turnEvent.attempt, turnEvent.message);
        context.engine.announce({ run: context.run, kind: 'retrying', text: turnEvent.message });
        return;
      case 'toolStarted':
        context.engine.announce({ run: context.run, kind: 'toolStarted', text: `${turnEvent.tool} ${turnEvent.title}`.trim() });
        return;
      case 'text':
        context.engine.announce({ run: context.run, kind: 'text', text: turnEvent.delta });
    }
  };

  // Of a turn that is joined, the calls under way are no broken ones: the turn itself reports what the journal has not.
  if (!asks.isJoining(attempt)) await money.reconcile(cell.server.client, session);
  const { limits } = state.spec;
  const { client } = cell.server;
  const request: TurnRequest = {
    sessionId: session,
    prompt: current.prompt,
    promptId: current.promptId,
    reported: money.messagesRecorded(),
    asked: asks.askedBefore(attempt),
    agent: state.spec.agent,
    model: state.spec.model,
    limits: {
      steps: limits.stepsPerAttempt,
      callsPerMinute: limits.callsPerMinute,
      stallMs: limits.stallMs,
      timeoutMs: Math.max(1, context.remainingMs()),
    },
    onEvent,
    onPermission: (ask, askSignal) => asks.permission(attempt, ask, askSignal, (reason) => turn.abort(new Error(reason))),
    onQuestion: (ask, askSignal) => asks.question(attempt, ask, askSignal, (reason) => turn.abort(new Error(reason))),
  };
  const { value: result } = await withinLimits(
    context,
    () => client.runTurn(request, stop),
    ({ limit, text }) => {
      stoppedFor ??= { limit, reason: text };
      turn.abort(new Error(text));
    },
  );
  await records.settled();
  await money.settle();
  if (context.state.parked !== null) return true;
  for (const { id, kind } of context.state.pending) {
    // Asked in a turn that was joined, and no longer open on the server.
    if (kind !== 'review') await context.record(event('approval/withdrawn', { id, reason: 'the turn ended before a person answered' }));
  }
  const durationMs = Math.round(deps.clock.monotonic() - started);
  if (result.limit === 'time') await context.record(event('run/timedOut', { afterMs: durationMs }));
  const outcome = outcomeOf(
    result,
    stoppedFor,
    modelFailure,
    context.state.attempts.find((a) => a.attempt === attempt)?.violations.length ?? 0,
  );
  await context.record(event('attempt/executed', { attempt, ...outcome, steps: result.steps, durationMs }));
  return true;
}

/** The cell used too much of the machine. */
type CellStop = { readonly limit: Excess['limit']; readonly reason: string };

type Outcome = { end: TurnResult['end']; limit?: string; reason?: string };

/** What ended the turn, in the words of the run: an abort of ours is the reason we had for it. */
function outcomeOf(
  result: TurnResult,
  stoppedFor: MoneyStop | CellStop | 'model' | null,
  modelFailure: string,
  violations: number,
): Outcome {
  if (stoppedFor === 'model') return { end: 'error', reason: `the model failed ${MODEL_RETRIES + 1} times: ${modelFailure}` };
  if (stoppedFor !== null) return { end: 'limit', ...stoppedFor };
  // Stopped for a violation: the attempt is over, and what it did is kept and reverted, not repeated.
  if (violations > 0) return { end: 'error', reason: 'stopped after a security violation' };
  return {
    end: result.end,
    ...(result.limit === undefined ? {} : { limit: result.limit }),
    ...(result.reason === undefined ? {} : { reason: result.reason }),
  };
}
