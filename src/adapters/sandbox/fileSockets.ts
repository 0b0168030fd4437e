import { lstatSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

/**
 * Sockets of programs on this machine that are files, by the kernel's list: whoever can see one may speak to what listens there, also on a
 * read-only file system.
 */
export function fileSockets(): string[] {
  const paths = listed().flatMap((line) => /^\S+ \S+ \S+ \S+ \S+ \S+ +\d+ (\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)].filter(isSocket);
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
  } catch {
    // In a folder that is closed to this user, and so to the cell.
    return false;
  }
}

const SECURITY_MODULES = '/sys/kernel/security/lsm';

/** Whether the kernel says that it keeps sockets that are no files apart, as a server in a sandbox asks of it (`arrivalOf`). */
function keepsApart(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 12)) return false;
  try {
    return readFileSync(SECURITY_MODULES, 'utf8').split(',').includes('landlock');
  } catch {
    // Where it is not told it may be switched off.
    return false;
  }
}

/**
 * Those of the desktop by names that are no files, where cells reach them: who reaches one can type into windows, or have programs started.
 */
export function desktopSockets(): string[] {
  if (keepsApart(release())) return [];
  const names = listed().flatMap((line) => /^\S+ \S+ \S+ \S+ \S+ \S+ +\d+ (@.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(names)].filter((name) => /^@\/tmp\/(?:\.X11-unix\/X\d+|dbus-[^/]+)$/.test(name));
}

function listed(): string[] {
  try {
    return readFileSync('/proc/net/unix', 'utf8').split('\n');
  } catch {
    // A system without it has none to name.
    return [];
  }
}
