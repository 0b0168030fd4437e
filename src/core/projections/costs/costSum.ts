import { noTokens, type TokenCounts } from '../../model/tokens.ts';
import { fromScaled, toScaled, type Usd } from '../../model/usd.ts';

/**
 * What some model calls cost. What has no price and what is worked out stand apart: `usd` is the sum of all known amounts, `estimatedUsd` the
 * part of it that rests on estimated tokens, and unpriced calls are in no amount at all.
 */
export interface CostSum {
  readonly calls: number;
  readonly tokens: TokenCounts;
  readonly usd: Usd;
  readonly estimatedUsd: Usd;
  readonly estimatedCalls: number;
  readonly unpricedCalls: number;
  readonly unpricedTokens: number;
}

export const noCosts: CostSum = {
  calls: 0,
  tokens: noTokens,
  usd: '0',
  estimatedUsd: '0',
  estimatedCalls: 0,
  unpricedCalls: 0,
  unpricedTokens: 0,
};

/** Adds up many sums exactly, faster than one by one. */
export class CostCounter {
  #calls = 0;
  #input = 0;
  #output = 0;
  #reasoning = 0;
  #cacheRead = 0;
  #cacheWrite = 0;
  #usd = 0n;
  #estimatedUsd = 0n;
  #estimatedCalls = 0;
  #unpricedCalls = 0;
  #unpricedTokens = 0;

  add(sum: CostSum): this {
    return this.addWeighed(sum, toScaled(sum.usd));
  }

  /** @param usd the sum's amount in units of 10⁻¹² dollars, for those who add one sum to several */
  addWeighed(sum: CostSum, usd: bigint): this {
    const { tokens } = sum;
    this.#calls += sum.calls;
    this.#input += tokens.input;
    this.#output += tokens.output;
    this.#reasoning += tokens.reasoning;
    this.#cacheRead += tokens.cacheRead;
    this.#cacheWrite += tokens.cacheWrite;
    this.#usd += usd;
    if (sum.estimatedCalls > 0) {
      this.#estimatedUsd += toScaled(sum.estimatedUsd);
      this.#estimatedCalls += sum.estimatedCalls;
    }
    this.#unpricedCalls += sum.unpricedCalls;
    this.#unpricedTokens += sum.unpricedTokens;
    return this;
  }

  get sum(): CostSum {
    return {
      calls: this.#calls,
      tokens: {
        input: this.#input,
        output: this.#output,
        reasoning: this.#reasoning,
        cacheRead: this.#cacheRead,
        cacheWrite: this.#cacheWrite,
      },
      usd: fromScaled(this.#usd),
      estimatedUsd: fromScaled(this.#estimatedUsd),
      estimatedCalls: this.#estimatedCalls,
      unpricedCalls: this.#unpricedCalls,
      unpricedTokens: this.#unpricedTokens,
    };
  }
}
