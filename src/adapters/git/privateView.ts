import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorText } from '../../base/log.ts';
import { ok } from '../../base/result.ts';
import { withoutLogins } from '../../core/policy/withoutLogins.ts';
import type { GitResult, Oid, PrivateView } from '../../core/ports/git.ts';
import type { Mount } from '../../core/ports/sandbox.ts';
import { type CellWorktree, locateCell, worktreeKey } from './cellWorktree.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { hookMounts } from './hooks.ts';
import type { RepositoryContext } from './repositoryContext.ts';
import { writeBelow } from './writeBelow.ts';

/** Where the repository's own objects are seen in the cell. */
const BORROWED = 'repository-objects';
const COPIED_FILES = ['packed-refs', 'shallow', 'description'];
/** Folders of a view. */
const PLACES = [BORROWED, 'objects/info', 'objects/pack', 'logs', 'refs/heads', 'refs/tags', 'worktrees'];
/** Beside the place of a view, where nothing in the cell can write: its folders, made ahead. */
const aheadOf = (folder: string): string => `${folder}.new`;
/** What can be made ahead for a view. @param folder its place */
export const viewPlaces = (folder: string): string[] => PLACES.map((name) => `${aheadOf(folder)}/${name}`);
/** Seen as they are, never written from a cell. */
const SHARED = ['hooks', 'info', 'modules', 'lfs', 'annex'];
const COPIED_OF_WORKTREE = ['HEAD', 'commondir', 'gitdir', 'index', 'ORIG_HEAD', 'config.worktree'];

/**
 * A git folder for a cell alone: refs, configuration and this worktree's entry as copies, an object store of its own that borrows from the
 * repository's. What an agent does with git ends there. Reactor's own git never reads it: what is committed is made from the files.
 * @param options.isMounted false where nothing can be laid over the repository's git folder: then the worktree's `.git` file leads to the copy.
 */
export async function privateView(
  context: RepositoryContext,
  worktree: string,
  folder: string,
  { isMounted = true, made = Promise.resolve() }: { readonly isMounted?: boolean; readonly made?: Promise<unknown> } = {},
): Promise<PrivateView> {
  const { commonDir } = context.facts;
  // The first of what takes a while.
  const hooking = hookMounts(context);
  hooking.catch(() => {});
  const isWhole = (await lstat(join(folder, 'HEAD')).catch(nullIfMissing)) !== null;
  const places = isWhole ? null : makePlaces(folder);
  const laid = Promise.all([made, places]).then(async () => {
    if (!isWhole) await fillView(commonDir, folder, isMounted);
    return layEntry(context, worktree, folder, { isMounted, isFilled: !isWhole });
  });
  laid.catch(() => {});
  // A view that is there may have to be made anew, which it can't be any more once it is laid.
  const placed = places ?? laid.then(() => {});
  placed.catch(() => {});
  const [hooks, settings] = await Promise.all([hooking, submoduleSettings(join(commonDir, 'modules'), `${folder}-settings`)]);
  const inCell = (name: string): string => join(commonDir, name);
  const seen = (name: string): Mount => ({ kind: 'readOnly', path: inCell(name), optional: true });
  const mounts: Mount[] = isMounted
    ? [
        { kind: 'writable', path: commonDir, from: folder },
        { kind: 'readOnly', path: inCell(BORROWED), from: inCell('objects') },
        ...SHARED.map(seen),
        ...hooks,
        ...settings,
      ]
    : [{ kind: 'empty', path: commonDir }, ...['objects', ...SHARED].map(seen), ...hooks, ...settings, { kind: 'writable', path: folder }];
  return { mounts, placed, laid };
}

/** Gives the view the entry of the worktree, and from here on keeps it in step with that. */
async function layEntry(
  context: RepositoryContext,
  worktree: string,
  folder: string,
  { isMounted, isFilled }: { readonly isMounted: boolean; readonly isFilled: boolean },
): Promise<GitResult<void>> {
  const cell = await locateCell(context, await worktreeKey(worktree));
  if (!cell.ok) return cell;
  const { commonDir } = context.facts;
  // A worktree that was made again may have another entry than before.
  const entry = join(folder, 'worktrees', basename(cell.value.gitDir));
  const there = await Promise.all([folder, entry].map((path) => lstat(join(path, 'HEAD')).catch(nullIfMissing)));
  if (there.includes(null)) {
    if (!isFilled) {
      await makePlaces(folder);
      await fillView(commonDir, folder, isMounted);
    }
    await makeEntry(commonDir, cell.value, folder);
  }
  context.views.set(cell.value.path, folder);
  if (!isMounted) await leadTo(entry, cell.value.path);
  return ok(undefined);
}

/** What stands there may be the agent's, a link too. */
async function leadTo(entry: string, worktree: string): Promise<void> {
  const file = join(worktree, '.git');
  await rm(file, { recursive: true, force: true });
  await writeFile(file, `gitdir: ${entry}\n`, { flag: 'wx' });
}

/** Anew: an agent may have laid links into a view that it has broken. */
async function makePlaces(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  try {
    renameSync(aheadOf(folder), folder);
  } catch {
    // None is made.
  }
  mkdirSync(join(folder, BORROWED), { recursive: true });
}

