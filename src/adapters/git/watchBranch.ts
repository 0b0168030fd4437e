import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Disposable, toDisposable } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { RepositoryContext } from './repositoryContext.ts';

/**
 * Calls `listener` after the branch may have moved, whoever moved it. Git writes a moved branch as a file of its own, so that the folder of
 * that file tells; where there is none (other ways of storing refs, a branch that only is in packed-refs) nothing is told.
 */
export function watchBranch(context: RepositoryContext, branch: string, listener: () => void): Disposable {
  const file = join(context.facts.commonDir, 'refs', 'heads', branch);
  let watcher: FSWatcher | null = null;
  const stop = (): void => {
    watcher?.close();
    watcher = null;
  };
  try {
    watcher = watch(dirname(file), { persistent: false }, (_, name) => {
      if (name === null || name === basename(file)) listener();
    });
    watcher.on('error', stop);
  } catch (error) {
    context.log.log('info', 'a branch is not watched', { branch, error: errorText(error) });
  }
  return toDisposable(stop);
}
