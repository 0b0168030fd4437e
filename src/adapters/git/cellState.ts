import { lstat, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ok } from '../../base/result.ts';
import type { GitResult, Oid } from '../../core/ports/git.ts';
import { NOT_READABLE, tooDeep } from './addEverything.ts';
import { type CellWorktree, locateCell, onCell, worktreeKey } from './cellWorktree.ts';
import { errorCode, nullIfMissing } from './fileSystemErrors.ts';
import { makeRemovable } from './folderRemoval.ts';
import { type GitOutput, OUT_OF_MEMORY } from './gitCommand.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { revealHiddenEntries } from './hiddenEntries.ts';
import { isTooLarge } from './indexFile.ts';
import { nulFields } from './nulFields.ts';
import { refreshView } from './privateView.ts';
import { readRef } from './refs.ts';
import type { RepositoryContext } from './repositoryContext.ts';
import { retryLocked } from './retryLocked.ts';
import { fillSubmodules } from './submodules.ts';

/** What git keeps of a merge, rebase, cherry-pick, revert, bisect or patch series that was not brought to its end. */
const UNFINISHED = [
  ...[
    'MERGE_HEAD',
    'MERGE_MODE',
    'MERGE_MSG',
    'MERGE_RR',
    'AUTO_MERGE',
    'SQUASH_MSG',
    'CHERRY_PICK_HEAD',
    'REVERT_HEAD',
    'REBASE_HEAD',
    'MERGE_AUTOSTASH',
  ],
  ...['BISECT_START', 'BISECT_LOG', 'BISECT_NAMES', 'BISECT_TERMS', 'BISECT_EXPECTED_REV', 'BISECT_ANCESTORS_OK', 'BISECT_FIRST_PARENT'],
  ...['rebase-merge', 'rebase-apply', 'sequencer', 'refs/bisect', 'refs/rewritten'],
];

type Cell = CellWorktree & { readonly branch: string };

/** Fills a worktree made without files, submodules included. */
export const populateWorktree = (context: RepositoryContext, path: string, signal?: AbortSignal): Promise<GitResult<void>> =>
  inCell(context, path, (cell) => bringTo(context, cell, ['reset', '--hard', '--quiet', 'HEAD'], 'HEAD', signal), signal);

/** Back to a commit on the branch the cell was made with, whatever an agent did to HEAD, index and files. */
export const resetWorktree = (context: RepositoryContext, path: string, commit: Oid, signal?: AbortSignal): Promise<GitResult<void>> =>
  inCell(
    context,
    path,
    async (cell) => {
      await Promise.all(UNFINISHED.map((name) => rm(join(cell.gitDir, name), { recursive: true, force: true })));
      const head = await context.git.run(onCell(cell, ['symbolic-ref', 'HEAD', `refs/heads/${cell.branch}`]), signal);
      if (head.exitCode !== 0) return refusalOf(head);
      return bringToAlone(context, cell, ['reset', '--hard', '--quiet', commit, '--'], commit, signal);
    },
    signal,
  );

/** The files and index of a tree, HEAD and branch where they are. */
export const checkoutTree = (context: RepositoryContext, path: string, tree: Oid, signal?: AbortSignal): Promise<GitResult<void>> =>
  inCell(context, path, (cell) => bringToAlone(context, cell, ['read-tree', '--reset', '-u', tree], tree, signal), signal);

async function inCell(
  context: RepositoryContext,
  path: string,
  work: (cell: Cell) => Promise<GitResult<void>>,
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const key = await worktreeKey(path);
  return context.mutex.run(
    key,
    async () => {
      const cell = await locateCell(context, key);
      if (!cell.ok) return cell;
      await removeStaleLocks(context, cell.value, signal);
      return work(cell.value);
    },
    signal,
  );
}

/**
 * As `bringTo`, and nothing else that git does not ignore is left. A folder that was moved away and put behind a link of its old name is whole to git while
 * it is brought, and gone once the link is: then it is brought again.
 */
