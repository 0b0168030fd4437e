import { isProviderKey, sharedKeys } from '../../core/policy/providerKeys.ts';
import { secretsOfEnvironment } from '../../core/policy/secrets/knownSecrets.ts';
import type { CliHost } from '../cliHost.ts';

interface KeysCheck {
  readonly name: 'keys';
  readonly state: 'ok' | 'warning';
  readonly text: string;
  readonly todo: string;
}

/** Whether an agent's commands can read the keys of model providers here. */
export async function keysCheck(host: CliHost, env: Readonly<Record<string, string | undefined>>): Promise<KeysCheck> {
  const { boundary } = await host.probeSandbox();
  if (boundary === null) {
    const text = "commands of an agent can read the model provider's key: there is no sandbox to keep it in";
    return {
      name: 'keys',
      state: 'warning',
      text,
      todo: 'give Reactor a key of its own with a spending limit, or work where there is a sandbox',
    };
  }
  const shared = seenBesides(env);
  const text = 'keys of model providers are kept from commands in a sandbox; without one an agent can read them';
  if (shared.length === 0) return { name: 'keys', state: 'ok', text, todo: '' };
  const todo = `start the engine without ${shared.join(', ')} if no test needs ${shared.length === 1 ? 'it' : 'them'}`;
  return { name: 'keys', state: 'warning', text: `${text}; commands see ${shared.join(', ')}, which tests may need`, todo };
}

/** Variables that are or look like keys and that commands of agents see all the same. */
function seenBesides(env: Readonly<Record<string, string | undefined>>): string[] {
  const named = secretsOfEnvironment(env).map(({ name }) => name);
  return [...new Set([...sharedKeys(env), ...named])].filter((name) => !isProviderKey(name) && !/^(OPENCODE|REACTOR)_/.test(name));
}
