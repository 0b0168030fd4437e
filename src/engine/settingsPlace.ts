import type { RepositoryFacts } from '../core/ports/git.ts';
import type { Journal } from '../core/ports/journal.ts';

/**
 * Where the settings that hold for the repository as a whole are looked for: the folder in which something was last run, so that those of a part
 * of a monorepo count, else its top.
 */
export function settingsPlace(
  journal: Pick<Journal, 'recentRuns'>,
  { topLevel, commonDir }: Pick<RepositoryFacts, 'topLevel' | 'commonDir'>,
): { readonly folder: string; readonly top: string } {
  const top = topLevel ?? commonDir;
  const [last] = journal.recentRuns(1);
  const below = last !== undefined && last.spec.checkout === topLevel ? last.spec.folder : '';
  return { folder: below === '' ? top : `${top}/${below}`, top };
}
