import { chmodSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Settings that only the server may see: its password, the keys it was handed, and where it keeps its own things. */
const SERVER_ONLY = [
  'OPENCODE_SERVER_PASSWORD',
  'OPENCODE_CONFIG_CONTENT',
  'OPENCODE_AUTH_CONTENT',
  'OPENCODE_MODELS_PATH',
  'OPENCODE_TEST_HOME',
];
const PRIVATE_FOLDERS = {
  XDG_DATA_HOME: 'data',
  XDG_CONFIG_HOME: 'config',
  XDG_CACHE_HOME: 'cache',
  XDG_STATE_HOME: 'state',
  TMPDIR: 'tmp',
} as const;

export interface ServerFolders {
  readonly environment: Readonly<Record<string, string>>;
  readonly configFolder: string;
  readonly dataFolder: string;
  /** The catalogue of models that has none. */
  readonly noModels: string;
  /** Runs commands as the user's terminal would: with the user's own folders and none of the server's secrets. */
  readonly shell: string;
  /** Where commands of Reactor's own are prepared. */
  readonly commands: string;
}

export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Makes the private folders of one server. HOME stays the user's, so that git, ssh and package managers work; the server itself
 * is given another home, because it would install packages into `~/.opencode`.
 */
export function makeServerFolders(home: string, userEnv: NodeJS.ProcessEnv, userConfigFolder: string): ServerFolders {
  const environment: Record<string, string> = { OPENCODE_TEST_HOME: join(home, 'home') };
  mkdirSync(join(home, 'home'), { recursive: true, mode: 0o700 });
  for (const [name, folder] of Object.entries(PRIVATE_FOLDERS)) {
    environment[name] = join(home, folder);
    mkdirSync(join(home, folder), { recursive: true, mode: 0o700 });
  }
  const configFolder = join(home, 'config', 'opencode');
  seedConfigFolder(configFolder);
  for (const name of ['agent', 'agents', 'skill', 'skills', 'plugin', 'plugins', 'tool', 'tools']) {
    if (existsSync(join(userConfigFolder, name))) link(join(userConfigFolder, name), join(configFolder, name));
  }
  const dataFolder = join(home, 'data', 'opencode');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const noModels = join(home, 'no-models.json');
  writeFileSync(noModels, '{}');
  const commands = join(home, 'commands');
  mkdirSync(commands, { recursive: true, mode: 0o700 });
  return { environment, configFolder, dataFolder, noModels, shell: writeShell(home, userEnv), commands };
}

/**
 * The server installs a 47 MB package into each configuration folder it reads, unless a `node_modules` is there and the lock file
 * names the package.
 */
function seedConfigFolder(folder: string): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true, mode: 0o700 });
  const lock = { name: 'reactor-cell', lockfileVersion: 3, packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

function link(target: string, path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })) symlinkSync(target, path);
}

/** The server tells shells apart by the name of their file, so this one is called `sh`. */
function writeShell(home: string, userEnv: NodeJS.ProcessEnv): string {
  const folder = join(home, 'shell');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'sh');
  const lines = Object.keys(PRIVATE_FOLDERS).map((name) => {
    const value = userEnv[name];
    return value === undefined ? `unset ${name}` : `export ${name}=${shellQuote(value)}`;
  });
  writeFileSync(path, ['#!/bin/sh', `unset ${SERVER_ONLY.join(' ')}`, ...lines, 'exec /bin/sh "$@"', ''].join('\n'));
  chmodSync(path, 0o700);
  return path;
}
