import { noTokens, type TokenCounts } from '../model/tokens.ts';

/** Characters of English or code to a token: the rule of thumb the providers themselves give. */
const CHARACTERS_PER_TOKEN = 4;
/** What the agent server sends before a first prompt: its instructions and the tools, 32,000 characters with OpenCode 1.18. */
const FIRST_CONTEXT_TOKENS = 8_000;

/** Tokens of a call that nobody reported: what had been sent before, or the prompt, and what was received. */
export const estimateTokens = (call: {
  readonly contextTokens: number | null;
  readonly promptChars: number;
  readonly answerChars: number;
}): TokenCounts => ({
  ...noTokens,
  input: call.contextTokens ?? FIRST_CONTEXT_TOKENS + Math.ceil(call.promptChars / CHARACTERS_PER_TOKEN),
  output: Math.ceil(call.answerChars / CHARACTERS_PER_TOKEN),
});
