import { UserFacingError } from '../../base/userFacingError.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
const PERM = 3;
/** Not one of SQLite's: the driver met a number that JavaScript can't hold, and no writer of a journal stores such. */
const OUT_OF_RANGE = 'ERR_OUT_OF_RANGE';

/** The primary SQLite result code of an error, or null when SQLite did not raise it. */
export function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  // The low byte is the primary code; the rest tells variants of it apart.
  return error.errcode & 0xff;
}

/** Turns an error of SQLite that a person can do something about into words; gives any other back unchanged. */
export function sqliteFailure(file: string, error: unknown): unknown {
  const environment = (message: string, actions: string[] = []) => new UserFacingError('environment', message, { actions, cause: error });
  const code = error instanceof Error && 'code' in error && error.code === OUT_OF_RANGE ? OUT_OF_RANGE : sqliteCode(error);
  switch (code) {
    case FULL:
      return environment(
        `The disk is full, so the journal ${file} can't grow. Nothing of the last step was recorded; work stops here until there is room.`,
        ['free some disk space', 'reactor clean --dry-run'],
      );
    case READONLY:
    case PERM:
      return environment(`The journal ${file} can't be written: the file or its folder is read-only.`, [
        'make the folder writable, or set REACTOR_HOME',
      ]);
    case IOERR:
      return environment(`The disk failed while the journal ${file} was used (${text(error)}). Nothing of the last step was recorded.`, [
        'check free space, quota and the disk',
      ]);
    case CANTOPEN:
      return environment(`The journal ${file} can't be opened. Its folder may be missing or not yours.`, [
        'check the folder, or set REACTOR_HOME',
      ]);
    case BUSY:
      return environment(`Another process kept the journal ${file} locked for too long. Nothing of the last step was recorded.`, [
        'try again',
        'reactor doctor',
      ]);
    case NOTADB:
    case CORRUPT:
    case OUT_OF_RANGE:
      return new UserFacingError(
        'journalBroken',
        `The journal ${file} is damaged (${text(error)}). It was left as it is, and nothing can be recorded until it is replaced.`,
        {
          actions: ['restore the file from a backup', 'move the file and its -wal and -shm files aside: Reactor then begins a new journal'],
          cause: error,
        },
      );
    default:
      return error;
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
