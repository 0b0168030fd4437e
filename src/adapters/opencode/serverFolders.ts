import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProviderKey } from '../../core/policy/providerKeys.ts';

/** Settings that only the server may see: its password, the keys it was handed, and where it keeps its own things. */
const SERVER_ONLY = [
  'OPENCODE_SERVER_PASSWORD',
  'OPENCODE_CONFIG_CONTENT',
  'OPENCODE_AUTH_CONTENT',
  'OPENCODE_MODELS_PATH',
  'OPENCODE_TEST_HOME',
  'GIT_CONFIG_PARAMETERS',
];
/** Keeps git from fetching what a partial clone lacks, by programs that its settings name. */
export const NO_LAZY_FETCH = 'GIT_NO_LAZY_FETCH';
/** Of the user's configuration folder, seen in the server's. */
export const LINKED_FOLDERS = ['agent', 'agents', 'skill', 'skills', 'plugin', 'plugins', 'tool', 'tools'];
/** The server's own name for it. */
export const DATABASE_NAME = 'opencode.db';
const PRIVATE_FOLDERS = {
  XDG_DATA_HOME: 'data',
  XDG_CONFIG_HOME: 'config',
  XDG_CACHE_HOME: 'cache',
  XDG_STATE_HOME: 'state',
  TMPDIR: 'tmp',
} as const;

/** What is made below a cell's own folder before a server starts: the deepest folders, and files that are written anew each time. */
export const SERVER_PLACES = {
  folders: ['home', 'data/opencode', 'config/opencode/node_modules', 'cache', 'state', 'tmp', 'commands', 'outputs', 'shell'],
  files: [
    'config/opencode/package-lock.json',
    'config/opencode/.gitignore',
    'config/no-models.json',
    'config/arrival.mjs',
    'shell/boundary.json',
  ],
};

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
  /** Where they leave what they print. */
  readonly outputs: string;
  /** What the server believes or runs, so that nothing in the cell may change it. */
  readonly fixed: readonly string[];
}

/** Where the commands of a cell are prepared, leave what they print, and have the shell that starts them. */
export const commandFolders = (home: string) => ({
  commands: join(home, 'commands'),
  outputs: join(home, 'outputs'),
  shellFolder: join(home, 'shell'),
});

/** Beside the shell: what the sandbox of commands is made from again by a later engine. */
const boundaryFile = (home: string): string => join(commandFolders(home).shellFolder, 'boundary.json');

/** Null when the cell's commands have no sandbox, or one of before this was written down. */
export function readBoundary(home: string): string | null {
  const file = boundaryFile(home);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** Before the server starts, so that a server that lives has one. Null takes away what a start before has left. */
export function writeBoundary(home: string, record: string | null): void {
  const file = boundaryFile(home);
  if (record === null) rmSync(file, { force: true });
  else writeFileSync(file, record, { mode: 0o600 });
}

export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Makes the private folders of one server. HOME stays the user's, so that git, ssh and package managers work; the server itself
 * is given another home, because it would install packages into `~/.opencode`.
 */
export function makeServerFolders(home: string, userConfigFolder: string): ServerFolders {
  const environment: Record<string, string> = { OPENCODE_TEST_HOME: join(home, 'home') };
  mkdirSync(join(home, 'home'), { recursive: true, mode: 0o700 });
  for (const [name, folder] of Object.entries(PRIVATE_FOLDERS)) {
    environment[name] = join(home, folder);
    mkdirSync(join(home, folder), { recursive: true, mode: 0o700 });
  }
  const configFolder = join(home, 'config', 'opencode');
  seedConfigFolder(configFolder);
  for (const name of LINKED_FOLDERS) {
    if (existsSync(join(userConfigFolder, name))) link(join(userConfigFolder, name), join(configFolder, name));
  }
  const dataFolder = dataFolderOf(home);
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const noModels = join(home, 'config', 'no-models.json');
  writeFileSync(noModels, '{}');
  const { commands, outputs, shellFolder: shell } = commandFolders(home);
  for (const folder of [commands, outputs, shell]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fixed = [commands, shell, join(home, 'config')];
  return { environment, configFolder, dataFolder, noModels, shell: join(shell, 'sh'), commands, outputs, fixed };
}

/**
 * The server installs a 47 MB package into each configuration folder it reads, unless a `node_modules` is there and the lock file
 * names the package. It also writes a `.gitignore` where there is none, and fails where it can't.
 */
function seedConfigFolder(folder: string): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true, mode: 0o700 });
  const lock = { name: 'reactor-cell', lockfileVersion: 3, packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n');
}

