import { statSync } from 'node:fs';
import type { Mount } from '../../core/ports/sandbox.ts';

/** What stands at a path on this machine now; null when nothing does that this user could reach: root's home is closed, a link leads to itself. */
export function isFolder(path: string): boolean | null {
  try {
    // An error for each of the many that are not there would take its time.
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? null;
  } catch {
    return null;
  }
}

/** How much memory files may take in folders that are kept in memory, in bytes. The processes' own memory is not told of it. */
export interface MemoryFolders {
  readonly empty: number;
  readonly shared: number;
}

/**
 * bubblewrap's words for what is laid over the file system.
 * @param isFolder tells what stands at a path on this machine now; null when nothing does.
 * @param memory null where this version of bubblewrap can't bound it.
 */
export function mountArguments(
  mounts: readonly Mount[],
  isFolder: (path: string) => boolean | null,
  memory: MemoryFolders | null = null,
): string[] {
  const bounded = (bytes: number | undefined, path: string): string[] => [
    ...(bytes === undefined ? [] : ['--size', String(bytes)]),
    ...['--tmpfs', path],
  ];
  return mounts.flatMap((mount): string[] => {
    const { kind, path, from = path, optional } = mount;
    if (optional === true && kind !== 'nothing' && isFolder(from) === null) return [];
    switch (kind) {
      case 'readOnly':
        return [optional === true ? '--ro-bind-try' : '--ro-bind', from, path];
      case 'writable':
        return [optional === true ? '--bind-try' : '--bind', from, path];
      case 'empty':
        return bounded(memory === null ? undefined : (mount.bytes ?? memory.empty), path);
      case 'proc':
        return ['--proc', path];
      case 'devices':
        return memory === null ? ['--dev', path] : ['--dev', path, ...bounded(memory.shared, `${path}/shm`), '--remount-ro', path];
      default:
        return isFolder(path) === true ? bounded(memory?.empty, path) : covered(path, isFolder(path));
    }
  });
}

const covered = (path: string, isFolder: boolean | null): string[] => (isFolder === null ? [] : ['--ro-bind', '/dev/null', path]);

/**
 * The namespaces of a cell. CAP_SETFCAP is kept for the server where it runs as root: without it root can't start the second sandbox, that of a
 * command; it has effect on nothing outside the first.
 */
export const serverNamespaces = (isRoot: boolean): string[] => [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--cap-drop', 'ALL'],
  ...(isRoot ? ['--cap-add', 'CAP_SETFCAP'] : []),
];

export const commandNamespaces = (ownNetwork: boolean): string[] => [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--cap-drop', 'ALL'],
  ...(ownNetwork ? ['--unshare-net'] : []),
];
