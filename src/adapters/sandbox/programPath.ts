import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The absolute path of a program as a shell would find it, entries of PATH that are not absolute left out; null when there is none. */
export function programPath(name: string, path: string | undefined): string | null {
  const candidates = isAbsolute(name)
    ? [name]
    : (path ?? '').split(delimiter).flatMap((folder) => (isAbsolute(folder) ? join(folder, name) : []));
  return candidates.find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
