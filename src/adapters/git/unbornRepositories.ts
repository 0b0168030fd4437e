import { join } from 'node:path';
import { type CellWorktree, onCell } from './cellWorktree.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

type Place = Pick<CellWorktree, 'path' | 'gitDir'>;
type Variables = Readonly<Record<string, string>>;

/** Repositories below the worktree that have no commit (`git init` and no more). Git can record them in no way and gives up. */
export async function findUnbornRepositories(
  context: RepositoryContext,
  place: Place,
  env: Variables,
  signal?: AbortSignal,
): Promise<string[]> {
  const untracked = await context.git.text(onCell(place, ['ls-files', '--others', '--exclude-standard', '-z'], { env }), signal);
  const unborn: string[] = [];
  for (const name of nulFields(untracked)) {
    if (!name.endsWith('/')) continue; // only a repository is listed as a folder
    const path = name.slice(0, -1);
    const folder = join(place.path, path);
    const args = ['rev-parse', '--quiet', '--verify', 'HEAD^{commit}'];
    // Settings of that repository may have git fetch what is missing, and name the program to do it by.
    const head = await context.git.run({ cwd: folder, args, env: { GIT_ALLOW_PROTOCOL: 'none' } }, signal);
    if (head.exitCode !== 0) unborn.push(path);
  }
  return unborn;
}
