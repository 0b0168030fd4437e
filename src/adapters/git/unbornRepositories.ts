import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CellWorktree, onCell } from './cellWorktree.ts';
import type { GitOutput } from './gitCommand.ts';
import { ignoredPaths } from './ignoredPaths.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

type Place = Pick<CellWorktree, 'path' | 'gitDir'>;
type Variables = Readonly<Record<string, string>>;

/** Repositories below the worktree that have no commit (`git init` and no more). Git can record them in no way and gives up. */
export async function findUnbornRepositories(context: RepositoryContext, place: Place, env: Variables, signal?: AbortSignal): Promise<string[]> {
  const untracked = await context.git.text(onCell(place, ['ls-files', '--others', '--exclude-standard', '-z'], { env }), signal);
  const unborn: string[] = [];
  for (const name of nulFields(untracked)) {
    if (!name.endsWith('/')) continue; // only a repository is listed as a folder
    const path = name.slice(0, -1);
    const folder = join(place.path, path);
    const head = await context.git.run({ cwd: folder, args: ['rev-parse', '--quiet', '--verify', 'HEAD^{commit}'] }, signal);
    if (head.exitCode !== 0) unborn.push(path);
  }
  return unborn;
}

/** Adds the files of such repositories as ordinary files, so that they are kept. */
export async function addUnbornRepositories(
  context: RepositoryContext,
  place: Place,
  env: Variables,
  unborn: readonly string[],
  signal?: AbortSignal,
): Promise<GitOutput> {
  const files: string[] = [];
  for (const path of unborn) await collectFiles(place.path, path, files);
  const left = await ignoredPaths(context, place, files, signal);
  const input = files.filter((file) => !left.has(file)).map((file) => `${file}\0`);
  return context.git.run(onCell(place, ['update-index', '--add', '-z', '--stdin'], { env, input: input.join('') }), signal);
}

async function collectFiles(top: string, folder: string, into: string[]): Promise<void> {
  for (const entry of await readdir(join(top, folder))) {
    if (entry.toLowerCase() === '.git') continue;
    const path = `${folder}/${entry}`;
    const stat = await lstat(join(top, path));
    if (stat.isDirectory()) await collectFiles(top, path, into);
    else if (stat.isFile() || stat.isSymbolicLink()) into.push(path);
  }
}
