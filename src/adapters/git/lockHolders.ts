import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { nullIfCoded } from './fileSystemErrors.ts';

/** True unless it is known that no process has one of these files open; only Linux tells. */
export async function mayBeHeld(files: readonly string[]): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const wanted = new Set(await Promise.all(files.map(async (file) => join(await realpath(dirname(file)), basename(file)))));
  return someProcess(async (folder) => {
    const descriptors = await readdir(join(folder, 'fd')).catch(nullIfCoded);
    // Somebody else's process, or one that has just ended.
    if (descriptors === null) return isGit(folder);
    const open = await Promise.all(descriptors.map((name) => readlink(join(folder, 'fd', name)).catch(nullIfCoded)));
    return open.some((path) => path !== null && wanted.has(path));
  });
}

/** True unless it is known that no git works in the folder. */
export async function mayBeWorkedOn(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const place = await realpath(path);
  return someProcess(async (folder) => {
    if (!(await isGit(folder))) return false;
    const at = await readlink(join(folder, 'cwd')).catch(nullIfCoded);
    return at === null ? isGit(folder) : at === place || at.startsWith(`${place}/`);
  });
}

async function someProcess(test: (folder: string) => Promise<boolean>): Promise<boolean> {
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await test(join('/proc', name)))) return true;
  }
  return false;
}

/** The programs that git consists of have names that begin with its own. A process that has ended has no memory left, and no file open. */
async function isGit(folder: string): Promise<boolean> {
  const [comm, maps] = await Promise.all([
    readFile(join(folder, 'comm'), 'latin1').catch(nullIfCoded),
    readFile(join(folder, 'statm'), 'latin1').catch(nullIfCoded),
  ]);
  return comm?.startsWith('git') === true && maps?.startsWith('0 ') === false;
}
