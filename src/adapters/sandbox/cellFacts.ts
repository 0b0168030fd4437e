import { existsSync, realpathSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { isFixed, type SandboxFacts } from '../../core/policy/sandboxPolicy.ts';
import { leadsToPrograms } from '../../core/policy/toolCaches.ts';
import type { EncloseRequest, Mount } from '../../core/ports/sandbox.ts';
import { isFolder } from './bubblewrap.ts';
import { fileSockets } from './fileSockets.ts';
import { realFolders, settingsWithoutLogins } from './keptSettings.ts';

/** What differs between systems and starts. */
export interface MachineFacts {
  /** Folders that no cell may see. */
  readonly hidden: readonly string[];
  /** Of others on this machine, as far as they are there. */
  readonly others: readonly string[];
  readonly temporary: readonly string[];
  /** Folders of programs of Reactor's own that cells start. */
  readonly programs: readonly string[];
}

/** What this machine has that the policy of a cell is about. */
export function cellFacts(request: EncloseRequest, machine: MachineFacts): SandboxFacts {
  const { env } = request;
  const path = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const homes = unique([env['HOME'] ?? homedir(), userInfo().homedir, '/root']).filter(
    (folder) => isAbsolute(folder) && folder !== '/' && isFolder(folder) === true,
  );
  const onPath = unique([...path, dirname(request.executable), ...machine.programs].flatMap(withReal));
  return {
    isRoot: process.getuid?.() === 0,
    worktree: request.worktree,
    cellHome: request.home,
    fixed: request.fixed,
    homes,
    others: realFolders(machine.others),
    checkout: checkoutOf(request.git),
    sockets: fileSockets().filter((socket) => request.network !== 'open' || !socket.startsWith('/nix/')),
    settings: settingsWithoutLogins(homes, onPath, join(dirname(request.home), 'settings')),
    temporary: machine.temporary.filter((folder) => isFolder(folder) === true),
    hidden: machine.hidden,
    program: dirname(realpathSync(request.executable)),
    path: onPath,
    serverOnly: request.serverOnly.filter((file) => existsSync(file)),
    handedOver: request.handedOver,
    git: request.git,
    read: request.read,
    write: request.write,
  };
}

export const isThere = ({ optional, from, path }: Mount): boolean => optional !== true || isFolder(from ?? path) !== null;

/** Of the user's PATH what is there and can't be changed from the cell. */
export const fixedPath = (path: string | undefined, mounts: readonly Mount[]): string =>
  unique([...(path ?? '').split(delimiter), '/usr/bin', '/bin'])
    .filter((folder) => isAbsolute(folder) && isFolder(folder) === true && withReal(folder).every((name) => isFixed(mounts, name)))
    .join(delimiter);

/** What commands find again that the server must not have, as it could lead to programs of the agent's. */
export const variablesWithin = (env: EncloseRequest['env']): (readonly [name: string, value: string])[] =>
  Object.entries(env).flatMap(([name, value]) => (value !== undefined && leadsToPrograms(name) ? [[name, value] as const] : []));

const unique = (paths: readonly string[]): string[] => [...new Set(paths)];

/** The path itself and, where it leads through links, the one they lead to. */
export const withReal = (path: string): string[] => (existsSync(path) ? unique([path, realpathSync(path)]) : [path]);

/** The folder around the repository's git folder. */
const checkoutOf = (git: readonly Mount[]): string | null => {
  const folder = git[0]?.path;
  return folder !== undefined && basename(folder) === '.git' ? dirname(folder) : null;
};
