import { compareUsd, type Usd } from '../model/usd.ts';
import type { RunState } from '../run/state.ts';
import type { Need } from './admission.ts';
import { estimateTokens } from './estimateTokens.ts';
import type { ModelFacts } from './modelFacts.ts';
import { costOf, type UnitPrices } from './unitPrices.ts';

/** Earlier attempts that are needed before they are believed. */
const ENOUGH_ATTEMPTS = 3;
/** When a model does not say how much it can give. */
const USUAL_OUTPUT_TOKENS = 32_000;

/** What earlier attempts with the same model cost that came to an end, cheapest first. */
export const attemptCosts = (runs: readonly RunState[], like: RunState): Usd[] =>
  runs
    .filter(({ spec }) => spec.model === like.spec.model && spec.agent === like.spec.agent)
    .flatMap(({ attempts }) => attempts.filter((a) => a.executed?.end === 'done' && a.cost.unpricedCalls === 0).map((a) => a.cost.usd))
    .sort(compareUsd);

/**
 * What a prompt is likely to cost: what four of five earlier attempts stayed below, or without enough of them the most that one call to the model can
 * cost. Null when neither is known.
 */
export function likelyCost(
  history: readonly Usd[],
  model: { readonly price: UnitPrices | null; readonly facts: ModelFacts | null; readonly promptChars: number },
): Need | null {
  const usual = history[Math.ceil(history.length * 0.8) - 1];
  if (usual !== undefined && history.length >= ENOUGH_ATTEMPTS) return { usd: usual, basis: 'history' };
  if (model.price === null) return null;
  const { input } = estimateTokens({ contextTokens: null, promptChars: model.promptChars, answerChars: 0 });
  const output = model.facts?.outputTokens ?? USUAL_OUTPUT_TOKENS;
  return { usd: costOf({ input, output, reasoning: 0, cacheRead: 0, cacheWrite: 0 }, model.price), basis: 'modelLimit' };
}
