import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { type CellWorktree, onCell } from './cellWorktree.ts';
import { nullIfMissing, rawPath } from './fileSystemErrors.ts';
import type { GitOutput } from './gitCommand.ts';
import { gitLinkOf } from './gitLink.ts';
import { ignoredPaths } from './ignoredPaths.ts';
import { mayHaveSubmodules } from './indexFile.ts';
import type { RepositoryContext } from './repositoryContext.ts';

type Place = Pick<CellWorktree, 'path' | 'gitDir'>;
type Variables = Readonly<Record<string, string>>;

/**
 * The tree of an index with the files of repositories below the worktree in place of their commits, for those whose content would
 * otherwise be lost with the worktree; null when there are none. Changes the index.
 */
export async function treeWithEmbedded(
  context: RepositoryContext,
  place: Place,
  env: Readonly<Record<'GIT_INDEX_FILE', string>>,
  signal?: AbortSignal,
): Promise<{ readonly tree: string | null; readonly hasRepositories: boolean }> {
  if (!(await mayHaveSubmodules(env.GIT_INDEX_FILE))) return { tree: null, hasRepositories: false };
  const listing = await context.git.text(onCell(place, ['ls-files', '--stage', '-z'], { env, encoding: 'latin1' }), signal);
  const unsaved: string[] = [];
  for (const match of listing.matchAll(/(?:^|\0)160000 ([0-9a-f]+) \d\t([^\0]+)/g)) {
    const [, commit = '', path = ''] = match;
    if (!(await isSaved(context, place, path, commit, signal))) unsaved.push(path);
  }
  const hasRepositories = /(?:^|\0)160000 /.test(listing);
  if (unsaved.length === 0) return { tree: null, hasRepositories };
  const input = unsaved.map((path) => `${path}\0`).join('');
  const given = { env, input, encoding: 'latin1' } as const;
  await context.git.text(onCell(place, ['update-index', '--force-remove', '-z', '--stdin'], given), signal);
  const added = await addFilesBelow(context, place, env, unsaved, signal);
  if (added.exitCode !== 0) throw new Error(`files of embedded repositories could not be kept: ${added.stderr.trim()}`);
  const tree = (await context.git.text(onCell(place, ['write-tree'], { env }), signal)).trim();
  return { tree, hasRepositories };
}

/**
 * Adds the files below folders as ordinary files, except those that the worktree's rules ignore and the inside of `.git`.
 * @param folders as `latin1`.
 */
export async function addFilesBelow(
  context: RepositoryContext,
  place: Place,
  env: Variables,
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<GitOutput> {
  const files: string[] = [];
  for (const folder of folders) await collectFiles(place.path, folder, files);
  const left = await ignoredPaths(context, place, files, signal, 'latin1');
  const input = files.filter((file) => !left.has(file)).map((file) => `${file}\0`);
  const given = { env, input: input.join(''), encoding: 'latin1' } as const;
  return context.git.run(onCell(place, ['update-index', '--add', '-z', '--stdin'], given), signal);
}

async function collectFiles(top: string, folder: string, into: string[]): Promise<void> {
  for (const entry of await readdir(rawPath(top, folder), 'latin1')) {
    if (entry.toLowerCase() === '.git') continue;
    const path = `${folder}/${entry}`;
    const stat = await lstat(rawPath(top, path));
    if (stat.isDirectory()) await collectFiles(top, path, into);
    else if (stat.isFile() || stat.isSymbolicLink()) into.push(path);
  }
}

/** Whether a submodule is empty, or a clone that Reactor made, without changes, at a commit that its source has too. */
async function isSaved(context: RepositoryContext, place: Place, path: string, commit: string, signal?: AbortSignal): Promise<boolean> {
  const raw = rawPath(place.path, path);
  const stat = await lstat(raw).catch(nullIfMissing);
  if (stat === null || !stat.isDirectory() || (await readdir(raw)).length === 0) return true;
  const folder = raw.toString();
  const gitDir = await gitLinkOf(folder);
  // In any other spelling, as with `..` in it, it may be a repository of the agent's, whose settings git would obey.
  if (gitDir === null || gitDir !== resolve(gitDir) || !gitDir.startsWith(join(place.gitDir, 'modules') + sep)) return false;
  const objects = (await readFile(join(gitDir, 'objects/info/alternates'), 'utf8').catch(nullIfMissing))?.replace(/\n$/, '');
  if (objects === undefined) return false;
  const source = objects.slice(0, -'/objects'.length);
  const has = await context.git.run({ cwd: place.path, args: [`--git-dir=${source}`, 'cat-file', '-e', `${commit}^{commit}`] }, signal);
  if (has.exitCode !== 0) return false;
  const nested = await context.git.run(onCell({ path: folder, gitDir }, ['ls-files', '--stage', '-z'], { encoding: 'latin1' }), signal);
  for (const [, inner = '', at = ''] of nested.stdout.matchAll(/(?:^|\0)160000 ([0-9a-f]+) \d\t([^\0]+)/g))
    if (!(await isSaved(context, { path: folder, gitDir }, at, inner, signal))) return false;
  // Looked at above, as git would start itself in what lies there and obey its settings.
  const args = ['status', '--porcelain', '-z', '--untracked-files=all', '--ignore-submodules=dirty'];
  const changed = await context.git.run(onCell({ path: folder, gitDir }, args), signal);
  return changed.exitCode === 0 && changed.stdout === '';
}
