import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigTree, isTree } from './configTree.ts';
import type { ServerConnection } from './serverConnection.ts';

/** A provider whose one model can't be reached: its address is the server's own, which turns away whoever comes without its password. */
const PROVIDER = 'reactor-warm-up';
const MODEL = 'none';
const LIMIT_MS = 20_000;
/** In every server; loaded where a configuration names no package for its provider. */
const USUAL_PACKAGE = '@ai-sdk/openai-compatible';

/**
 * The configuration with what `warmUp` needs. Null where there is to be none: where no model is named, as one more could become the one that the server
 * takes, and where the user has plugins, which would hear of the turn.
 */
export function withWarmUp(config: ConfigTree, port: number, userFolder: string): ConfigTree | null {
  const { model, provider, enabled_providers: enabled, plugin } = config;
  if (typeof model !== 'string' || hasPlugins(plugin, userFolder)) return null;
  const providers = isTree(provider) ? provider : {};
  const own = providers[model.slice(0, model.indexOf('/'))];
  const named = isTree(own) ? own['npm'] : undefined;
  const warm = {
    npm: typeof named === 'string' ? named : USUAL_PACKAGE,
    name: 'Warm-up',
    options: { baseURL: `http://127.0.0.1:${port}/${PROVIDER}`, apiKey: MODEL },
    models: { [MODEL]: { name: 'None', limit: { context: 100_000, output: 1_000 } } },
  };
  return {
    ...config,
    provider: { ...providers, [PROVIDER]: warm },
    ...(Array.isArray(enabled) ? { enabled_providers: [...enabled, PROVIDER] } : {}),
  };
}

const hasPlugins = (named: unknown, userFolder: string): boolean =>
  (Array.isArray(named) && named.length > 0) || ['plugin', 'plugins'].some((name) => existsSync(join(userFolder, name)));

/**
 * A turn that reaches no model and is refused at once, in a conversation of its own that is deleted: the server loads what its first prompt needs, which
 * takes it longer than all else of that prompt.
 * @throws ServerCallFailed; the signal's reason when aborted. Then the conversation may be left.
 */
export async function warmUp(connection: ServerConnection, signal: AbortSignal | undefined): Promise<void> {
  const { session } = connection.sdk;
  const options = { signal, timeoutMs: LIMIT_MS };
  const { id } = await connection.call('create session', (own) => session.create({ title: 'Warm-up' }, { signal: own }), options);
  const parts = [{ type: 'text' as const, text: 'Warm-up' }];
  const model = { providerID: PROVIDER, modelID: MODEL };
  try {
    await connection.call('warm up', (own) => session.prompt({ sessionID: id, model, parts }, { signal: own }), options);
  } finally {
    // It ends what goes on in the conversation.
    await connection.call('delete session', (own) => session.delete({ sessionID: id }, { signal: own }), options);
  }
}
