import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { Terminal } from '../terminal.ts';
import { unwritten } from '../unwritten.ts';

/** Where a command writes what was asked for. */
export interface Output {
  write(part: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Standard output, or a new file when one is named. A file that is already there is left as it is.
 * @throws UserFacingError `configuration`; writing throws `environment` when a file does not take it, of which nothing is left then
 */
export async function openOutput(terminal: Terminal, name: string | undefined): Promise<Output> {
  if (name === undefined) {
    const write = async (part: string): Promise<void> => {
      terminal.stdout.write(part);
      await terminal.stdout.flush();
    };
    return { write, close: () => Promise.resolve() };
  }
  const path = resolve(terminal.folder, name);
  const file = await create(path, name);
  const write = async (part: string): Promise<void> => {
    try {
      await file.writeFile(part);
    } catch (error) {
      await rm(path, { force: true });
      throw unwritten(name, error, 'Nothing is left of it.');
    }
  };
  return { write, close: () => file.close() };
}

async function create(path: string, name: string) {
  try {
    return await open(path, 'wx');
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new UserFacingError('configuration', exists ? `${name} already exists and was left as it is.` : `${name} can't be written.`, {
      cause: error,
      actions: ['name another file with --output'],
    });
  }
}
