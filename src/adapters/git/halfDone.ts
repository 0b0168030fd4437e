import { randomUUID } from 'node:crypto';
import { copyFile, lstat, readFile, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CheckoutMove, Oid } from '../../core/ports/git.ts';
import { nullIfCoded, nullIfMissing } from './fileSystemErrors.ts';
import type { GitCall } from './gitCommand.ts';
import { mayBeHeld } from './lockHolders.ts';
import { emptyTree } from './noCommit.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

/** A move of a person's checkout that may have been cut short. */
export interface Cut extends CheckoutMove {
  readonly gitDir: string;
}

/** What is known of a git that this process has started for it and that did not end by itself. */
export interface Killed {
  /** The locks that were there before. */
  readonly locksBefore: readonly string[];
}

/**
 * What was found. `whole`: index and files are those of the commit it was to move to, and only the branch is not. `part`: some of the files
 * are, and here is what takes them back. `none`: nothing is. `foreign`: something there is not ours.
 */
type Found =
  | { readonly kind: 'whole' | 'none' | 'foreign' }
  | { readonly kind: 'part'; readonly restore: readonly string[]; readonly remove: readonly string[]; readonly isAll: boolean };

interface Change {
  readonly path: string;
  readonly modes: readonly [string, string];
}

const GITLINK = '160000';
const NOTHING = '000000';

const inCheckout = ({ path }: Cut, args: readonly string[], more: Omit<GitCall, 'args' | 'cwd'> = {}): GitCall => ({
  ...more,
  args,
  cwd: path,
});

/** What git locks on its way, in the order it does. */
const lockFilesOf = ({ facts }: RepositoryContext, { gitDir, branch }: Cut): readonly string[] => [
  join(gitDir, 'ORIG_HEAD.lock'),
  join(gitDir, 'index.lock'),
  join(gitDir, 'HEAD.lock'),
  join(facts.commonDir, 'refs', 'heads', `${branch}.lock`),
];

export async function locksOn(context: RepositoryContext, cut: Cut): Promise<readonly string[]> {
  const isThere = async (file: string) => ((await lstat(file).catch(nullIfMissing)) === null ? [] : [file]);
  return (await Promise.all(lockFilesOf(context, cut).map(isThere))).flat();
}

/**
 * Puts right what a git that was to make this move has left when it was killed on the way. Only when all that differs there from the commit
 * that is checked out is, byte for byte, what that git had to write (INV-010); the locks among it only when nobody has them open, and
 * they hold nothing else either.
 * @returns whether the move can be made now; false with nothing touched.
 */
export async function mendHalfDone(context: RepositoryContext, cut: Cut, killed: Killed | null = null): Promise<boolean> {
  const locks = await locksOn(context, cut);
  if (locks.length > 0 && ((await mayBeHeld(locks)) || !(await areOurs(context, cut, locks)))) return false;
  const found = await look(context, cut, locks.length > 0 || killed !== null);
  const areNew = killed !== null && locks.every((lock) => !killed.locksBefore.includes(lock));
  // Git writes files only while it has the lock. Where none is written, nothing but our own memory tells whose lock it is.
  const isOurs = found.kind === 'whole' || (found.kind === 'part' && (found.isAll || locks.length > 0 || areNew));
  if (!isOurs && !(found.kind === 'none' && areNew)) return false;
  await Promise.all(locks.map((lock) => rm(lock, { force: true })));
  if (found.kind === 'part') await takeBack(context, cut, found);
  context.log.log('warn', 'what a killed git had left in a checkout is put right', { path: cut.path, found: found.kind, locks });
  return true;
}

/** Empty, as before git has written what it locks; or the very thing that it was to write. */
async function areOurs(context: RepositoryContext, cut: Cut, locks: readonly string[]): Promise<boolean> {
  for (const lock of locks) {
    const content = await readFile(lock).catch(nullIfCoded);
    if (content === null) return false;
    if (content.length === 0 || content.toString('latin1') === `${lock.endsWith('ORIG_HEAD.lock') ? cut.expected : cut.to}\n`) continue;
    if (!lock.endsWith('index.lock') || !(await withIndex(cut, lock, (env) => indexIs(context, cut, cut.to, env)))) return false;
  }
  return true;
}

const indexIs = async (context: RepositoryContext, cut: Cut, state: Oid, env: Readonly<Record<string, string>> = {}): Promise<boolean> =>
  (await context.git.run(inCheckout(cut, ['diff-index', '--cached', '--quiet', state, '--'], { env }))).exitCode === 0;

