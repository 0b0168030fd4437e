import type { TokenCounts } from '../model/tokens.ts';
import type { FinishedMessage, ModelCall } from '../ports/agent.ts';
import { type Charge, modelOf } from './charge.ts';
import { estimateTokens } from './estimateTokens.ts';
import { priceOf, type WrittenPrice } from './priceBook.ts';
import { costOf } from './unitPrices.ts';

export interface ChargeContext {
  readonly run: string;
  readonly attempt: number;
  readonly task: string;
  readonly category: string | null;
  readonly cell: string | null;
  readonly prices: readonly WrittenPrice[];
  /** YYYY-MM-DD of a moment, for prices that hold from a day on. */
  readonly dayOf: (at: number) => string;
  /** Input of the call before in the same conversation, cached tokens included; null when there was none. */
  readonly contextTokens: number | null;
  readonly promptChars: number;
}

/** The charges of a message, one for each call to the model that made it. */
export const chargesOfMessage = (message: FinishedMessage, context: ChargeContext): Charge[] =>
  message.calls.map((call) => chargeOfCall(message, call, context));

function chargeOfCall(message: FinishedMessage, call: ModelCall, context: ChargeContext): Charge {
  const { run, attempt, task, category, cell } = context;
  const { messageId, sessionId, provider, model, agent, endedAt, facts } = message;
  const operation = call.isRepeated ? 'retry' : message.operation;
  const tokens = call.isReported ? call.tokens : estimateTokens({ ...context, answerChars: call.answerChars });
  const inputTokens = inputOf(tokens);
  const price = priceOf(context.prices, facts, { model: modelOf(message), day: context.dayOf(endedAt), inputTokens });
  const base = {
    key: call.key,
    at: endedAt,
    run,
    attempt,
    task,
    category,
    cell,
    messageId,
    sessionId,
    provider,
    model,
    agent,
    operation,
    tokens,
  };
  return { ...base, price, costUsd: price === null ? call.reportedUsd : costOf(tokens, price), estimated: !call.isReported };
}

/** All that was sent, cached or not. */
export const inputOf = ({ input, cacheRead, cacheWrite }: TokenCounts): number => input + cacheRead + cacheWrite;
