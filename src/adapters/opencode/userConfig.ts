import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import { type ConfigTree, isTree, mapTexts, mergeConfig } from './configTree.ts';
import { parseJsonc } from './jsonc.ts';

export interface UserConfig {
  /** The user's own configuration from all the places the agent server would read, references to files made absolute. */
  readonly config: ConfigTree;
  /** Where it stands, and the stored keys; each may not exist. */
  readonly files: readonly string[];
  /** Folder of the user's global configuration; may not exist. */
  readonly folder: string;
  /** Content for OPENCODE_AUTH_CONTENT, or null when the user has stored no key. Never written to disk. */
  readonly auth: string | null;
  /** The user's cached catalogue of models, or null. */
  readonly catalogue: string | null;
}

const homeOf = (env: NodeJS.ProcessEnv): string => env['HOME'] ?? env['USERPROFILE'] ?? '/';

/** Where the user's own agent server would keep its things. */
export const userFolders = (env: NodeJS.ProcessEnv): { readonly config: string; readonly data: string; readonly cache: string } => ({
  config: join(env['XDG_CONFIG_HOME'] || join(homeOf(env), '.config'), 'opencode'),
  data: join(env['XDG_DATA_HOME'] || join(homeOf(env), '.local', 'share'), 'opencode'),
  cache: join(env['XDG_CACHE_HOME'] || join(homeOf(env), '.cache'), 'opencode'),
});

/**
 * Reads the user's providers, keys and preferences in the order in which the agent server merges them.
 * @throws UserFacingError with code `configuration` when a file is not valid.
 */
export function readUserConfig(env: NodeJS.ProcessEnv): UserConfig {
  const home = homeOf(env);
  const folders = userFolders(env);
  const configured = env['OPENCODE_CONFIG_DIR'];
  const files = [
    ...['config.json', 'opencode.json', 'opencode.jsonc'].map((name) => join(folders.config, name)),
    ...(env['OPENCODE_CONFIG'] ? [resolve(env['OPENCODE_CONFIG'])] : []),
    ...['opencode.json', 'opencode.jsonc'].map((name) => join(home, '.opencode', name)),
    ...(configured ? ['opencode.json', 'opencode.jsonc'].map((name) => join(configured, name)) : []),
  ];
  let config: ConfigTree = {};
  for (const file of files) {
    if (!existsSync(file)) continue;
    config = mergeConfig(config, absoluteReferences(parse(readFileSync(file, 'utf8'), file), dirname(file), home));
  }
  const content = env['OPENCODE_CONFIG_CONTENT'];
  if (content) config = mergeConfig(config, absoluteReferences(parse(content, 'OPENCODE_CONFIG_CONTENT'), process.cwd(), home));
  const authFile = join(folders.data, 'auth.json');
  const catalogue = join(folders.cache, 'models.json');
  return {
    config,
    files: [...files, authFile],
    folder: folders.config,
    auth: env['OPENCODE_AUTH_CONTENT'] || (existsSync(authFile) ? readFileSync(authFile, 'utf8') : null),
    catalogue: env['OPENCODE_MODELS_PATH'] || (existsSync(catalogue) ? catalogue : null),
  };
}

function parse(text: string, file: string): ConfigTree {
  try {
    const value = parseJsonc(text);
    if (isTree(value)) return value;
    throw new SyntaxError('it is not an object');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserFacingError('configuration', `OpenCode's configuration ${file} can't be read: ${why}`, {
      actions: [`correct ${file}`],
      cause: error,
    });
  }
}

/** `{file:x}` and plugins given by path are relative to their file, which the server no longer knows when the text is handed to it. */
function absoluteReferences(config: ConfigTree, folder: string, home: string): ConfigTree {
  const absolute = (path: string): string =>
    path.startsWith('~/') ? join(home, path.slice(2)) : isAbsolute(path) ? path : join(folder, path);
  const mapped = mapTexts(config, (text) =>
    text.replace(/\{file:([^}]+)\}/g, (_all, path: string) => `{file:${absolute(path.trim())}}`),
  ) as ConfigTree;
  const { plugin, instructions } = mapped;
  return {
    ...mapped,
    ...(Array.isArray(plugin)
      ? { plugin: plugin.map((spec: unknown) => (typeof spec === 'string' && /^[.~]/.test(spec) ? `file://${absolute(spec)}` : spec)) }
      : {}),
    ...(Array.isArray(instructions)
      ? {
          instructions: instructions.map((path: unknown) =>
            typeof path === 'string' && path.startsWith('~/') ? join(home, path.slice(2)) : path,
          ),
        }
      : {}),
  };
}
