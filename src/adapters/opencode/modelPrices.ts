import type { ServerConnection } from './serverConnection.ts';

interface Price {
  readonly input?: number;
  readonly output?: number;
  readonly cache?: { readonly read?: number; readonly write?: number };
}

/** Which models have a price, read once from the server. */
export class ModelPrices {
  readonly #connection: ServerConnection;
  #priced: Promise<ReadonlySet<string>> | undefined;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** False when every rate of the model is nought or absent, or the model is unknown. */
  async isPriced(provider: string, model: string): Promise<boolean> {
    this.#priced ??= this.#load().catch((error: unknown) => {
      this.#priced = undefined;
      throw error;
    });
    return (await this.#priced).has(`${provider}/${model}`);
  }

  async #load(): Promise<ReadonlySet<string>> {
    const { providers } = await this.#connection.call('providers', (signal) => this.#connection.sdk.config.providers({}, { signal }));
    const priced = new Set<string>();
    for (const provider of providers) {
      for (const [id, model] of Object.entries(provider.models)) {
        if (hasRate(model.cost)) priced.add(`${provider.id}/${id}`);
      }
    }
    return priced;
  }
}

const hasRate = (cost: Price | undefined): boolean =>
  [cost?.input, cost?.output, cost?.cache?.read, cost?.cache?.write].some((rate) => rate !== undefined && rate > 0);
