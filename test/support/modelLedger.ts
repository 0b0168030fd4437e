import type { Charge } from '../../src/core/money/charge.ts';
import type { ModelAction, ModelCall, ModelScript } from './scriptedModel.ts';

/** Tokens as a model server counts them: all that was sent, what of it came from a cache, all that was given, what of it was reasoning. */
export interface Totals {
  calls: number;
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

const none = (): Totals => ({ calls: 0, input: 0, cached: 0, output: 0, reasoning: 0 });

/** The model server's own book: what it told of each call that it answered to the end. */
export class ModelLedger {
  readonly #told: { readonly call: ModelCall & { abandoned?: boolean }; readonly usage: Totals }[] = [];

  /** The script, with what it tells written down. @param told what a raw answer tells, which can't be seen in it */
  keeping(script: ModelScript, told: (call: ModelCall) => Totals | null = () => null): ModelScript {
    return async (call) => {
      const action = await script(call);
      const usage = told(call) ?? usageOf(action);
      if (usage !== null) this.#told.push({ call, usage });
      return action;
    };
  }

  /** Sums of what was told, by model; calls that the caller hung up on are not among them. */
  totals(word: string): Record<string, Totals> {
    return sumsOf(
      this.#told
        .filter(({ call }) => call.abandoned !== true && call.prompts.some((prompt) => prompt.includes(word)))
        .map(({ call, usage }) => ({ model: call.model, usage })),
    );
  }
}

function usageOf(action: ModelAction): Totals | null {
  if (action.do !== undefined && action.do !== 'answer') return null;
  if (action.usage === 'none' || action.then !== undefined) return null;
  const { in: input, out: output, cached = 0, reasoning = 0 } = action.usage ?? { in: 1000, out: 50 };
  // Cached tokens are a part of the input; where more of them are told than of it, they are believed.
  return input + output === 0 ? null : { calls: 1, input: Math.max(input, cached), cached, output, reasoning };
}

/** The same sums of the ledger's charges, but for those that are estimated. */
export const chargeTotals = (charges: readonly Charge[]): Record<string, Totals> =>
  sumsOf(
    charges
      .filter(({ estimated }) => !estimated)
      .map(({ model, tokens }) => ({
        model,
        usage: {
          calls: 1,
          input: tokens.input + tokens.cacheRead + tokens.cacheWrite,
          cached: tokens.cacheRead,
          output: tokens.output + tokens.reasoning,
          reasoning: tokens.reasoning,
        },
      })),
  );

function sumsOf(told: readonly { readonly model: string; readonly usage: Totals }[]): Record<string, Totals> {
  const sums: Record<string, Totals> = {};
  for (const { model, usage } of told) {
    const sum = sums[model] ?? none();
    sums[model] = sum;
    for (const name of Object.keys(usage) as (keyof Totals)[]) sum[name] += usage[name];
  }
  return sums;
}