async function fillView(commonDir: string, folder: string, isMounted: boolean): Promise<void> {
  for (const path of PLACES) mkdirSync(join(folder, path), { recursive: true });
  for (const name of COPIED_FILES) copyFile(join(commonDir, name), join(folder, name));
  await Promise.all([
    copyConfig(join(commonDir, 'config'), join(folder, 'config')),
    ...['heads', 'tags', 'remotes'].map((name) => copyFolder(join(commonDir, 'refs', name), join(folder, 'refs', name))),
    writeFile(join(folder, 'objects', 'info', 'alternates'), await alternatesOf(commonDir, isMounted)),
    ...(isMounted ? [] : SHARED.map((name) => linkShared(join(commonDir, name), join(folder, name)))),
  ]);
}

async function makeEntry(commonDir: string, cell: CellWorktree, folder: string): Promise<void> {
  const name = basename(cell.gitDir);
  const entry = join(folder, 'worktrees', name);
  mkdirSync(entry, { recursive: true });
  for (const file of COPIED_OF_WORKTREE) copyFile(join(cell.gitDir, file), join(entry, file));
  await copyFolder(join(cell.gitDir, 'info'), join(entry, 'info'));
  // The cell's branch may be newer than the copies of the others.
  const branch = /^ref: (refs\/heads\/\S+)/.exec((await readFile(join(cell.gitDir, 'HEAD'), 'utf8').catch(nullIfMissing)) ?? '')?.[1];
  if (branch !== undefined) {
    mkdirSync(dirname(join(folder, branch)), { recursive: true });
    copyFile(join(commonDir, branch), join(folder, branch));
  }
  // Last: it says that the view is whole.
  copyFile(join(commonDir, 'HEAD'), join(folder, 'HEAD'));
}

/** So many of a folder are copied before others get a turn. */
const AT_ONCE = 100;

async function copyFolder(from: string, to: string): Promise<void> {
  const entries = (await readdir(from, { withFileTypes: true }).catch(nullIfMissing)) ?? [];
  if (entries.length > 0) mkdirSync(to, { recursive: true });
  for (const [index, entry] of entries.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await lstat(to);
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isFile() && !entry.name.endsWith('.lock')) copyFile(source, target);
  }
}

/** At once: a handful of small files, for each of which waiting takes longer than the copy while git writes the checkout. */
function copyFile(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    nullIfMissing(error);
  }
}

/** The repository's settings without the logins that some tools leave in them: an agent has no use for those. */
async function copyConfig(from: string, to: string): Promise<void> {
  const text = await readFile(from, 'utf8').catch(nullIfMissing);
  if (text !== null) await writeFile(to, withoutLogins(text));
}

const MOST_SUBMODULES = 500;

/** Copies of the settings of submodules that have logins in them, laid over those. Made anew each time, beside what the cell can write. */
async function submoduleSettings(modules: string, folder: string): Promise<Mount[]> {
  const names = (await readdir(modules, { recursive: true, withFileTypes: true }).catch(nullIfMissing)) ?? [];
  const files = names.filter((entry) => entry.isFile() && entry.name === 'config').map(({ parentPath, name }) => join(parentPath, name));
  await rm(folder, { recursive: true, force: true });
  const mounts = files.slice(0, MOST_SUBMODULES).map(async (path, index): Promise<Mount[]> => {
    const text = await readFile(path, 'utf8').catch(nullIfMissing);
    if (text === null || withoutLogins(text) === text.replaceAll('\r\n', '\n')) return [];
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const from = join(folder, String(index));
    await writeFile(from, withoutLogins(text), { mode: 0o600 });
    return [{ kind: 'readOnly', path, from }];
  });
  return (await Promise.all(mounts)).flat();
}

/** The borrowed store and those that it borrows from itself, which git would look for beside the store. */
async function alternatesOf(commonDir: string, isMounted: boolean): Promise<string> {
  const objects = join(commonDir, 'objects');
  const own = (await readFile(join(objects, 'info', 'alternates'), 'utf8').catch(nullIfMissing)) ?? '';
  const further = own.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return [isMounted ? join(commonDir, BORROWED) : objects, ...further.map((line) => resolve(objects, line)), ''].join('\n');
}

async function linkShared(from: string, to: string): Promise<void> {
  if ((await lstat(from).catch(nullIfMissing)) === null) return;
  await rm(to, { recursive: true, force: true });
  await symlink(from, to);
}

/** Brings a cell's view to what Reactor's own git has just made of the worktree. */
export async function refreshView(context: RepositoryContext, cell: CellWorktree, branch: string, tip: Oid | null): Promise<void> {
  const folder = context.views.get(cell.path);
  if (folder === undefined) return;
  const entry = `worktrees/${basename(cell.gitDir)}`;
  try {
    const index = await readFile(join(cell.gitDir, 'index')).catch(nullIfMissing);
    if (index !== null) await writeBelow(folder, `${entry}/index`, index);
    await writeBelow(folder, `${entry}/HEAD`, `ref: refs/heads/${branch}\n`);
    if (tip !== null) await writeBelow(folder, `refs/heads/${branch}`, `${tip}\n`);
  } catch (error) {
    // Only what the agent's own git shows depends on it.
    context.log.log('warn', "a cell's view of git could not be refreshed", { worktree: cell.path, error: errorText(error) });
  }
}
