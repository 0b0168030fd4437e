/** Parts of a path without '.' and with '..' applied; null when it climbs above where it started. */
const normalise = (parts: readonly string[]): readonly string[] | null => {
  const out: string[] = [];
  for (const part of parts) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.pop() === undefined) return null;
  }
  return out;
};

/**
 * Whether a symbolic link in a tree leads out of it. An absolute target always does: it would name a place of one machine.
 * @param path the link's own path below the top, with `/`.
 */
export function leadsOutside(path: string, target: string): boolean {
  if (target.startsWith('/') || /^[A-Za-z]:[\\/]/.test(target) || target.startsWith('\\\\')) return true;
  return normalise([...path.split('/').slice(0, -1), ...target.split(/[\\/]/)]) === null;
}

/**
 * Folders that a link's target goes into and climbs out of again, the innermost of each way first. Where one of them is a link itself, the climb does not
 * lead to where the names say.
 * @param path as of `leadsOutside`, which is false of both.
 */
export function climbedOutOf(path: string, target: string): string[] {
  const at = [...path.split('/').slice(0, -1)];
  const found: string[] = [];
  let entered = 0;
  for (const part of target.split(/[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part === '..' && entered > 0) found.push(at.join('/'));
    if (part === '..') at.pop();
    else at.push(part);
    entered = Math.max(0, entered + (part === '..' ? -1 : 1));
  }
  return found;
}
