import type { Model } from '@opencode-ai/sdk/v2/client';
import type { Usd } from '../../core/model/usd.ts';
import { usdFromNumber } from '../../core/model/usd.ts';
import type { ModelFacts, Rates } from '../../core/money/modelFacts.ts';
import type { ServerConnection } from './serverConnection.ts';

interface ServerRates {
  readonly input: number;
  readonly output: number;
  readonly cache: { readonly read: number; readonly write: number };
}

interface KnownModels {
  readonly facts: ReadonlyMap<string, ModelFacts>;
  /** The default of the first provider. */
  readonly first: string | null;
}

/** The server's data on models: what they cost and how much they take and give. Read once. */
export class ModelPrices {
  readonly #connection: ServerConnection;
  #models: Promise<KnownModels> | undefined;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** Null when the server does not know the model. */
  async facts(provider: string, model: string): Promise<ModelFacts | null> {
    return (await this.#known()).facts.get(`${provider}/${model}`) ?? null;
  }

  /** Of the model a prompt goes to that names none: the configured one, else the default of the first provider. */
  async standard(): Promise<ModelFacts | null> {
    const { facts, first } = await this.#known();
    const { model } = await this.#connection.call('config', (signal) => this.#connection.sdk.config.get({}, { signal }));
    return facts.get(model ?? first ?? '') ?? null;
  }

  #known(): Promise<KnownModels> {
    this.#models ??= this.#load().catch((error: unknown) => {
      this.#models = undefined;
      throw error;
    });
    return this.#models;
  }

  async #load(): Promise<KnownModels> {
    const { providers, default: defaults } = await this.#connection.call('providers', (signal) =>
      this.#connection.sdk.config.providers({}, { signal }),
    );
    const facts = new Map<string, ModelFacts>();
    for (const provider of providers) {
      for (const [id, model] of Object.entries(provider.models)) facts.set(`${provider.id}/${id}`, factsOf(provider.id, id, model));
    }
    const [firstProvider] = providers;
    const first = firstProvider === undefined ? undefined : defaults[firstProvider.id];
    return { facts, first: firstProvider === undefined || first === undefined ? null : `${firstProvider.id}/${first}` };
  }
}

function factsOf(provider: string, model: string, { cost, limit }: Model): ModelFacts {
  const basic = ratesOf(cost);
  const tiers = (cost.tiers ?? []).flatMap((tier) => {
    const rates = ratesOf(tier);
    return rates === null || !(tier.tier.size > 0) ? [] : [{ aboveTokens: Math.round(tier.tier.size), rates }];
  });
  const over200k = tiers.length === 0 && cost.experimentalOver200K !== undefined ? ratesOf(cost.experimentalOver200K) : null;
  return {
    provider,
    model,
    rates: basic,
    tiers: over200k === null ? tiers : [{ aboveTokens: 200_000, rates: over200k }],
    contextTokens: limit.context > 0 ? limit.context : null,
    outputTokens: limit.output > 0 ? limit.output : null,
  };
}

/** Null when every rate is nought or absent: the server says so of models whose price it does not know. Reasoning is charged as output. */
function ratesOf(cost: Partial<ServerRates> | undefined): Rates | null {
  const [input, output, cacheRead, cacheWrite] = [cost?.input, cost?.output, cost?.cache?.read, cost?.cache?.write].map(rateOf);
  if (input === undefined || output === undefined || cacheRead === undefined || cacheWrite === undefined) return null;
  if ([input, output, cacheRead, cacheWrite].every((rate) => rate === '0')) return null;
  return { input, output, reasoning: output, cacheRead, cacheWrite };
}

const rateOf = (rate: number | undefined): Usd => (rate !== undefined && Number.isFinite(rate) && rate > 0 ? usdFromNumber(rate) : '0');
