/** Prices of the scripted model in US dollars per million tokens. */
export const SCRIPTED_PRICES = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 } as const;

/**
 * OpenCode configuration with the scripted model as the only provider: `scripted/m1` has prices, `scripted/free` has none.
 * @param port where the scripted model listens on 127.0.0.1.
 */
export const scriptedConfig = (port: number): Readonly<Record<string, unknown>> => ({
  $schema: 'https://opencode.ai/config.json',
  enabled_providers: ['scripted'],
  model: 'scripted/m1',
  small_model: 'scripted/m1',
  provider: {
    scripted: {
      npm: '@ai-sdk/openai-compatible',
      name: 'Scripted',
      options: { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none' },
      models: {
        m1: { name: 'Scripted 1', tool_call: true, limit: { context: 128_000, output: 8_192 }, cost: SCRIPTED_PRICES },
        free: { name: 'Scripted without a price', tool_call: true, limit: { context: 128_000, output: 8_192 } },
      },
    },
  },
});
