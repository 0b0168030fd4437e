import { z } from 'zod';
import type { TokenCounts } from '../model/tokens.ts';
import { addUsd, perMillionUsd, Usd, zeroUsd } from '../model/usd.ts';

/** What a million tokens of each kind cost, and where that is known from. */
export const UnitPrices = z.object({
  input: Usd,
  output: Usd,
  reasoning: Usd,
  cacheRead: Usd,
  cacheWrite: Usd,
  /** `settings`: written by a person in reactor.yaml or the settings; `server`: the agent server's model data. */
  source: z.enum(['settings', 'server']),
  /** The day from which a written price holds, YYYY-MM-DD; null when it has always held. */
  from: z.string().nullable(),
  /** Tokens of input, cached ones included, above which these prices hold instead of the basic ones; null for the basic ones. */
  aboveTokens: z.number().int().positive().nullable(),
});
export type UnitPrices = z.infer<typeof UnitPrices>;

const kinds = ['input', 'output', 'reasoning', 'cacheRead', 'cacheWrite'] as const;

/** One line of the arithmetic of a cost: tokens × unit price = amount. */
export interface CostLine {
  readonly kind: (typeof kinds)[number];
  readonly tokens: number;
  readonly perMillionUsd: Usd;
  readonly usd: Usd;
}

/** The arithmetic of a cost, a line for each kind of token that was used. */
export const costLines = (tokens: TokenCounts, price: UnitPrices): readonly CostLine[] =>
  kinds
    .filter((kind) => tokens[kind] > 0)
    .map((kind) => ({ kind, tokens: tokens[kind], perMillionUsd: price[kind], usd: perMillionUsd(tokens[kind], price[kind]) }));

/** The sum of `costLines`: exact for prices of up to six places. */
export const costOf = (tokens: TokenCounts, price: UnitPrices): Usd =>
  costLines(tokens, price).reduce((sum, { usd }) => addUsd(sum, usd), zeroUsd);
