import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { unwritten } from '../unwritten.ts';

/**
 * Writes a file whole or not at all: what was there before stays until all of the new text is on the disk.
 * @param replaces whether there is one, whose mode and place behind a link are kept; a new one never replaces another
 * @throws UserFacingError `environment` when it can't be written
 */
export async function writeWhole(file: string, text: string, replaces: boolean): Promise<void> {
  const left = replaces ? 'It was left as it is.' : 'Nothing was written.';
  try {
    if (!replaces) return await writeNew(file, text, 0o666);
    const place = await realpath(file);
    const draft = `${place}.${randomUUID()}`;
    await writeNew(draft, text, (await stat(place)).mode & 0o777);
    await rename(draft, place).catch(async (error: unknown) => {
      await rm(draft, { force: true });
      throw error;
    });
  } catch (error) {
    throw unwritten(file, error, left);
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}
