import { ok } from '../../base/result.ts';
import type { GitResult, Oid } from '../../core/ports/git.ts';
import { refusalOf } from './gitRefusals.ts';
import { nulFields } from './nulFields.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

const AT = '@0 +0000';
const NOBODY = {
  GIT_AUTHOR_NAME: 'Reactor',
  GIT_AUTHOR_EMAIL: 'reactor@localhost',
  GIT_AUTHOR_DATE: AT,
  GIT_COMMITTER_NAME: 'Reactor',
  GIT_COMMITTER_EMAIL: 'reactor@localhost',
  GIT_COMMITTER_DATE: AT,
};

export const emptyTree = async (context: RepositoryContext, signal?: AbortSignal): Promise<Oid> =>
  (await context.git.text(onRepository(context, ['hash-object', '-t', 'tree', '-w', '--stdin'], { input: '' }), signal)).trim();

/** A commit of the empty tree whose every byte is settled, so that all runs of a repository have the same one. */
export async function emptyCommit(context: RepositoryContext, signal?: AbortSignal): Promise<GitResult<Oid>> {
  const args = ['-c', 'i18n.commitEncoding=UTF-8', 'commit-tree', '--no-gpg-sign', '-m', 'No commit yet', await emptyTree(context, signal)];
  const commit = await context.git.run(onRepository(context, args, { env: NOBODY }), signal);
  return commit.exitCode === 0 ? ok(commit.stdout.trim()) : refusalOf(commit);
}

export async function countFiles(context: RepositoryContext, signal?: AbortSignal): Promise<number> {
  if (context.facts.topLevel === null) return 0;
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  return nulFields(await context.git.text(onRepository(context, args), signal)).length;
}
