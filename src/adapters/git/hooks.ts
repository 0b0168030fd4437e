import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Hooks } from '../../core/ports/git.ts';
import type { Mount } from '../../core/ports/sandbox.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { nulFields } from './nulFields.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

/** In the folder that husky makes are only stand-ins; they start the hooks that lie one folder up. */
const STAND_INS = '_';

/** The hooks that the user's own git would run in their checkout, wherever their settings say they are. */
export async function hooks(context: RepositoryContext, signal?: AbortSignal): Promise<Hooks> {
  const folder = await hooksFolder(context, signal);
  const entries = (await readdir(folder).catch(nullIfMissing)) ?? [];
  const runnable = await Promise.all(entries.map((name) => isRunnable(join(folder, name))));
  return { folder, names: entries.filter((_, index) => runnable[index]).toSorted() };
}

/** What a cell is shown of hooks that lie elsewhere than in the repository's git folder, where it sees them anyway. */
export async function hookMounts(context: RepositoryContext): Promise<readonly Mount[]> {
  const { folder, names } = await hooks(context);
  const { commonDir, topLevel } = context.facts;
  if (names.length === 0 || folder === join(commonDir, 'hooks')) return [];
  const whole = [commonDir, topLevel ?? commonDir, homedir()];
  const shown = [...(basename(folder) === STAND_INS ? [dirname(folder)] : []), folder];
  // A folder that holds a repository or a home is no folder of hooks.
  const path = shown.find((candidate) => !whole.some((one) => isWithin(one, candidate)));
  return path === undefined ? [] : [{ kind: 'readOnly', path, optional: true }];
}

const isWithin = (path: string, folder: string): boolean => !/^\.\.(\/|$)/.test(relative(folder, path));

/** A relative one is below the folder in which hooks run: the top of the checkout. */
async function hooksFolder(context: RepositoryContext, signal?: AbortSignal): Promise<string> {
  const { commonDir, topLevel } = context.facts;
  const output = await context.git.run(onRepository(context, ['config', '--null', '--type=path', '--get-all', 'core.hooksPath']), signal);
  // The last one is of the call itself.
  const configured = nulFields(output.stdout).at(-2) ?? '';
  if (configured === '') return join(commonDir, 'hooks');
  return isAbsolute(configured) ? configured : resolve(topLevel ?? commonDir, configured);
}

async function isRunnable(path: string): Promise<boolean> {
  if (path.endsWith('.sample')) return false;
  const found = await stat(path).catch(nullIfMissing);
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}
