import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { leadsToPrograms } from '../../core/policy/toolCaches.ts';
import type { StartServer } from '../../core/ports/agent.ts';
import type { Enclosure, Sandbox } from '../../core/ports/sandbox.ts';
import { type ConfigTree, isTree, mapTexts } from './configTree.ts';
import { limitLines } from './limitLines.ts';
import { LINKED_FOLDERS, NO_LAZY_FETCH, type ServerFolders } from './serverFolders.ts';
import type { UserConfig } from './userConfig.ts';

/** The cell's boundary, or null when none is asked for. */
export async function enclose(
  dependencies: { readonly sandbox?: Pick<Sandbox, 'enclose'>; readonly env: NodeJS.ProcessEnv },
  executable: { readonly path: string },
  request: StartServer,
  folders: ServerFolders,
  { config, user }: { readonly config: ConfigTree; readonly user: UserConfig },
): Promise<Enclosure | null> {
  const { cell, worktree, home } = request;
  const boundary = await request.boundary;
  if (boundary === null || boundary === undefined) return null;
  if (dependencies.sandbox === undefined) throw new Error('a boundary is asked for, and nothing here can make one');
  return dependencies.sandbox.enclose({
    ...boundary,
    cell,
    worktree,
    home,
    fixed: folders.fixed,
    executable: executable.path,
    serverOnly: [...partsOf(user.folder), ...(user.catalogue === null ? [] : [user.catalogue]), ...filesNamed(config)],
    handedOver: [...user.files, ...filesNamed(user.config).filter((file) => !filesNamed(config).includes(file))],
    env: dependencies.env,
    ports: Object.entries(request.environment).flatMap(([name, value]) => (/^REACTOR_PORT(_\d+)?$/.test(name) ? [Number(value)] : [])),
    begin: limitLines(request.limits, availableParallelism(), request.port),
  });
}

/**
 * The environment of a server beside which commands of an agent run: what leads to programs leads only to those that no command can write, and
 * git, which reads settings that commands can write, starts none of what those name, nor fetches what a clone of theirs lacks.
 * @param own what Reactor itself tells the server's runtime.
 */
export function besideCommands(
  env: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
  { path }: Pick<Enclosure, 'path'>,
): Readonly<Record<string, string>> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !leadsToPrograms(name)));
  const ofGit = { GIT_CONFIG_PARAMETERS: "'core.fsmonitor=false' 'core.hooksPath=/dev/null'", [NO_LAZY_FETCH]: '1' };
  return { ...kept, ...own, PATH: path, ...ofGit };
}

/** What the server reads in the user's folder itself. Its settings are not of it: they are handed over, as they may have keys in them. */
const partsOf = (folder: string): string[] =>
  [...LINKED_FOLDERS, 'AGENTS.md', 'node_modules', 'package.json'].map((name) => join(folder, name));

const LONGEST_HANDED_OVER = 16_384;

/**
 * The configuration with the content of short files, keys as a rule, in place of their names, so that the server need not see the files. What it would
 * fill in once more is left as it is.
 */
export const withFiles = (config: ConfigTree): ConfigTree =>
  mapTexts(config, (text) =>
    text.replace(/\{file:(\/[^}]+)\}/g, (reference: string, path: string) => {
      const content = shortContent(path);
      return content === null || /\{(file|env):/.test(content) ? reference : content;
    }),
  ) as ConfigTree;

function shortContent(path: string): string | null {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= LONGEST_HANDED_OVER ? readFileSync(path, 'utf8').trim() : null;
  } catch {
    // The server says what is wrong with it, if it wants it.
    return null;
  }
}

const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isTree(value) ? Object.values(value).flatMap(textsOf) : [];
};

/** Files that the configuration takes values from, and plugins that are files. */
export const filesNamed = (config: ConfigTree): string[] =>
  textsOf(config).flatMap((text) => [
    ...[...text.matchAll(/\{file:(\/[^}]+)\}/g)].map((match) => match[1] ?? ''),
    ...(text.startsWith('file:///') ? [text.slice('file://'.length)] : []),
  ]);

/** Variables that the configuration takes values from, keys as a rule. */
export const keyNames = (config: ConfigTree): string[] =>
  textsOf(config).flatMap((text) => [...text.matchAll(/\{env:(\w+)\}/g)].map((match) => match[1] ?? ''));
