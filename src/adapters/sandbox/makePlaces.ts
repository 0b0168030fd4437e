import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { placesOf } from '../../core/policy/sandboxPolicy.ts';
import type { Mount } from '../../core/ports/sandbox.ts';
import { isFolder } from './bubblewrap.ts';

/**
 * Makes the cell's own folders that mounts come from, and takes away what a program of an earlier start has left where one belongs: a link there
 * would lead the mount elsewhere. To be called while nothing of the cell runs.
 */
export function makePlaces(mounts: readonly Mount[], cellHome: string): void {
  const places = new Map(placesOf(mounts, cellHome).map(({ place, mount }) => [mount, place]));
  // In their order: a folder is made once no link is on the way to it.
  for (const mount of mounts) {
    const place = places.get(mount);
    if (place !== undefined) clear(place, mount);
    if (mount.kind === 'writable' && mount.from?.startsWith(`${cellHome}/`)) mkdirSync(mount.from, { recursive: true, mode: 0o700 });
  }
}

function clear(place: string, mount: Mount): void {
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined) return;
  // What is mounted on itself is a folder on the way to another mount.
  const needsFolder = mount.kind === 'empty' || mount.from === place || isFolder(mount.from ?? mount.path) !== false;
  if (needsFolder ? !found.isDirectory() : !found.isFile()) rmSync(place, { recursive: true, force: true });
}
