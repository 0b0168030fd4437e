import { z } from 'zod';
import { TokenCounts } from '../model/tokens.ts';
import { Usd } from '../model/usd.ts';

const ToolUse = z.object({
  callId: z.string(),
  tool: z.string(),
  title: z.string(),
  status: z.enum(['completed', 'error']),
  error: z.string().optional(),
  /** When the call began, milliseconds since the epoch. Journals of earlier versions don't have it. */
  startedAt: z.number().optional(),
  durationMs: z.number(),
});

/** A model's message as the journal keeps it, with the sums of its charges. */
export const FinishedMessage = z.object({
  messageId: z.string(),
  sessionId: z.string(),
  subagent: z.boolean(),
  agent: z.string(),
  provider: z.string(),
  model: z.string(),
  tokens: TokenCounts,
  costUsd: Usd.nullable(),
  /** The tokens of a call were not reported but worked out. */
  estimated: z.literal(true).optional(),
  text: z.string(),
  tools: z.array(ToolUse),
  finish: z.string().nullable(),
  error: z.string().nullable(),
  startedAt: z.number(),
  endedAt: z.number(),
});
