import { lstat, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { ok } from '../../base/result.ts';
import type { GitResult } from '../../core/ports/git.ts';
import { adminDirOf, worktreeKey } from './cellWorktree.ts';
import { errorCode, nullIfMissing } from './fileSystemErrors.ts';
import { removeFolder } from './folderRemoval.ts';
import { BRANCH_FILE } from './gitCommand.ts';
import { gitLinkOf } from './gitLink.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';
import { retryLocked } from './retryLocked.ts';
import { listWorktrees } from './worktreeList.ts';

/** Removes a linked worktree's folder and git's entry for it. Never the main worktree, the opened one, or a folder git knows nothing of. */
export async function removeWorktree(context: RepositoryContext, path: string, signal?: AbortSignal): Promise<GitResult<void>> {
  const key = await worktreeKey(path);
  return context.mutex.run(key, () => remove(context, key, () => removeFolder(context.clock, key), signal), signal);
}

/** The same without the time that deleting takes. A folder that can't be renamed is deleted after all. */
export async function moveWorktreeAway(
  context: RepositoryContext,
  path: string,
  to: string,
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const key = await worktreeKey(path);
  const moveAway = (): Promise<void> =>
    rename(key, to).catch((error: unknown) => {
      if (errorCode(error) === undefined) throw error;
      return removeFolder(context.clock, key);
    });
  return context.mutex.run(key, () => remove(context, key, moveAway, signal), signal);
}

const contains = (folder: string, inner: string | null): boolean => inner !== null && (inner === folder || inner.startsWith(folder + sep));

async function remove(
  context: RepositoryContext,
  path: string,
  takeAway: () => Promise<void>,
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const { commonDir, topLevel } = context.facts;
  const adminDir = await adminDirOf(context, path);
  // Where Reactor made one there was nothing before.
  const isOurs = adminDir !== null && (await lstat(join(adminDir, BRANCH_FILE)).catch(nullIfMissing)) !== null;
  const main = isOurs ? null : ((await listWorktrees(context, signal))[0]?.path ?? null);
  if ([commonDir, topLevel, main].some((place) => contains(path, place)))
    return refuse('failed', `${path} holds the repository itself and is not removed.`);

  const folder = await lstat(path).catch(nullIfMissing);
  if (adminDir === null) {
    if (folder === null) return ok(undefined);
    if (!(await wasWorktree(context, path))) return refuse('failed', `${path} is no worktree of this repository and is not removed.`);
    return removeFiles(path, takeAway);
  }
  const lock = await readFile(join(adminDir, 'locked'), 'utf8').catch(nullIfMissing);
  // 'initializing' is what a killed `worktree add` leaves.
  if (lock !== null && lock.trim() !== 'initializing')
    return refuse('failed', `The worktree ${path} is locked by a person: ${lock.trim()}`);
  const removed = await removeFiles(path, takeAway);
  return removed.ok ? forgetWorktree(context, path, adminDir) : removed;
}

async function removeFiles(path: string, takeAway: () => Promise<void>): Promise<GitResult<void>> {
  try {
    await takeAway();
    return ok(undefined);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return refuse('failed', `${path} could not be removed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function forgetWorktree(context: RepositoryContext, path: string, adminDir: string): Promise<GitResult<void>> {
  return context.mutex.run(context.facts.commonDir, async () => {
    // The folder is gone by now, so this only drops the entry. Twice --force: also a half-made one.
    const call = onRepository(context, ['worktree', 'remove', '--force', '--force', '--', path]);
    const output = await retryLocked(context.clock, () => context.git.run(call));
    context.adminDirs.delete(path);
    context.warmIndexes.delete(path);
    context.views.delete(path);
    if (output.exitCode === 0) return ok(undefined);
    // An entry that git no longer takes for one, such as one whose files an agent deleted in part.
    await rm(adminDir, { recursive: true, force: true });
    const left = await lstat(adminDir).catch(nullIfMissing);
    return left === null ? ok(undefined) : refusalOf(output);
  });
}

/** Whether the folder says itself that it was a linked worktree of this repository, whose entry is gone. */
async function wasWorktree(context: RepositoryContext, path: string): Promise<boolean> {
  const gitDir = await gitLinkOf(path);
  return gitDir !== null && dirname(gitDir) === join(context.facts.commonDir, 'worktrees');
}
