import { randomUUID } from 'node:crypto';
import { open, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ok } from '../../base/result.ts';
import type { CandidateSnapshot, GitResult } from '../../core/ports/git.ts';
import { adminDirOf, locateWorktree, onCell, worktreeKey } from './cellWorktree.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import type { GitOutput } from './gitCommand.ts';
import { refusalOf } from './gitRefusals.ts';
import { revealHiddenEntries } from './hiddenEntries.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';
import { addUnbornRepositories, findUnbornRepositories } from './unbornRepositories.ts';

interface Place {
  readonly path: string;
  readonly gitDir: string;
}

/** The worktree's whole state as a tree, through a copy of its index, so that unchanged files are not read again. */
export async function snapshot(context: RepositoryContext, worktree: string, signal?: AbortSignal): Promise<GitResult<CandidateSnapshot>> {
  const key = await worktreeKey(worktree);
  return context.mutex.run(
    key,
    async () => {
      const place = await locate(context, key, signal);
      if (!place.ok) return place;
      const index = join(place.value.gitDir, `reactor-index-${randomUUID()}`);
      try {
        return await take(context, place.value, index, signal);
      } finally {
        await rm(index, { force: true });
        await rm(`${index}.lock`, { force: true });
      }
    },
    signal,
  );
}

/** A linked worktree, or the main one, which is only read. */
async function locate(context: RepositoryContext, key: string, signal?: AbortSignal): Promise<GitResult<Place>> {
  if ((await adminDirOf(context, key)) === null && (await realpath(key).catch(nullIfMissing)) === context.facts.topLevel) {
    const gitDir = await context.git.text(onRepository(context, ['rev-parse', '--absolute-git-dir']), signal);
    return ok({ path: key, gitDir: gitDir.replace(/\n$/, '') });
  }
  return locateWorktree(context, key);
}

async function take(context: RepositoryContext, place: Place, index: string, signal?: AbortSignal): Promise<GitResult<CandidateSnapshot>> {
  const env = { GIT_INDEX_FILE: index };
  let copied = await copyIndex(join(place.gitDir, 'index'), index);
  if (copied) await revealHiddenEntries(context, place, env, signal);
  else await startFromHead(context, place, index, signal);
  let added = await addAll(context, place, env, [], signal);
  if (added.exitCode !== 0 && copied && /index file|bad signature|index uses/i.test(added.stderr)) {
    copied = false;
    await startFromHead(context, place, index, signal);
    added = await addAll(context, place, env, [], signal);
  }
  if (added.exitCode !== 0 && /does not have a commit checked out/.test(added.stderr)) {
    const unborn = await findUnbornRepositories(context, place, env, signal);
    added = await addAll(context, place, env, unborn, signal);
    if (added.exitCode === 0) added = await addUnbornRepositories(context, place, env, unborn, signal);
  }
  if (added.exitCode !== 0) return refusalOf(added);
  const written = await context.git.run(onCell(place, ['write-tree'], { env }), signal);
  return written.exitCode === 0 ? ok({ tree: written.stdout.trim() }) : refusalOf(written);
}

const addAll = (
  context: RepositoryContext,
  place: Place,
  env: Readonly<Record<string, string>>,
  without: readonly string[],
  signal?: AbortSignal,
): Promise<GitOutput> => {
  const all = ['add', '--all', '--sparse'];
  if (without.length === 0) return context.git.run(onCell(place, all, { env }), signal);
  const pathspecs = [':(top)', ...without.map((path) => `:(top,exclude,literal)${path}`)].join('\0');
  const args = [...all, '--pathspec-from-file=-', '--pathspec-file-nul'];
  return context.git.run(onCell(place, args, { env: { ...env, GIT_LITERAL_PATHSPECS: '0' }, input: pathspecs }), signal);
};

/** An index that knows the files of HEAD, and so those that are tracked although ignored, but no file times. */
async function startFromHead(context: RepositoryContext, place: Place, index: string, signal?: AbortSignal): Promise<void> {
  await rm(index, { force: true });
  // Without a commit the empty index is the right one.
  await context.git.run(onCell(place, ['read-tree', 'HEAD'], { env: { GIT_INDEX_FILE: index } }), signal);
}

/**
 * Copies an index with its own time of writing. Git compares that time with the files' times to tell which entries may hide an
 * edit made in the same instant; a newer time on the copy would hide such edits. A little too old is safe.
 * @returns false when there is no index.
 */
async function copyIndex(from: string, to: string): Promise<boolean> {
  const handle = await open(from, 'r').catch(nullIfMissing);
  if (handle === null) return false;
  try {
    const { mtimeMs } = await handle.stat();
    await writeFile(to, await handle.readFile(), { flag: 'wx' });
    await utimes(to, (mtimeMs - 1) / 1000, (mtimeMs - 1) / 1000);
    return true;
  } finally {
    await handle.close();
  }
}