async function bringToAlone(
  context: RepositoryContext,
  cell: Cell,
  args: readonly string[],
  treeish: string,
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const brought = await bringTo(context, cell, args, treeish, signal);
  if (!brought.ok) return brought;
  const cleaned = await cleanUntracked(context, cell, signal);
  if (!cleaned.ok) return cleaned;
  // A line of a folder ends with a slash, one of a link does not.
  if (cleaned.value.split('\n').every((line) => /^$|\/"?$/.test(line))) return ok(undefined);
  const gone = await context.git.text(onCell(cell, ['ls-files', '--deleted', '-z']), signal);
  return gone === '' ? ok(undefined) : bringTo(context, cell, args, treeish, signal);
}

async function bringTo(
  context: RepositoryContext,
  cell: Cell,
  args: readonly string[],
  treeish: string,
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const attempt = (): Promise<GitOutput> => retryLocked(context.clock, () => context.git.run(onCell(cell, args), signal), signal);
  if (await isTooLarge(join(cell.gitDir, 'index'))) await rm(join(cell.gitDir, 'index'), { force: true });
  await revealHiddenEntries(context, cell, {}, signal);
  let output = await attempt();
  if (output.exitCode !== 0 && (OUT_OF_MEMORY.test(output.stderr) || /index file|bad signature|index uses/i.test(output.stderr))) {
    await rm(join(cell.gitDir, 'index'), { force: true });
    output = await attempt();
  }
  if (output.exitCode !== 0 && /unable to unlink|Permission denied|unable to create file/i.test(output.stderr)) {
    await makeRemovable(cell.path);
    output = await attempt();
  }
  if (output.exitCode !== 0) return refusalOf(output);
  await fillSubmodules(context, cell, treeish, signal);
  if (context.views.has(cell.path)) {
    await refreshView(context, cell, cell.branch, await readRef(context, `refs/heads/${cell.branch}`, signal));
  }
  return ok(undefined);
}

/** Untracked files and repositories go, ignored ones stay. Gives what git says of them, a line each. */
async function cleanUntracked(context: RepositoryContext, cell: Cell, signal?: AbortSignal): Promise<GitResult<string>> {
  const call = onCell(cell, ['-c', 'clean.requireForce=true', 'clean', '-ffd']);
  let output = await context.git.run(call, signal);
  let told = output.stdout;
  if (output.exitCode !== 0) {
    if (NOT_READABLE.test(output.stderr)) await makeRemovable(cell.path);
    const left = await context.git.run(onCell(cell, ['ls-files', '--others', '--exclude-standard', '-z']), signal);
    if (left.exitCode !== 0) return refusalOf(left);
    for (const first of new Set(nulFields(left.stdout).map((path) => path.split('/')[0] ?? path)))
      await makeRemovable(join(cell.path, first)).catch(passIfTooLong);
    output = await context.git.run(call, signal);
    told += output.stdout;
  }
  if (output.exitCode === 0) return ok(told);
  const left = tooDeep(output.stderr);
  return left === null ? refusalOf(output) : refuse('tooLarge', `${left}, and can't be removed`);
}

function passIfTooLong(error: unknown): void {
  if (errorCode(error) !== 'ENAMETOOLONG') throw error;
}

const STALE_AFTER_MS = 1_000;

/** Removes lock files that a killed git left in the cell's own folder. A lock that a live git may hold stays, and is waited for. */
async function removeStaleLocks(context: RepositoryContext, cell: Cell, signal?: AbortSignal): Promise<void> {
  for (const name of ['index.lock', 'HEAD.lock']) {
    const file = join(cell.gitDir, name);
    const found = await lstat(file).catch(nullIfMissing);
    if (found === null) continue;
    const live = await hasLiveGit(cell);
    if (live === true) continue;
    if (live === null) {
      // Who runs can't be seen on this system: a lock that stays the same for a while counts as left behind.
      await context.clock.sleep(STALE_AFTER_MS, signal);
      const later = await lstat(file).catch(nullIfMissing);
      if (later === null || later.ino !== found.ino || later.mtimeMs !== found.mtimeMs) continue;
    }
    context.log.log('warn', 'removed a lock file that a killed git left in a cell', { file });
    await rm(file, { force: true });
  }
}

/** Whether a git process works in the cell; null where processes can't be listed. */
async function hasLiveGit(cell: Cell): Promise<boolean | null> {
  const processes = await readdir('/proc').catch(nullIfMissing);
  if (processes === null || !processes.includes('self')) return null;
  for (const pid of processes) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8');
      if (!name.startsWith('git')) continue;
      const state = /^\d+ \(.*\) (\w)/s.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1];
      if (state === 'Z') continue;
      const folder = await readlink(`/proc/${pid}/cwd`);
      if (folder === cell.path || folder.startsWith(cell.path + sep)) return true;
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      if (command.includes(cell.path) || command.includes(cell.gitDir)) return true;
    } catch {
      // The process ended while it was looked at, or is another user's.
    }
  }
  return false;
}
