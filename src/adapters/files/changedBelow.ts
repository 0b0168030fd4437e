import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Entries that are looked at side by side. */
const AT_ONCE = 64;

/**
 * As `find PLACE… -cnewer`: the places and all below them whose inode was changed after `since`, milliseconds since the epoch; links are not followed. What is
 * gone meanwhile, or can't be read, is left out.
 * @param mostBytes of names; with more it is not whole.
 */
export async function changedBelow(
  { folder, places, since, mostBytes }: { folder: string; places: readonly string[]; since: number; mostBytes: number },
  signal?: AbortSignal,
): Promise<{ readonly lines: readonly string[]; readonly isWhole: boolean }> {
  const lines: string[] = [];
  const waiting = [...places];
  for (let bytes = 0; waiting.length > 0; ) {
    signal?.throwIfAborted();
    const looks = await Promise.all(waiting.splice(-AT_ONCE).map((place) => look(folder, place, since)));
    for (const { place, isChanged, entries } of looks) {
      if (isChanged) {
        bytes += Buffer.byteLength(place) + 1;
        if (bytes > mostBytes) return { lines, isWhole: false };
        lines.push(place);
      }
      waiting.push(...entries);
    }
  }
  return { lines, isWhole: true };
}

async function look(
  folder: string,
  place: string,
  since: number,
): Promise<{ readonly place: string; readonly isChanged: boolean; readonly entries: readonly string[] }> {
  const path = resolve(folder, place);
  try {
    const stat = await lstat(path);
    const names = stat.isDirectory() ? await readdir(path).catch(() => []) : [];
    // As `find` tells them: below the place as it was given.
    return {
      place,
      isChanged: stat.ctimeMs > since,
      entries: names.map((name) => (place.startsWith('./') ? `./${join(place, name)}` : join(place, name))),
    };
  } catch {
    return { place, isChanged: false, entries: [] };
  }
}
