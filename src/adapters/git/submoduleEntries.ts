import { type CellWorktree, onCell } from './cellWorktree.ts';
import type { GitOutput } from './gitCommand.ts';
import { mayHaveSubmodules } from './indexFile.ts';
import type { RepositoryContext } from './repositoryContext.ts';

type Place = Pick<CellWorktree, 'path' | 'gitDir'>;
/** Of calls that work on an index of their own. */
type IndexVariables = Readonly<Record<'GIT_INDEX_FILE', string>>;

/** Entries that are skipped stay so although their folders are there. */
const KEEP_SKIPPED = ['-c', 'sparse.expectFilesOutsideOfPatterns=true'];

/**
 * Adds to an index with git's `add` but for submodules, of which only the commit that each stands at is recorded. To see whether the files of one have
 * changed, `add` would start git in it, and that obeys the settings of whatever repository an agent has put there, filters that are programs among them.
 * @param add given the settings to be put before its arguments.
 */
export async function addWithoutSubmodules(
  context: RepositoryContext,
  place: Place,
  env: IndexVariables,
  add: (settings: readonly string[]) => Promise<GitOutput>,
  signal?: AbortSignal,
): Promise<GitOutput> {
  if (!(await mayHaveSubmodules(env.GIT_INDEX_FILE))) return add([]);
  const listing = await context.git.run(onCell(place, ['ls-files', '--stage', '-z'], { env, encoding: 'latin1' }), signal);
  if (listing.exitCode !== 0) return listing;
  const paths = [...listing.stdout.matchAll(/(?:^|\0)160000 [0-9a-f]+ 0\t([^\0]+)/g)].map((match) => match[1] ?? '');
  if (paths.length === 0) return add([]);
  const input = paths.map((path) => `${path}\0`).join('');
  const given = { env, input, encoding: 'latin1' } as const;
  const mark = (how: string) => context.git.text(onCell(place, ['update-index', how, '-z', '--stdin'], given), signal);
  await mark('--skip-worktree');
  const added = await add(KEEP_SKIPPED);
  if (added.exitCode !== 0) return added;
  await mark('--no-skip-worktree');
  return context.git.run(onCell(place, ['update-index', '--add', '--remove', '-z', '--stdin'], given), signal);
}
