import { z } from 'zod';
import { TokenCounts } from '../model/tokens.ts';
import { Usd } from '../model/usd.ts';
import { UnitPrices } from './unitPrices.ts';

/**
 * What a model call was for. `prompt` answers a prompt, `tool` goes on after tool results, `subagent` is any call of a conversation that a
 * tool started, `title` and `summary` are the server's own calls, `retry` is a call that failed after it had begun to answer.
 */
export const Operation = z.enum(['prompt', 'tool', 'subagent', 'title', 'summary', 'retry']);
export type Operation = z.infer<typeof Operation>;

/**
 * One model call in the ledger. It is recorded once under its key, however often it is heard of, and never changed. Amounts are exact decimal
 * text in US dollars.
 */
export const Charge = z.object({
  /** `<message id>/<n>`: the n-th step of that message, from 0. Unique in a repository's journal. */
  key: z.string(),
  /** When the call ended, milliseconds since the epoch. Days, weeks and months are those of the reader's time zone. */
  at: z.number().int(),
  run: z.string(),
  attempt: z.number().int().positive(),
  task: z.string(),
  /** The kind of work (`categoryOf` the run's spec); null when the run is unknown. */
  category: z.string().nullable(),
  cell: z.string().nullable(),
  messageId: z.string(),
  sessionId: z.string(),
  provider: z.string(),
  model: z.string(),
  agent: z.string(),
  operation: Operation,
  tokens: TokenCounts,
  /** The prices that made `costUsd`; null when none is known, or when only the server's own amount is. */
  price: UnitPrices.nullable(),
  /** Null: unpriced. Never 0 for a call that used tokens of a model without a price. */
  costUsd: Usd.nullable(),
  /** The tokens were not reported by the server: they are worked out from the length of what was sent and received. */
  estimated: z.boolean(),
});
export type Charge = z.infer<typeof Charge>;

/** `provider/model`, as models are named everywhere. */
export const modelOf = ({ provider, model }: Pick<Charge, 'provider' | 'model'>): string => `${provider}/${model}`;
