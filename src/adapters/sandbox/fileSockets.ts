import { lstatSync, readFileSync } from 'node:fs';

/**
 * Sockets of programs on this machine that are files, by the kernel's list: whoever can see one may speak to what listens there, also on a
 * read-only file system.
 */
export function fileSockets(): string[] {
  const paths = listed().flatMap((line) => /^\S+ \S+ \S+ \S+ \S+ \S+ +\d+ (\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)].filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true);
}

/** Those of the desktop by names that are no files: who reaches one can type into windows, or have programs started. */
export function desktopSockets(): string[] {
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
