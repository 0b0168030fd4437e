import { type CellWorktree, onCell } from './cellWorktree.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

type Place = Pick<CellWorktree, 'path' | 'gitDir'>;
type Variables = Readonly<Record<string, string>>;

/** What git says of a repository that it can't record. */
export const NO_COMMIT = /does not have a commit checked out/;

/** Repositories below the worktree that have no commit (`git init` and no more), as `latin1`. Git can record them in no way and gives up. */
export async function findUnbornRepositories(
  context: RepositoryContext,
  place: Place,
  env: Variables,
  signal?: AbortSignal,
): Promise<string[]> {
  const untracked = await context.git.text(
    onCell(place, ['ls-files', '--others', '--exclude-standard', '-z'], { env, encoding: 'latin1' }),
    signal,
  );
  const unborn: string[] = [];
  for (const name of nulFields(untracked)) {
    if (!name.endsWith('/')) continue; // only a repository is listed as a folder
    const path = name.slice(0, -1);
    // Asked from here: a git that is started in there obeys the settings of that repository.
    const args = ['add', '--dry-run', '--sparse', '--pathspec-from-file=-', '--pathspec-file-nul'];
    const tried = await context.git.run(onCell(place, args, { env, input: path, encoding: 'latin1' }), signal);
    if (NO_COMMIT.test(tried.stderr)) unborn.push(path);
  }
  return unborn;
}
