import { lstat } from 'node:fs/promises';
import type { GitResult, Unrecorded } from '../../core/ports/git.ts';
import { type CellWorktree, onCell } from './cellWorktree.ts';
import { addFilesBelow } from './embeddedContent.ts';
import { nullIfMissing, rawPath } from './fileSystemErrors.ts';
import { makeReadable } from './folderRemoval.ts';
import type { GitOutput } from './gitCommand.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';
import { addWithoutSubmodules } from './submoduleEntries.ts';
import { findUnbornRepositories, NO_COMMIT } from './unbornRepositories.ts';

/** `own` is one that Reactor made, in which it may give the owner back the rights on a file. */
type Place = Pick<CellWorktree, 'path' | 'gitDir'> & { readonly own: boolean };
type IndexVariables = Readonly<Record<'GIT_INDEX_FILE', string>>;

interface Added {
  readonly added: GitOutput;
  readonly unrecorded: readonly Unrecorded[];
}

/** What git says of a file that it can't read, and gives up, and of such a folder, of whose content it then knows nothing, and goes on. */
export const NOT_READABLE = /(?:could not open directory '|unable to stat '|open\(")[^\n]*: Permission denied/;
/** What git says, and goes on, of a folder whose path is longer than the system takes: where its sentence is cut, or why. Of a file it gives up. */
const TOO_DEEP = /(?:could not open directory|unable to stat|could not lstat) '?([^'\n]{60})[^'\n]{900,}(?:'?: File name too long|\n|$)/;
const NO_FILE = /can only add regular files/;
/** Each may bring the next to light, and an agent may be at work meanwhile. */
const MOST_ROUNDS = 5;

/**
 * Adds all of a worktree to an index. What hinders git at first is seen to: files and folders that their owner may not read become readable, repositories
 * without a commit are added by their files, and what git can't hold in the place of a tracked file is left out and told.
 */
export async function addEverything(context: RepositoryContext, place: Place, env: IndexVariables, signal?: AbortSignal): Promise<Added> {
  const unrecorded: Unrecorded[] = [];
  let unborn: readonly string[] = [];
  let isReadable = !place.own;
  for (let round = 1; ; round += 1) {
    const added = await addAll(context, place, env, unborn, signal);
    if (!isReadable && NOT_READABLE.test(added.stderr)) {
      await makeReadable(place.path);
      isReadable = true;
    } else if (added.exitCode === 0) {
      return { added: unborn.length === 0 ? added : await addFilesBelow(context, place, env, unborn, signal), unrecorded };
    } else if (round === MOST_ROUNDS) {
      return { added, unrecorded };
    } else if (NO_COMMIT.test(added.stderr)) {
      unborn = [...unborn, ...(await findUnbornRepositories(context, place, env, signal))];
    } else if (NO_FILE.test(added.stderr)) {
      unrecorded.push(...(await takeOut(context, place, env, signal)));
    } else {
      return { added, unrecorded };
    }
  }
}

/** The beginning of a sentence on what git could not look into; null when that did not happen. */
export function tooDeep(stderr: string): string | null {
  const unseen = TOO_DEEP.exec(stderr)?.[1];
  return unseen === undefined ? null : `${unseen}… is nested so deep that what is in it has no name`;
}

/** Why a worktree could not be added, in a sentence that names what hinders. */
export function notAdded(added: GitOutput): GitResult<never> {
  const file = /(?:open\("|unable to stat '|unable to index file ')([^\n]*?)["']?\)?: Permission denied/.exec(added.stderr)?.[1];
  if (file !== undefined) return refuse('failed', `${file} can't be read (permission denied), so that the worktree can't be recorded`);
  if (/SIGBUS|short read|file changed|unexpected (?:end|EOF)/i.test(added.stderr))
    return refuse('failed', 'files were changed while git was reading them: something still writes in the worktree');
  return refusalOf(added);
}

/** Takes entries out of an index in whose place is something else than a file, a link or a folder. */
async function takeOut(
  context: RepositoryContext,
  place: Place,
  env: IndexVariables,
  signal?: AbortSignal,
): Promise<readonly Unrecorded[]> {
  const listing = await context.git.text(onCell(place, ['ls-files', '--modified', '-z'], { env, encoding: 'latin1' }), signal);
  const found: { readonly path: string; readonly is: string }[] = [];
  for (const path of new Set(nulFields(listing))) {
    const stat = await lstat(rawPath(place.path, path)).catch(nullIfMissing);
    if (stat === null || stat.isFile() || stat.isSymbolicLink() || stat.isDirectory()) continue;
    found.push({ path, is: stat.isFIFO() ? 'a named pipe' : stat.isSocket() ? 'a socket' : 'a device' });
  }
  const given = { env, input: found.map(({ path }) => `${path}\0`).join(''), encoding: 'latin1' } as const;
  await context.git.text(onCell(place, ['update-index', '--force-remove', '-z', '--stdin'], given), signal);
  return found.map(({ path, is }) => ({ path: Buffer.from(path, 'latin1').toString(), is }));
}

const addAll = (
  context: RepositoryContext,
  place: Place,
  env: IndexVariables,
  without: readonly string[],
  signal?: AbortSignal,
): Promise<GitOutput> => {
  const all = ['add', '--all', '--sparse'];
  const pathspecs = [':(top)', ...without.map((path) => `:(top,exclude,literal)${path}`)].join('\0');
  const more = without.length === 0 ? [] : ['--pathspec-from-file=-', '--pathspec-file-nul'];
  const given =
    without.length === 0 ? { env } : { env: { ...env, GIT_LITERAL_PATHSPECS: '0' }, input: pathspecs, encoding: 'latin1' as const };
  const add = (settings: readonly string[]) => context.git.run(onCell(place, [...settings, ...all, ...more], given), signal);
  return addWithoutSubmodules(context, place, env, add, signal);
};
