import { lstat, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ok } from '../../base/result.ts';
import type { CheckoutMove, CheckoutState, GitRefusal, GitResult, Oid } from '../../core/ports/git.ts';
import { locateCell } from './cellWorktree.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import type { GitCall, GitOutput } from './gitCommand.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { locksOn, mendHalfDone } from './halfDone.ts';
import { mayBeWorkedOn } from './lockHolders.ts';
import { emptyTree } from './noCommit.ts';
import { nulFields } from './nulFields.ts';
import { branchInFiles } from './refInFiles.ts';
import type { RepositoryContext } from './repositoryContext.ts';
import { retryLocked } from './retryLocked.ts';
import { listWorktrees } from './worktreeList.ts';

/** What a file or folder in a worktree's git folder says is going on. */
const IN_PROGRESS: readonly (readonly [string, string])[] = [
  ['MERGE_HEAD', 'a merge in progress'],
  ['rebase-merge', 'a rebase in progress'],
  ['rebase-apply', 'a rebase or a series of patches in progress'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick in progress'],
  ['REVERT_HEAD', 'a revert in progress'],
  ['BISECT_LOG', 'a bisect in progress'],
];

/** Calls in a person's checkout use its own repository discovery, as the person's own git would. */
const inCheckout = (path: string, args: readonly string[], more: Omit<GitCall, 'args' | 'cwd'> = {}): GitCall => ({
  ...more,
  args,
  cwd: path,
});

/** Git is asked only where it would be found in another way than by a folder of its own. */
async function gitDirOf(context: RepositoryContext, path: string, signal?: AbortSignal): Promise<string> {
  const own = join(path, '.git');
  if ((await lstat(own).catch(nullIfMissing))?.isDirectory() === true) return own;
  return (await context.git.text(inCheckout(path, ['rev-parse', '--absolute-git-dir']), signal)).replace(/\n$/, '');
}

/** Where a branch is checked out. A worktree that is rebasing or bisecting the branch has it too, though its HEAD is detached. */
export async function checkoutOf(context: RepositoryContext, branch: string, signal?: AbortSignal): Promise<CheckoutState | null> {
  const path = await checkoutPathOf(context, branch, signal);
  if (path === null) return null;
  if (await isCell(context, path)) return { path, clean: false, unfinished: [OF_A_CELL] };
  const { unfinished } = await unfinishedIn(context, path, await gitDirOf(context, path, signal), signal);
  return { path, clean: unfinished.length === 0, unfinished };
}

/** The same without a look at the files there. */
export async function checkoutPathOf(context: RepositoryContext, branch: string, signal?: AbortSignal): Promise<string | null> {
  // The usual case, told by the file that git itself reads.
  if ((await branchInFiles(context.facts)) === branch) return context.facts.topLevel;
  for (const [index, entry] of (await listWorktrees(context, signal)).entries()) {
    if (entry.branch !== branch && (entry.branch !== null || entry.head === null)) continue;
    if ((await lstat(entry.path).catch(nullIfMissing)) === null) continue;
    if (index > 0 && !(await isOurs(context, entry.path, signal))) continue;
    if (entry.branch === branch) return entry.path;
    // What an agent is in the middle of is of its own branch.
    if (await isCell(context, entry.path)) continue;
    if (await isWorkingOn(await gitDirOf(context, entry.path, signal), branch)) return entry.path;
  }
  return null;
}

/** What an agent made of its worktree no git is started in: that would obey a `.git` file of the agent's. */
const isCell = async (context: RepositoryContext, path: string): Promise<boolean> => (await locateCell(context, path)).ok;
const OF_A_CELL = 'the work of a cell';

/** False where a linked worktree was deleted without git, and its place holds something else now, such as a clone. */
async function isOurs(context: RepositoryContext, path: string, signal?: AbortSignal): Promise<boolean> {
  if (await isCell(context, path)) return true;
  if ((await lstat(join(path, '.git')).catch(nullIfMissing)) === null) return false;
  const common = await context.git.text(inCheckout(path, ['rev-parse', '--git-common-dir']), signal);
  const [found, own] = await Promise.all([realpath(resolve(path, common.replace(/\n$/, ''))), realpath(context.facts.commonDir)]);
  return found === own;
}

async function isWorkingOn(gitDir: string, branch: string): Promise<boolean> {
  for (const file of ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START']) {
    const name = (await readFile(join(gitDir, file), 'utf8').catch(nullIfMissing))?.trim();
    if (name === `refs/heads/${branch}` || name === branch) return true;
  }
  return false;
}

const CHANGED = 'staged or changed files';

interface Found {
  readonly unfinished: string[];
  /** What is checked out; null for no branch, or no commit. */
  readonly branch: string | null;
  readonly tip: Oid | null;
}

async function unfinishedIn(context: RepositoryContext, path: string, gitDir: string, signal?: AbortSignal): Promise<Found> {
  const args = ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=no', '--ignore-submodules=dirty', '--no-renames'];
  const records = nulFields(await context.git.text(inCheckout(path, args), signal));
  const unfinished: string[] = [];
  if (records.some((record) => record.startsWith('u '))) unfinished.push('unmerged files');
  if (records.some((record) => /^[12] /.test(record))) unfinished.push(CHANGED);
  for (const [name, meaning] of IN_PROGRESS) {
    if ((await lstat(join(gitDir, name)).catch(nullIfMissing)) !== null) unfinished.push(meaning);
  }
  const header = (name: string): string => records.find((record) => record.startsWith(`# ${name} `))?.slice(name.length + 3) ?? '';
  const [head, tip] = [header('branch.head'), header('branch.oid')];
  return { unfinished, branch: head === '(detached)' || head === '' ? null : head, tip: /^[0-9a-f]{40,64}$/.test(tip) ? tip : null };
}

/** Moves a checked-out branch and its clean working tree forward, with the user's hooks. Anything in the way is a refusal and stays as it is. */
export function fastForwardCheckout(context: RepositoryContext, request: CheckoutMove, signal?: AbortSignal): Promise<GitResult<void>> {
  return context.mutex.run(request.path, () => fastForward(context, request, signal), signal);
}

async function fastForward(context: RepositoryContext, request: CheckoutMove, signal?: AbortSignal): Promise<GitResult<void>> {
  const { path, branch, to, expected } = request;
  if (await isCell(context, path)) return refuse('dirty', `${path} has ${OF_A_CELL}.`);
  const gitDir = await gitDirOf(context, path, signal);
  const cut = { ...request, gitDir };
  const found = await unfinishedIn(context, path, gitDir, signal);
  if (found.branch !== branch) return refuse('refMoved', `${path} no longer has ${branch} checked out.`);
  if (found.tip !== expected) return refuse('refMoved', `${branch} is at ${found.tip ?? 'no commit'}, not at ${expected ?? 'no commit'}.`);
  const { unfinished } = found;
  const mayBeOurs = unfinished.join() === CHANGED || (unfinished.length === 0 && (await locksOn(context, cut)).length > 0);
  const isMended = mayBeOurs && (await mendHalfDone(context, cut));
  if (unfinished.length > 0 && !isMended) return refuse('dirty', `${path} has ${unfinished.join(' and ')}.`);

  // Ignored files are somebody's too: without --no-overwrite-ignore git would replace them without a word.
  const args =
    expected === null
      ? // `git merge` would move a branch that somebody has made meanwhile.
        ['checkout', '-b', branch, '--no-track', '--no-overwrite-ignore', '--quiet', to, '--']
      : ['merge', '--ff-only', '--no-overwrite-ignore', '--no-autostash', '--no-stat', '--quiet', to];
  const locksBefore = await locksOn(context, cut);
  const move = () => retryLocked(context.clock, () => context.git.run(inCheckout(path, args, { hooks: true }), signal), signal);
  let output = await move();
  const wasKilled = output.exitCode < 0;
  if ((wasKilled || MET.has(codeOf(output))) && (await mendHalfDone(context, cut, wasKilled ? { locksBefore } : null)))
    output = await move();
  // What a hook after a checkout answers is git's answer, too.
  if (output.exitCode === 0 || (expected === null && (await headOf(context, path)) === to)) return ok(undefined);
  await undoFiles(context, { path, to, expected });
  if (expected === null && /a branch named .* already exists/.test(output.stderr)) return refuse('refMoved', output.stderr.trim());
  if (/Not possible to fast-forward|Diverging branches/i.test(output.stderr))
    return refuse('refMoved', `${to} does not follow on ${branch}.`);
  return refusalOf(output);
}

/** What a git that meets what another has left half way says of it. */
const MET: ReadonlySet<GitRefusal['code'] | null> = new Set(['locked', 'dirty']);

const codeOf = (output: GitOutput): GitRefusal['code'] | null => (output.exitCode === 0 ? null : refusalOf(output).error.code);

/** See `GitRepository.takeBackCheckout`. */
export function takeBackCheckout(context: RepositoryContext, request: CheckoutMove, signal?: AbortSignal): Promise<boolean> {
  return context.mutex.run(request.path, () => takeBack(context, request, signal), signal);
}

async function takeBack(context: RepositoryContext, request: CheckoutMove, signal?: AbortSignal): Promise<boolean> {
  const { path, branch, expected } = request;
  if (await isCell(context, path)) return false;
  const gitDir = await gitDirOf(context, path, signal);
  const cut = { ...request, gitDir };
  const { branch: on, tip, unfinished } = await unfinishedIn(context, path, gitDir, signal);
  if (on !== branch || tip !== expected || (unfinished.length > 0 && unfinished.join() !== CHANGED)) return false;
  if (unfinished.length === 0 && (await locksOn(context, cut)).length === 0) return false;
  // A git that outlived its engine may be about to move the branch.
  if ((await mayBeWorkedOn(path)) || !(await mendHalfDone(context, cut))) return false;
  await undoFiles(context, request);
  return true;
}

async function headOf(context: RepositoryContext, path: string): Promise<Oid | null> {
  return (await context.git.run(inCheckout(path, ['rev-parse', '--quiet', '--verify', 'HEAD']))).stdout.trim() || null;
}

/**
 * Git writes the files of a fast-forward before it moves the branch, and leaves them when it may not move it, as where a hook refuses. They go back to
 * the commit that is still checked out, or away where there is none; git itself refuses where somebody has changed one meanwhile.
 */
async function undoFiles(context: RepositoryContext, { path, to, expected }: Omit<CheckoutMove, 'branch'>): Promise<void> {
  if ((await headOf(context, path)) !== expected) return;
  const isAt = async (state: Oid): Promise<boolean> =>
    (await context.git.run(inCheckout(path, ['diff-index', '--cached', '--quiet', state, '--']))).exitCode === 0;
  const before = expected ?? (await emptyTree(context));
  if ((await isAt(before)) || !(await isAt(to))) return;
  const undone = await retryLocked(context.clock, () => context.git.run(inCheckout(path, ['read-tree', '-m', '-u', to, before])));
  if (undone.exitCode !== 0) context.log.log('warn', 'files of a move that git refused are left', { path, stderr: undone.stderr });
}