/** Works on a copy of an index; without one, on an empty one. */
async function withIndex<T>({ gitDir }: Cut, from: string, work: (env: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
  const file = join(gitDir, `reactor-index-${randomUUID()}`);
  try {
    await copyFile(from, file).catch(nullIfMissing);
    return await work({ GIT_INDEX_FILE: file });
  } finally {
    await rm(file, { force: true });
    await rm(`${file}.lock`, { force: true });
  }
}

/** @param wasCut a file may be missing, or end early, where git was killed while it wrote it. */
async function look(context: RepositoryContext, cut: Cut, wasCut: boolean): Promise<Found> {
  const before = cut.expected ?? (await emptyTree(context));
  const changed = await changedFiles(context, cut);
  const changes = await changesBetween(context, cut, before);
  if (!(await indexIs(context, cut, before))) {
    const gone = [...changes.values()].filter(({ modes }) => modes[1] === NOTHING);
    const isWhole = changed.length === 0 && (await indexIs(context, cut, cut.to)) && (await thereOf(cut, gone)).length === 0;
    return { kind: isWhole ? 'whole' : 'foreign' };
  }
  if (changed.some((path) => !changes.has(path))) return { kind: 'foreign' };
  const added = [...changes.values()].filter(({ modes }) => modes[0] === NOTHING);
  const there = await thereOf(cut, added);
  const touched = [...changed, ...there];
  if (touched.length === 0) return { kind: 'none' };
  const folders = new Set([...changes.keys()].flatMap(foldersAbove));
  const differing = await differingFrom(context, cut);
  let isAll = touched.length === changes.size;
  for (const path of touched) {
    const change = changes.get(path);
    // A folder that becomes a file, or a file a folder, is not taken back.
    const isInTheWay = folders.has(path) || foldersAbove(path).some((folder) => changes.has(folder));
    if (change === undefined || change.modes.includes(GITLINK) || isInTheWay) return { kind: 'foreign' };
    const isGone = change.modes[1] === NOTHING;
    if (isGone ? !(await isThere(cut, path)) : !differing.has(path)) continue;
    isAll = false;
    if (isGone || !wasCut || !(await isBegun(context, cut, path))) return { kind: 'foreign' };
  }
  return { kind: 'part', restore: changed, remove: there, isAll };
}

const isThere = async ({ path }: Cut, file: string): Promise<boolean> => (await lstat(join(path, file)).catch(nullIfMissing)) !== null;

const thereOf = async (cut: Cut, changes: readonly Change[]): Promise<readonly string[]> =>
  (await Promise.all(changes.map(async ({ path }) => ((await isThere(cut, path)) ? [path] : [])))).flat();

const foldersAbove = (path: string): string[] => {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.push(folder);
  return folders;
};

/** Files that are not as the index has them. */
async function changedFiles(context: RepositoryContext, cut: Cut): Promise<readonly string[]> {
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=no', '--ignore-submodules=dirty', '--no-renames'];
  const records = nulFields(await context.git.text(inCheckout(cut, args)));
  // 1 XY sub mH mI mW hH hI path
  return records.filter((record) => /^1 .[^.] /.test(record)).map((record) => record.split(' ').slice(8).join(' '));
}

async function changesBetween(context: RepositoryContext, cut: Cut, before: Oid): Promise<ReadonlyMap<string, Change>> {
  const fields = nulFields(await context.git.text(inCheckout(cut, ['diff-tree', '-r', '-z', '--raw', '--no-renames', before, cut.to])));
  const changes = new Map<string, Change>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [from = '', to = ''] = (fields[at] ?? '').slice(1).split(' ');
    const path = fields[at + 1] ?? '';
    changes.set(path, { path, modes: [from, to] });
  }
  return changes;
}

/** Files that are not as in the commit it was to move to, by git's own comparison. */
function differingFrom(context: RepositoryContext, cut: Cut): Promise<ReadonlySet<string>> {
  return withIndex(cut, join(cut.gitDir, 'index'), async (env) => {
    await context.git.text(inCheckout(cut, ['read-tree', '--reset', cut.to], { env }));
    await context.git.run(inCheckout(cut, ['update-index', '-q', '--refresh'], { env }));
    return new Set(nulFields(await context.git.text(inCheckout(cut, ['diff-files', '-z', '--name-only'], { env }))));
  });
}

/** Not there yet, or a beginning of what git was writing. */
async function isBegun(context: RepositoryContext, cut: Cut, path: string): Promise<boolean> {
  const file = join(cut.path, path);
  const found = await lstat(file).catch(nullIfMissing);
  if (found === null) return true;
  if (!found.isFile()) return false;
  const whole = await context.git.bytes(inCheckout(cut, ['cat-file', '--filters', `${cut.to}:${path}`]));
  if (whole.exitCode !== 0 || whole.truncated || found.size >= whole.stdout.length) return false;
  return (await readFile(file)).equals(whole.stdout.subarray(0, found.size));
}

async function takeBack(context: RepositoryContext, cut: Cut, found: Extract<Found, { kind: 'part' }>): Promise<void> {
  for (const path of found.remove) {
    await unlink(join(cut.path, path)).catch(nullIfMissing);
    await removeEmptyFolders(cut, dirname(path));
  }
  if (found.restore.length === 0) return;
  const input = found.restore.map((path) => `${path}\0`).join('');
  await context.git.text(inCheckout(cut, ['checkout-index', '--force', '-u', '-z', '--stdin'], { input }));
}

/** As git does with the folders of a file that goes. */
async function removeEmptyFolders({ path }: Cut, below: string): Promise<void> {
  for (let folder = below; folder !== '.'; folder = dirname(folder)) {
    const gone = await rmdir(join(path, folder)).then(
      () => true,
      () => false,
    );
    if (!gone) return;
  }
}
