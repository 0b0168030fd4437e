import { errorText } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { readStart } from './boundedFile.ts';

const MAX_BYTES = 1_048_576;

/**
 * The text of a settings file; null when there is none. A byte order mark is dropped.
 * @param file how messages call it
 * @throws UserFacingError('configuration') when it is no file, too large, unreadable or not UTF-8
 */
export async function settingsText(path: string, file: string, maxBytes = MAX_BYTES): Promise<string | null> {
  const refuse = (message: string, cause?: unknown) =>
    new UserFacingError('configuration', `${file}: ${message}`, { actions: [`correct ${path} and try again`], cause });
  const read = await readStart(path, maxBytes).catch((error: unknown) => {
    throw refuse(`can't be read: ${errorText(error).split('\n')[0]}`, error);
  });
  if (read === null) return null;
  if (!read.whole) throw refuse(`is larger than ${Math.round(maxBytes / MAX_BYTES)} MB, which no settings file needs to be`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(read.bytes);
  } catch (cause) {
    throw refuse('is not UTF-8 text', cause);
  }
}
