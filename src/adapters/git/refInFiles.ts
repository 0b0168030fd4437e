import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid, RepositoryFacts } from '../../core/ports/git.ts';
import { nullIfMissing } from './fileSystemErrors.ts';

/** Refs that all worktrees share, by names that git would take. What ends in `.lock` is a value on its way. */
const PLAIN = /^refs\/(heads|tags|reactor)(\/(?!\.)[^/\0\n]+)+(?<!\.lock)$/;
const ONE_VALUE = /^([0-9a-f]{40}(?:[0-9a-f]{24})?)\n?$/;
/** A longer list of packed refs is looked through faster by git. */
const MOST_BYTES = 256 * 1024;

/**
 * The value of a ref, read from the files that git itself would read: its own, which counts first and is replaced whole, and the list of packed ones.
 * @returns null when there is no such ref; undefined where git has to be asked: the ref is symbolic, or refs are stored in another way.
 */
export async function refInFiles(commonDir: string, ref: string): Promise<Oid | null | undefined> {
  if (!PLAIN.test(ref) || ref.includes('.lock/')) return undefined;
  try {
    const own = await readFile(join(commonDir, ref), 'latin1').catch(nullIfMissing);
    if (own !== null) return ONE_VALUE.exec(own)?.[1];
    // Where refs are stored in another way this is no folder.
    if (!(await lstat(join(commonDir, 'refs/heads'))).isDirectory()) return undefined;
    const packed = join(commonDir, 'packed-refs');
    const { size } = (await lstat(packed).catch(nullIfMissing)) ?? { size: 0 };
    if (size === 0) return null;
    if (size > MOST_BYTES) return undefined;
    const list = await readFile(packed, 'latin1');
    const end = list.indexOf(` ${Buffer.from(ref).toString('latin1')}\n`);
    return end < 0 ? null : ONE_VALUE.exec(list.slice(list.lastIndexOf('\n', end) + 1, end))?.[1];
  } catch {
    return undefined;
  }
}

/** The branch of a checkout that has the repository's git folder in it; null for any other, and where it has none checked out. */
export async function branchInFiles({ commonDir, topLevel }: RepositoryFacts): Promise<string | null> {
  if (topLevel === null || commonDir !== join(topLevel, '.git')) return null;
  const [folder, head] = await Promise.all([lstat(commonDir), readFile(join(commonDir, 'HEAD'), 'utf8')]).catch(() => [null, ''] as const);
  return folder?.isDirectory() === true ? (/^ref: refs\/heads\/(.+)\n$/.exec(head)?.[1] ?? null) : null;
}
