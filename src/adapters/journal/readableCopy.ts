import { constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A database as it can be opened for reading. */
export interface Readable {
  readonly location: string | URL;
  /** False once the file is another than the one that was copied. */
  isCurrent(): boolean;
  /** Removes what was made for it; for after it was closed. */
  dispose(): void;
}

const TRIES = 5;

/**
 * A database in WAL mode that SQLite can't open, because it can't write beside it: the memory that its readers share is a file there. A copy, with all that
 * is in its log, is opened in its place; the file itself only where there is no room for one, and no log that it would lack.
 * @param places where a copy may be put: the second is in memory, for a machine whose disk is full
 * @returns null when neither can be.
 */
export function readableCopy(file: string, places: readonly string[] = [tmpdir(), '/dev/shm']): Readable | null {
  const seen = look(file);
  const isCurrent = (): boolean => look(file) === seen;
  for (const place of places) {
    const folder = copyInto(place, file);
    if (folder === null) continue;
    return { location: join(folder, 'journal.db'), isCurrent, dispose: () => rmSync(folder, { recursive: true, force: true }) };
  }
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) return null;
  const location = pathToFileURL(file);
  location.searchParams.set('immutable', '1');
  return { location, isCurrent, dispose: () => {} };
}

function copyInto(place: string, file: string): string | null {
  let folder: string | null = null;
  try {
    folder = mkdtempSync(join(place, 'reactor-journal-'));
    for (let left = TRIES; left > 0; left -= 1) {
      const before = look(file);
      for (const end of ['', '-wal']) {
        const to = join(folder, `journal.db${end}`);
        if (existsSync(`${file}${end}`)) copyFileSync(`${file}${end}`, to, constants.COPYFILE_FICLONE);
        else rmSync(to, { force: true });
      }
      // Who writes meanwhile could have brought the log into a file that was copied before.
      if (look(file) === before) return folder;
    }
  } catch {
    // No room, or not ours to write to.
  }
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  return null;
}

const look = (file: string): string =>
  [file, `${file}-wal`]
    .map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }))
    .map((facts) => (facts === undefined ? '-' : `${facts.ino} ${facts.size} ${facts.mtimeNs}`))
    .join();
