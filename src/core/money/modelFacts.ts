import type { Usd } from '../model/usd.ts';

/** US dollars per million tokens. */
export interface Rates {
  readonly input: Usd;
  readonly output: Usd;
  readonly reasoning: Usd;
  readonly cacheRead: Usd;
  readonly cacheWrite: Usd;
}

/** What an agent server knows of a model. */
export interface ModelFacts {
  readonly provider: string;
  readonly model: string;
  /** Null: the server knows no price. */
  readonly rates: Rates | null;
  /** Rates for calls whose input, cached tokens included, is longer. In any order. */
  readonly tiers: readonly { readonly aboveTokens: number; readonly rates: Rates }[];
  /** Most tokens a call can take, and give; null when unknown. */
  readonly contextTokens: number | null;
  readonly outputTokens: number | null;
}
