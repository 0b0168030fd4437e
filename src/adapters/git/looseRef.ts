import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid } from '../../core/ports/git.ts';

/** Refs that all worktrees share, by names that git would take. What ends in `.lock` is a value on its way. */
const PLAIN = /^refs\/(heads|tags|reactor)(\/(?!\.)[^/\0]+)+(?<!\.lock)$/;
const ONE_VALUE = /^([0-9a-f]{40}(?:[0-9a-f]{24})?)\n?$/;

/**
 * The value of a ref that has a file of its own, which counts before all others. Git replaces such a file whole.
 * @returns null where git has to be asked: the ref is packed, symbolic or not there, or refs are stored in another way.
 */
export async function looseRef(commonDir: string, ref: string): Promise<Oid | null> {
  if (!PLAIN.test(ref) || ref.includes('.lock/')) return null;
  const text = await readFile(join(commonDir, ref), 'latin1').catch(() => null);
  return ONE_VALUE.exec(text ?? '')?.[1] ?? null;
}