function link(target: string, path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })) symlinkSync(target, path);
}

export interface CellShell {
  /** The file to write. */
  readonly path: string;
  /** Folder of the commands of Reactor's own; see below. */
  readonly commands: string;
  readonly userEnv: NodeJS.ProcessEnv;
  /** Names of variables that are the server's alone, such as those that its configuration takes keys from. */
  readonly hidden: readonly string[];
  /** Put in front of a command of the agent; empty without a sandbox. */
  readonly boundary: readonly string[];
  /** Redirections that go with it. */
  readonly streams: string;
  /** Where programs outside of it are found; null without a sandbox. */
  readonly programs: string | null;
  /** What commands find beside the user's own variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** Lines that set a command's limits. */
  readonly limits: readonly string[];
}

/**
 * Writes the shell that the server runs all commands with: the user's own folders, none of the server's secrets, and the sandbox of a command. A
 * command of Reactor's own puts only the part that it does not trust there, so it starts outside; it is known by its name in a folder that
 * nothing in the cell can write. The server tells shells apart by the name of their file, so this one is called `sh`.
 */
export function writeShell(shell: CellShell): void {
  const { path, commands, userEnv, hidden, boundary, streams, programs, environment, limits } = shell;
  const restored = [...Object.keys(PRIVATE_FOLDERS), NO_LAZY_FETCH].map((name) => {
    const value = userEnv[name];
    return value === undefined ? `unset ${name}` : `export ${name}=${shellQuote(value)}`;
  });
  const secrets = new Set([...SERVER_ONLY, ...hidden, ...Object.keys(userEnv).filter(isProviderKey)]);
  const ending = boundary.length === 0 ? ['exec /bin/sh "$@"'] : enclosed(commands, boundary, streams);
  const lines = [
    '#!/bin/sh',
    ...(programs === null ? [] : [`export PATH=${shellQuote(programs)}`]),
    `unset ${[...secrets].filter((name) => /^[A-Za-z_]\w*$/.test(name)).join(' ')}`,
    ...restored,
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    ...limits,
    ...ending,
    '',
  ];
  // Replaced rather than rewritten: a shell that is just starting reads a whole one.
  writeFileSync(`${path}.new`, lines.join('\n'), { mode: 0o700 });
  renameSync(`${path}.new`, path);
}

const enclosed = (commands: string, boundary: readonly string[], streams: string): string[] => [
  'for last; do :; done',
  `begin=${shellQuote(`/bin/sh ${shellQuote(`${commands}/`).slice(0, -1)}`)}`,
  'rest=${last#"$begin"}',
  'name=${rest%"/run\'"}',
  'if [ "$last" = "$begin$name/run\'" ] && [ ${#name} = 32 ]; then',
  '  case $name in *[!0-9a-f]*) ;; *) exec /bin/sh "$@" ;; esac',
  'fi',
  `exec ${boundary.map(shellQuote).join(' ')} /bin/sh "$@" ${streams}`,
];

const dataFolderOf = (home: string): string => join(home, 'data', 'opencode');
/** The database of a cell's server. @param home the cell's own folder */
export const databaseFile = (home: string): string => join(dataFolderOf(home), DATABASE_NAME);
