import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { GitRepository, IncludeReport } from '../../core/ports/git.ts';
import { type CellWorktree, locateCell, onCell, worktreeKey } from './cellWorktree.ts';
import { errorCode, nullIfMissing } from './fileSystemErrors.ts';
import { IGNORED_LISTING, ignoredPaths } from './ignoredPaths.ts';
import { folderOf, IncludeCopy, UNREADABLE } from './includeCopy.ts';
import { IncludePatterns } from './includePatterns.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';
import { worktreePaths } from './worktreeList.ts';

/** Files and whole folders, relative to the top, with `/`. */
interface Selection {
  readonly files: string[];
  readonly folders: string[];
  /** Folders that could not be looked into, or are gone. */
  readonly unreadable: string[];
}

const NOTHING: IncludeReport = { files: 0, bytes: 0, cloned: false, skipped: [] };

/**
 * Copies what git ignores and a glob names from a checkout into a cell. Waits for a running `populateWorktree` of the cell.
 * What the cell's commit tracks is never overwritten, and what the cell's own rules do not ignore is left out, because it would
 * become part of the candidate: a secret in a commit.
 */
export async function includeIgnored(
  context: RepositoryContext,
  request: Parameters<GitRepository['includeIgnored']>[0],
  signal?: AbortSignal,
): Promise<IncludeReport> {
  const key = await worktreeKey(request.to);
  return context.mutex.run(
    key,
    async () => {
      const cell = await locateCell(context, key);
      if (!cell.ok) throw new Error(cell.error.message);
      const from = await realpath(request.from).catch(nullIfMissing);
      return from === null ? NOTHING : include(context, { ...request, from }, cell.value, signal);
    },
    signal,
  );
}

async function include(
  context: RepositoryContext,
  { from, globs, only, onFolder }: Parameters<GitRepository['includeIgnored']>[0],
  cell: CellWorktree,
  signal?: AbortSignal,
): Promise<IncludeReport> {
  const patterns = new IncludePatterns(globs);
  const candidates = nulFields(await context.git.text({ cwd: from, args: IGNORED_LISTING }, signal));
  const worktrees = await worktreePaths(context);
  const selected =
    only === undefined ? await select(from, candidates, patterns, worktrees) : await pick(from, candidates, patterns, worktrees, only);
  const unreadable = selected.unreadable.map((path) => ({ path, why: UNREADABLE }));
  if (selected.files.length === 0 && selected.folders.length === 0) return { ...NOTHING, skipped: unreadable };

  const tracked = nulFields(await context.git.text(onCell(cell, ['ls-files', '-z']), signal));
  const copy = new IncludeCopy({ from, to: cell.path, tracked, ...(signal === undefined ? {} : { signal }) });
  const folders = await copy.reachable(selected.folders, (path) => path);
  // A folder counts as ignored when anything new in it would be.
  const whole = await ignoredPaths(
    context,
    cell,
    folders.map((path) => `${path}/x`),
    signal,
  );
  const listed = [...selected.files];
  for (const folder of folders) {
    if (whole.has(`${folder}/x`)) await copy.folder(folder, onFolder);
    else listed.push(...(await copy.filesBelow(folder)));
  }
  const files = await copy.reachable(listed, folderOf);
  const ignoredFiles = await ignoredPaths(context, cell, files, signal);
  for (const file of files) {
    if (ignoredFiles.has(file)) await copy.file(file);
    else copy.skip(file, 'not ignored in the cell, so it would become part of the commit');
  }
  const report = copy.report();
  return { ...report, skipped: [...unreadable, ...report.skipped] };
}

/** Of some files those that would have been selected. */
async function pick(
  from: string,
  candidates: readonly string[],
  patterns: IncludePatterns,
  worktrees: readonly string[],
  only: readonly string[],
): Promise<Selection> {
  const places = new Set(candidates);
  const files: string[] = [];
  for (const path of only) {
    const folders = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
    const isIgnored = places.has(path) || folders.some((folder) => places.has(`${folder}/`));
    if (!isIgnored || !patterns.covers(path) || folders.some((folder) => worktrees.includes(join(from, folder)))) continue;
    if ((await lstat(join(from, path)).catch(nullIfMissing)) !== null) files.push(path);
  }
  return { files, folders: [], unreadable: [] };
}

/** Other worktrees may lie in an ignored folder of this one: they are never copied, only what is beside them. */
async function select(
  from: string,
  candidates: readonly string[],
  patterns: IncludePatterns,
  worktrees: readonly string[],
): Promise<Selection> {
  const selection: Selection = { files: [], folders: [], unreadable: [] };
  const visitFolder = async (path: string): Promise<void> => {
    const folder = join(from, path);
    if (worktrees.includes(folder)) return;
    const covered = patterns.covers(path);
    const holdsWorktree = worktrees.some((worktree) => worktree.startsWith(folder + sep));
    if (covered && !holdsWorktree) selection.folders.push(path);
    else if (covered || patterns.mayMatchInside(path)) await visitEntries(path);
  };
  const visitEntries = async (path: string): Promise<void> => {
    const entries = await readdir(join(from, path), { withFileTypes: true }).catch((error: unknown) => {
      if (errorCode(error) === undefined) throw error;
      selection.unreadable.push(path);
      return [];
    });
    for (const entry of entries) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) await visitFolder(child);
      else if (patterns.covers(child)) selection.files.push(child);
    }
  };
  // Git may list a folder and, again, things in it: what an outer folder has brought is not visited twice.
  const entered = new Set<string>();
  const wasEntered = (path: string): boolean => {
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) if (entered.has(path.slice(0, end))) return true;
    return false;
  };
  for (const candidate of [...candidates].sort()) {
    if (wasEntered(candidate.replace(/\/$/, ''))) continue;
    if (candidate.endsWith('/')) {
      entered.add(candidate.slice(0, -1));
      await visitFolder(candidate.slice(0, -1));
    } else if (patterns.covers(candidate)) selection.files.push(candidate);
  }
  return selection;
}
