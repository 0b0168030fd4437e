import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What may keep git from finding a repository further up. */
const BOUNDS = ['GIT_CEILING_DIRECTORIES', 'GIT_DISCOVERY_ACROSS_FILESYSTEM'];

const isGitFolder = (path: string): boolean => ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(path, name)));

/**
 * The git folder of the repository that a folder is in, found without starting git: a `.git` beside the files, in the folder or further up.
 * @returns null where git has to be asked: a linked worktree, a submodule, a bare repository, or none.
 */
export function plainCommonDir(folder: string, environment: NodeJS.ProcessEnv): string | null {
  if (BOUNDS.some((name) => environment[name] !== undefined)) return null;
  try {
    for (let at = realpathSync(folder); ; at = dirname(at)) {
      const git = join(at, '.git');
      const found = lstatSync(git, { throwIfNoEntry: false });
      if (found !== undefined) return found.isDirectory() && isGitFolder(git) && !existsSync(join(git, 'commondir')) ? git : null;
      if (isGitFolder(at) || at === dirname(at)) return null;
    }
  } catch {
    // What can't be read is git's to explain.
    return null;
  }
}
