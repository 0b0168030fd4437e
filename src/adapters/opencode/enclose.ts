import type { StartServer } from '../../core/ports/agent.ts';
import type { Enclosure, Sandbox } from '../../core/ports/sandbox.ts';
import { type ConfigTree, isTree } from './configTree.ts';
import type { ServerFolders } from './serverFolders.ts';
import type { UserConfig } from './userConfig.ts';

/** The cell's boundary, or null when none is asked for. */
export async function enclose(
  dependencies: { readonly sandbox?: Pick<Sandbox, 'enclose'>; readonly env: NodeJS.ProcessEnv },
  executable: { readonly path: string },
  request: StartServer,
  folders: ServerFolders,
  { config, user }: { readonly config: ConfigTree; readonly user: UserConfig },
): Promise<Enclosure | null> {
  const { boundary, cell, worktree, home } = request;
  if (boundary === null || boundary === undefined) return null;
  if (dependencies.sandbox === undefined) throw new Error('a boundary is asked for, and nothing here can make one');
  return dependencies.sandbox.enclose({
    ...boundary,
    cell,
    worktree,
    home,
    fixed: folders.fixed,
    executable: executable.path,
    serverOnly: [user.folder, ...(user.catalogue === null ? [] : [user.catalogue]), ...filesNamed(config)],
    env: dependencies.env,
  });
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
