import type { Usd } from '../model/usd.ts';
import { matchesWildcard } from '../policy/wildcard.ts';
import type { ModelFacts, Rates } from './modelFacts.ts';
import type { UnitPrices } from './unitPrices.ts';

interface WrittenRates {
  readonly input: Usd;
  readonly output: Usd;
  /** Null: as output. */
  readonly reasoning: Usd | null;
  /** Null: as input. */
  readonly cacheRead: Usd | null;
  readonly cacheWrite: Usd | null;
}

/** A price that a person wrote, in US dollars per million tokens. */
export interface WrittenPrice extends WrittenRates {
  /** provider/model; `*` stands for anything. */
  readonly model: string;
  /** First day it holds, YYYY-MM-DD; null: always. */
  readonly from: string | null;
  readonly tiers: readonly (WrittenRates & { readonly aboveTokens: number })[];
}

/**
 * The prices of one call. What a person wrote goes before the server's data; of several written prices the one that holds since the latest day,
 * and of those the last in the list. Null when no price is known.
 * @param day of the call, YYYY-MM-DD
 * @param inputTokens of the call, cached ones included: they decide the tier
 */
export function priceOf(
  written: readonly WrittenPrice[],
  facts: ModelFacts | null,
  call: { readonly model: string; readonly day: string; readonly inputTokens: number },
): UnitPrices | null {
  const own = written
    .filter(({ model, from }) => matchesWildcard(model, call.model) && (from === null || from <= call.day))
    .reduce<WrittenPrice | null>((best, price) => (best === null || (price.from ?? '') >= (best.from ?? '') ? price : best), null);
  if (own !== null) {
    const tier = tierOf(own.tiers, call.inputTokens);
    return { ...wholeRates(tier ?? own), source: 'settings', from: own.from, aboveTokens: tier?.aboveTokens ?? null };
  }
  if (facts?.rates === undefined || facts.rates === null) return null;
  const tier = tierOf(facts.tiers, call.inputTokens);
  return { ...(tier?.rates ?? facts.rates), source: 'server', from: null, aboveTokens: tier?.aboveTokens ?? null };
}

const tierOf = <T extends { readonly aboveTokens: number }>(tiers: readonly T[], tokens: number): T | null =>
  tiers
    .filter(({ aboveTokens }) => tokens > aboveTokens)
    .reduce<T | null>((best, t) => (best === null || t.aboveTokens > best.aboveTokens ? t : best), null);

const wholeRates = (rates: WrittenRates): Rates => ({
  input: rates.input,
  output: rates.output,
  reasoning: rates.reasoning ?? rates.output,
  cacheRead: rates.cacheRead ?? rates.input,
  cacheWrite: rates.cacheWrite ?? rates.input,
});
