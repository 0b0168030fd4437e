import { constants, existsSync } from 'node:fs';
import { cp, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errorText, type Log } from '../../base/log.ts';
import { GATE, HOME_PARTS, TEMPORARY } from '../../core/policy/gateMounts.ts';

/** What was in the home of a cell's commands before its agent began. */
const SEALED = 'sealed';
/** Caches of downloads that tools do without. */
const LEFT_OUT = ['user/.npm/_cacache', 'user/.npm/_logs', 'user/.cache/pip', 'user/.cache/yarn'];

/** Before the first turn of an agent: keeps the home as setup and the test of the base have left it. Once; not when it failed. */
export async function sealHome(cellHome: string, log: Log): Promise<void> {
  const sealed = join(cellHome, SEALED);
  if (existsSync(sealed)) return;
  const draft = `${sealed}.new`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o700 });
    for (const part of HOME_PARTS) await copy(cellHome, part, draft);
  } catch (error) {
    // Better without what setup has left than with what the agent makes of it.
    log.log('warn', 'the home of the tests starts empty, because it could not be copied', { error: errorText(error) });
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o700 });
  }
  await rename(draft, sealed);
}

/**
 * Lays the home for one command that decides whether work passes. False as long as no agent has worked in the cell: then there is one home only.
 */
export async function layGateHome(cellHome: string): Promise<boolean> {
  const sealed = join(cellHome, SEALED);
  if (!existsSync(sealed)) return false;
  const gate = join(cellHome, GATE);
  await rm(gate, { recursive: true, force: true, maxRetries: 3 });
  for (const part of HOME_PARTS) await copy(sealed, part, gate);
  await mkdir(join(gate, TEMPORARY), { recursive: true, mode: 0o700 });
  return true;
}

/** Whether there is the home that the last command of this kind had. */
export const hasGateHome = (cellHome: string): boolean => existsSync(join(cellHome, SEALED)) && existsSync(join(cellHome, GATE));

/** Folders, files and links; sockets and pipes are of programs that are gone. */
async function copy(from: string, part: string, to: string): Promise<void> {
  await mkdir(join(to, part), { recursive: true, mode: 0o700 });
  if (!existsSync(join(from, part))) return;
  await cp(join(from, part), join(to, part), {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: async (source) => {
      if (LEFT_OUT.includes(relative(from, source))) return false;
      const stat = await lstat(source);
      return stat.isDirectory() || stat.isFile() || stat.isSymbolicLink();
    },
  });
}
