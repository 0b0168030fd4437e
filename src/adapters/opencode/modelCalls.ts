import type { AssistantMessage, Part } from '@opencode-ai/sdk/v2/client';
import { type TokenCounts, totalTokens } from '../../core/model/tokens.ts';
import { usdFromNumber } from '../../core/model/usd.ts';
import type { ModelCall } from '../../core/ports/agent.ts';

type ReportedTokens = AssistantMessage['tokens'];

const ANSWERED = new Set(['stop', 'length', 'tool-calls', 'content-filter']);
/** More than any model takes or gives in one call: such a figure is a fault of whoever reports it. */
const MOST_TOKENS = 1e12;

const count = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) && value > 0 ? Math.min(MOST_TOKENS, Math.round(value)) : 0;

/** Counts as the ledger keeps them; what is no number, negative or beyond reason becomes nought or the most there can be. */
export const tokensOf = (reported: ReportedTokens): TokenCounts => ({
  input: count(reported.input),
  output: count(reported.output),
  reasoning: count(reported.reasoning),
  cacheRead: count(reported.cache.read),
  cacheWrite: count(reported.cache.write),
});

/**
 * The calls to the model that made a message. The server's own figures of a message are those of its last step only, and it has none of a
 * call that was broken off, though it may have to be paid for: that one is given without tokens, for an estimate.
 */
export function modelCallsOf(info: AssistantMessage, parts: readonly Part[]): ModelCall[] {
  const finished = parts.filter((part) => part.type === 'step-finish');
  const calls = finished.map((step, n) => callOf(`${info.id}/${n}`, tokensOf(step.tokens), step.cost, 0));
  const answerChars = lengthOf(parts);
  const begun = parts.filter((part) => part.type === 'step-start').length;
  const isBrokenOff =
    info.error === undefined ? info.time.completed === undefined : info.error.name === 'MessageAbortedError' || answerChars > 0;
  const isSilent = calls.length === 0 && ANSWERED.has(info.finish ?? '');
  if (isSilent || (isBrokenOff && (begun > finished.length || finished.length === 0))) {
    calls.push(callOf(`${info.id}/${calls.length}`, tokensOf(info.tokens), finished.length === 0 ? info.cost : 0, answerChars));
  }
  return calls.length === 1 ? calls.map((call) => ({ ...call, answerChars })) : calls;
}

function callOf(key: string, tokens: TokenCounts, cost: number, answerChars: number): ModelCall {
  const isReported = totalTokens(tokens) > 0;
  return {
    key,
    tokens,
    isReported,
    isRepeated: false,
    reportedUsd: isReported && Number.isFinite(cost) && cost > 0 && cost < 1e15 ? usdFromNumber(cost) : null,
    answerChars,
  };
}

const lengthOf = (parts: readonly Part[]): number =>
  parts.reduce((sum, part) => {
    if (part.type === 'text' || part.type === 'reasoning') return sum + part.text.length;
    return part.type === 'tool' ? sum + JSON.stringify(part.state.input).length : sum;
  }, 0);
