import { realpathSync } from 'node:fs';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ok } from '../../base/result.ts';
import type { GitResult } from '../../core/ports/git.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { allow } from './folderRemoval.ts';
import { BRANCH_FILE, type GitCall } from './gitCommand.ts';
import { refuse } from './gitRefusals.ts';
import type { RepositoryContext } from './repositoryContext.ts';
import { recordedPath } from './worktreeList.ts';

/**
 * A worktree and git's folder for it. Calls name both, so that what an agent does to the `.git` file in the worktree
 * (delete it, point it elsewhere, put a repository with settings of its own there) has no influence.
 */
export interface CellWorktree {
  readonly path: string;
  readonly gitDir: string;
  /** The branch it was made with; null for a worktree that Reactor did not make. */
  readonly branch: string | null;
}

/**
 * What a call in a cell must not leave to settings: nothing may hide a changed file from a snapshot or reset, and nothing may
 * refuse to record one.
 */
const SETTINGS = [
  'submodule.recurse=false',
  'core.splitIndex=false',
  'core.untrackedCache=false',
  'core.trustctime=true',
  'core.checkStat=default',
  'core.ignoreStat=false',
  'core.safecrlf=false',
  // A name that some system takes for `.git` is none for a file on any.
  'core.protectHFS=true',
  'core.protectNTFS=true',
  'add.ignoreErrors=false',
  'sparse.expectFilesOutsideOfPatterns=false',
  'checkout.workers=0',
].flatMap((pair) => ['-c', pair]);

export const onCell = (
  cell: Pick<CellWorktree, 'path' | 'gitDir'>,
  args: readonly string[],
  more: Omit<GitCall, 'args' | 'cwd' | 'within'> = {},
): GitCall => ({
  ...more,
  args: [...SETTINGS, `--git-dir=${cell.gitDir}`, `--work-tree=${cell.path}`, ...args],
  cwd: cell.path,
  within: { path: cell.path, gitDir: cell.gitDir },
});

/**
 * The path as git records it: its folder's real path plus its own name, so that it has one spelling even when it is gone. Looked up at once, so that
 * operations on one worktree take their turns in the order in which they were asked for.
 */
export async function worktreeKey(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return join(realpathSync.native(dirname(absolute)), basename(absolute));
  } catch (error) {
    nullIfMissing(error);
    return absolute;
  }
}

/** Git's folder for a linked worktree, by what the common directory says, never by the worktree's own `.git` file. */
export async function adminDirOf(context: RepositoryContext, key: string): Promise<string | null> {
  const known = context.adminDirs.get(key);
  if (known !== undefined && (await recordedPath(known)) === key) return known;
  context.adminDirs.delete(key);
  const root = join(context.facts.commonDir, 'worktrees');
  for (const id of (await readdir(root).catch(nullIfMissing)) ?? []) {
    const adminDir = join(root, id);
    if ((await recordedPath(adminDir)) !== key) continue;
    context.adminDirs.set(key, adminDir);
    return adminDir;
  }
  return null;
}

/** Notes the branch a worktree was made with, for the day an agent has left it. */
export const recordBranch = (adminDir: string, branch: string): Promise<void> => writeFile(join(adminDir, BRANCH_FILE), `${branch}\n`);

/** Finds a linked worktree whose folder is there. Refuses when the folder was replaced by a link. */
export async function locateWorktree(context: RepositoryContext, path: string): Promise<GitResult<CellWorktree>> {
  const key = await worktreeKey(path);
  const gitDir = await adminDirOf(context, key);
  if (gitDir === null) return refuse('failed', `${path} is not a linked worktree of this repository.`);
  const folder = await lstat(key).catch(nullIfMissing);
  if (folder === null) return refuse('failed', `The worktree ${path} is gone.`);
  if (!folder.isDirectory()) return refuse('failed', `The worktree ${path} is no folder any more.`);
  const branch = await readFile(join(gitDir, BRANCH_FILE), 'utf8').catch(nullIfMissing);
  // Without these rights of the owner's git does not even start in it.
  if (branch !== null && (folder.mode & 0o700) !== 0o700) await allow(key, folder.mode | 0o700);
  return ok({ path: key, gitDir, branch: branch?.trim() ?? null });
}

/** As `locateWorktree`, and refuses every worktree that Reactor did not make: a person's checkout is never written. */
export async function locateCell(context: RepositoryContext, path: string): Promise<GitResult<CellWorktree & { readonly branch: string }>> {
  const found = await locateWorktree(context, path);
  if (!found.ok) return found;
  const { branch } = found.value;
  if (branch === null) return refuse('failed', `${path} is not a worktree that Reactor made, so it is left alone.`);
  return ok({ ...found.value, branch });
}
