import { randomUUID } from 'node:crypto';
import { lstat, open, realpath, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ok } from '../../base/result.ts';
import type { CandidateSnapshot, GitResult } from '../../core/ports/git.ts';
import { addEverything, NOT_READABLE, notAdded, tooDeep } from './addEverything.ts';
import { adminDirOf, locateWorktree, onCell, worktreeKey } from './cellWorktree.ts';
import { tooMuchChanged } from './changedVolume.ts';
import { treeWithEmbedded } from './embeddedContent.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { revealHiddenEntries } from './hiddenEntries.ts';
import { MOST_INDEX_BYTES } from './indexFile.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

interface Place {
  readonly path: string;
  readonly gitDir: string;
  /** A worktree that Reactor made, in whose git folder it may leave a file of its own. */
  readonly own: boolean;
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
        return await unlessTooMuch(context, place.value, (own) => take(context, place.value, index, own), signal);
      } finally {
        await rm(index, { force: true });
        await rm(`${index}.lock`, { force: true });
      }
    },
    signal,
  );
}

const LOOK_AFTER_MS = 2_000;

/** Ends the work when it takes long and what has changed is more than a change may be. */
async function unlessTooMuch<T>(
  context: RepositoryContext,
  place: Place,
  work: (signal: AbortSignal) => Promise<GitResult<T>>,
  signal?: AbortSignal,
): Promise<GitResult<T>> {
  const stop = new AbortController();
  const own = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const found: { why: string | null } = { why: null };
  const look = async (): Promise<void> => {
    found.why = await tooMuchChanged(context, place, own);
    if (found.why !== null) stop.abort();
  };
  let looking: Promise<void> = Promise.resolve();
  const timer = context.clock.schedule(LOOK_AFTER_MS, () => {
    looking = look().catch(() => {
      // The work has ended meanwhile, or will say itself what is wrong.
    });
  });
  try {
    return await work(own);
  } catch (error) {
    if (found.why === null) throw error;
    return refuse('tooLarge', found.why);
  } finally {
    timer.dispose();
    stop.abort();
    await looking;
  }
}

/** A linked worktree, or the main one, which is only read. */
async function locate(context: RepositoryContext, key: string, signal?: AbortSignal): Promise<GitResult<Place>> {
  if ((await adminDirOf(context, key)) === null && (await realpath(key).catch(nullIfMissing)) === context.facts.topLevel) {
    const gitDir = await context.git.text(onRepository(context, ['rev-parse', '--absolute-git-dir']), signal);
    return ok({ path: key, gitDir: gitDir.replace(/\n$/, ''), own: false });
  }
  const found = await locateWorktree(context, key);
  return found.ok ? ok({ ...found.value, own: found.value.branch !== null }) : found;
}

async function take(context: RepositoryContext, place: Place, index: string, signal?: AbortSignal): Promise<GitResult<CandidateSnapshot>> {
  const env = { GIT_INDEX_FILE: index };
  const own = join(place.gitDir, 'index');
  const state = await indexState(own);
  const warm = context.warmIndexes.get(place.path);
  const isWarm = warm !== undefined && warm.of === state;
  if (isWarm && warm.tree !== null && (await isUnchanged(context, place, warm.file, signal))) return ok({ tree: warm.tree });
  let copied = isWarm && (await copyIndex(warm.file, index));
  copied ||= await copyIndex(own, index);
  let isPlain = false;
  if (copied) isPlain = await revealHiddenEntries(context, place, env, signal);
  else await startFromHead(context, place, index, signal);
  let { added, unrecorded } = await addEverything(context, place, env, signal);
  if (added.exitCode !== 0 && copied && /index file|bad signature|index uses/i.test(added.stderr)) {
    copied = false;
    await startFromHead(context, place, index, signal);
    ({ added, unrecorded } = await addEverything(context, place, env, signal));
  }
  const unseen = tooDeep(added.stderr);
  if (unseen !== null) return refuse('tooLarge', `${unseen}, and can't be recorded`);
  if (added.exitCode !== 0) return notAdded(added);
  const written = await context.git.run(onCell(place, ['write-tree'], { env }), signal);
  if (written.exitCode !== 0) return refusalOf(written);
  const tree = written.stdout.trim();
  const { tree: keep, hasRepositories } = await treeWithEmbedded(context, place, env, signal);
  if (place.own && keep === null && state !== null) {
    const file = join(place.gitDir, 'reactor-index');
    await rename(index, file);
    const isWhole = isPlain && !hasRepositories && unrecorded.length === 0;
    context.warmIndexes.set(place.path, { file, of: state, tree: isWhole ? tree : null });
  }
  return ok({ tree, ...(keep === null ? {} : { keep }), ...(unrecorded.length === 0 ? {} : { unrecorded }) });
}

/** Whether the worktree still holds what an index has: one look in place of the four calls that find out what it holds. */
async function isUnchanged(context: RepositoryContext, place: Place, index: string, signal?: AbortSignal): Promise<boolean> {
  const args = ['ls-files', '--modified', '--others', '--exclude-standard', '-z'];
  const seen = await context.git.run(onCell(place, args, { env: { GIT_INDEX_FILE: index } }), signal);
  return seen.exitCode === 0 && seen.stdout === '' && tooDeep(seen.stderr) === null && !NOT_READABLE.test(seen.stderr);
}

/** An index that knows the files of HEAD, and so those that are tracked although ignored, but no file times. */
async function startFromHead(context: RepositoryContext, place: Place, index: string, signal?: AbortSignal): Promise<void> {
  await rm(index, { force: true });
  // Without a commit the empty index is the right one.
  await context.git.run(onCell(place, ['read-tree', 'HEAD'], { env: { GIT_INDEX_FILE: index } }), signal);
}

/** Tells two writings of an index file apart; null when there is none. */
async function indexState(file: string): Promise<string | null> {
  const stat = await lstat(file, { bigint: true }).catch(nullIfMissing);
  return stat === null ? null : [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
}

/**
 * Copies an index with its own time of writing. Git compares that time with the files' times to tell which entries may hide an
 * edit made in the same instant; a newer time on the copy would hide such edits. A little too old is safe.
 * @returns false when there is no index, or one that is too large to be one.
 */
async function copyIndex(from: string, to: string): Promise<boolean> {
  const handle = await open(from, 'r').catch(nullIfMissing);
  if (handle === null) return false;
  try {
    const { mtimeMs, size } = await handle.stat();
    if (size > MOST_INDEX_BYTES) return false;
    await writeFile(to, await handle.readFile(), { flag: 'wx' });
    await utimes(to, (mtimeMs - 1) / 1000, (mtimeMs - 1) / 1000);
    return true;
  } finally {
    await handle.close();
  }
}
