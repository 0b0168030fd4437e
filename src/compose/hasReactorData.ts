import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import process from 'node:process';
import { dataFolderOf } from '../adapters/files/dataFolder.ts';

/**
 * Whether Reactor has a journal for the repository that a folder lies in. Looks at a handful of files, starts no process and makes nothing;
 * when in doubt the answer is no.
 */
export function hasReactorData(folder: string): boolean {
  try {
    const commonDir = commonDirOf(folder);
    return commonDir !== null && existsSync(join(dataFolderOf(commonDir, process.env), 'journal.db'));
  } catch {
    return false;
  }
}

/** As git finds it: `.git` of the folder or one above it; in a worktree that is a file that names its own folder, with `commondir` in it. */
function commonDirOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const dotGit = join(at, '.git');
    if (existsSync(dotGit)) {
      if (statSync(dotGit).isDirectory()) return dotGit;
      const named = /^gitdir: (.+)$/m.exec(shortText(dotGit) ?? '')?.[1];
      if (named === undefined) return null;
      const own = isAbsolute(named) ? named : resolve(at, named);
      const common = join(own, 'commondir');
      return existsSync(common) ? resolve(own, (shortText(common) ?? '').trim()) : own;
    }
    if (at === dirname(at)) return null;
  }
}

const LONGEST_BYTES = 16_384;

/** Null for what is no short file: a pipe would be waited for, and the folder may be one that an agent has worked in. */
function shortText(path: string): string | null {
  const stat = statSync(path);
  return stat.isFile() && stat.size <= LONGEST_BYTES ? readFileSync(path, 'utf8') : null;
}
