import { lstat, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ok } from '../../base/result.ts';
import type { CreateWorktree, GitResult } from '../../core/ports/git.ts';
import { adminDirOf, recordBranch, worktreeKey } from './cellWorktree.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import type { GitOutput } from './gitCommand.ts';
import { isTransient, refusalOf, refuse } from './gitRefusals.ts';
import { readRef } from './refs.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';
import { retryLocked } from './retryLocked.ts';

/** Makes branch and worktree without files. One at a time per repository: git's own locking of `worktree add` has races. */
export async function createWorktree(context: RepositoryContext, request: CreateWorktree, signal?: AbortSignal): Promise<GitResult<void>> {
  await mkdir(dirname(request.path), { recursive: true });
  const key = await worktreeKey(request.path);
  return context.mutex.run(context.facts.commonDir, () => create(context, { ...request, path: key }, signal), signal);
}

async function create(context: RepositoryContext, request: CreateWorktree, signal?: AbortSignal): Promise<GitResult<void>> {
  const { path, branch, base } = request;
  const ref = `refs/heads/${branch}`;
  if (!(await isBranchName(context, branch, signal))) return refuse('failed', `'${branch}' is not a possible branch name.`);
  if (!/^[0-9a-f]{40,64}$/.test(base)) return refuse('unknownRef', `'${base}' is not a full commit name.`);
  if ((await lstat(path).catch(nullIfMissing)) !== null) return refuse('exists', `${path} is already there.`);
  const isThere = (await readRef(context, ref, signal)) !== null;
  if (isThere && request.takesBranch !== true) return refuse('exists', `The branch ${branch} is already there.`);

  const start = isThere ? ['--', path, branch] : ['--no-track', '-b', branch, '--', path, base];
  // A relative path would have git note its use in the user's settings.
  const args = ['-c', 'worktree.useRelativePaths=false', 'worktree', 'add', '--quiet', '--no-checkout', ...start];
  // Git takes the sparse patterns of the worktree that it runs in.
  const { checkout } = request;
  const follows = checkout && (await lstat(checkout).catch(nullIfMissing)) !== null;
  const call = { ...onRepository(context, args, { onStarted: request.onBegun }), ...(follows ? { cwd: checkout } : {}) };
  let output: GitOutput;
  try {
    output = await retryLocked(
      context.clock,
      async () => {
        const attempt = await context.git.run(call, signal);
        if (isTransient(attempt)) await undo(context, request, isThere);
        return attempt;
      },
      signal,
    );
    if (output.exitCode === 0) {
      const adminDir = await adminDirOf(context, path);
      if (adminDir === null) throw new Error(`git made the worktree ${path} but does not list it`);
      await recordBranch(adminDir, branch);
      return ok(undefined);
    }
  } catch (error) {
    await undo(context, request, isThere);
    throw error;
  }
  const refusal = refusalOf(output);
  // Somebody else made that branch or folder since it was looked for: it is theirs.
  if (refusal.error.code !== 'exists') await undo(context, request, isThere);
  return refusal;
}

/** Names of letters and digits are good without asking git. */
async function isBranchName(context: RepositoryContext, branch: string, signal?: AbortSignal): Promise<boolean> {
  if (/^[A-Za-z0-9]+([-_/][A-Za-z0-9]+)*$/.test(branch)) return true;
  const valid = await context.git.run(onRepository(context, ['check-ref-format', `refs/heads/${branch}`]), signal);
  return valid.exitCode === 0 && !branch.startsWith('-');
}

/** Removes what a failed or aborted `worktree add` left. Does not listen to the caller's signal. */
async function undo(context: RepositoryContext, { path, branch, base }: CreateWorktree, keepsBranch: boolean): Promise<void> {
  await rm(path, { recursive: true, force: true });
  const adminDir = await adminDirOf(context, path);
  if (adminDir !== null) await rm(adminDir, { recursive: true, force: true });
  context.adminDirs.delete(path);
  if (keepsBranch) return;
  // Only a branch still at the base: whatever else is there was not made here.
  await context.git.run(onRepository(context, ['update-ref', '-d', `refs/heads/${branch}`, base]));
}
