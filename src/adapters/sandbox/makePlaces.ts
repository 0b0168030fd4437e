import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { placesOf } from '../../core/policy/sandboxPolicy.ts';
import type { Mount } from '../../core/ports/sandbox.ts';
import { isFolder } from './bubblewrap.ts';

/**
 * Makes the cell's own folders that mounts come from, and takes away what a program of an earlier start has left where one belongs: a link there
 * would lead the mount elsewhere. To be called while nothing of the cell runs.
 */
export function makePlaces(mounts: readonly Mount[], cellHome: string): void {
  for (const { kind, from } of mounts) {
    if (kind === 'writable' && from?.startsWith(`${cellHome}/`)) mkdirSync(from, { recursive: true, mode: 0o700 });
  }
  for (const { place, mount } of placesOf(mounts, cellHome)) {
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined) continue;
    const needsFolder = mount.kind === 'empty' || isFolder(mount.from ?? mount.path) !== false;
    if (needsFolder ? !found.isDirectory() : !found.isFile()) rmSync(place, { recursive: true, force: true });
  }
}
