import type { Mount } from '../ports/sandbox.ts';

/** Names below a cell's own folder. */
export const HOME_PARTS = ['user', 'between'] as const;
export const TEMPORARY = 'user-tmp';
export const GATE = 'gate';

/**
 * What is laid over a command's view when it decides whether work passes: a home and a temporary folder that no command of an agent has seen, and in
 * them again what is mounted there.
 * @param mounts of the server, with none left out.
 */
export function gateMounts(mounts: readonly Mount[], cellHome: string): Mount[] {
  const out: Mount[] = [];
  for (const { kind, path, from } of mounts) {
    const part = from?.startsWith(`${cellHome}/`) === true ? from.slice(cellHome.length + 1) : null;
    if (part !== null && isOwn(part)) out.push({ kind, path, from: `${cellHome}/${GATE}/${part}` });
    else if (isBelow(path, cellHome) || !out.some((own) => isBelow(path, own.path))) continue;
    // Seen as the server sees it, where all of it is in place already.
    else out.push(kind === 'nothing' ? { kind, path, optional: true } : { kind, path });
  }
  return out;
}

const isOwn = (part: string): boolean => part === TEMPORARY || HOME_PARTS.some((name) => isBelow(part, name));
const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
