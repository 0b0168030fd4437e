import type { Mount } from '../ports/sandbox.ts';

/** Names below a cell's own folder. The second is of cells that an earlier version made. */
export const HOME_PARTS = ['user', 'between'] as const;
export const TEMPORARY = 'user-tmp';
export const GATE = 'gate';
/** Of a folder that only hides what is there, or leads to another. */
export const HIDING_BYTES = 1e6;

/**
 * What is laid over a command's view when it decides whether work passes: a home and a temporary folder that no command of an agent has seen, and in
 * them again what is mounted there.
 * @param mounts of the server, with none left out.
 */
export function gateMounts(mounts: readonly Mount[], cellHome: string): Mount[] {
  const out: Mount[] = [];
  for (const { kind, path, from, bytes } of mounts) {
    const part = from?.startsWith(`${cellHome}/`) === true ? from.slice(cellHome.length + 1) : null;
    if (part !== null && isBelow(part, TEMPORARY) && part !== TEMPORARY) out.push({ kind: 'empty', path, bytes: HIDING_BYTES });
    else if (part !== null && isOwn(part)) out.push({ kind, path, from: `${cellHome}/${GATE}/${part}` });
    else if (isBelow(path, cellHome) || !out.some((own) => isBelow(path, own.path))) continue;
    // Seen as the server sees it, where all of it is in place already.
    else out.push({ kind, path, ...(kind === 'nothing' ? { optional: true } : {}), ...(bytes === undefined ? {} : { bytes }) });
  }
  return out;
}

const isOwn = (part: string): boolean => part === TEMPORARY || HOME_PARTS.some((name) => isBelow(part, name));
const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
