import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type CellWorktree, onCell } from './cellWorktree.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { nulFields } from './nulFields.ts';
import type { RepositoryContext } from './repositoryContext.ts';

/** All that a change may bring in, as long as the files say they are: one with holes takes no room and hours to read. */
const MOST_BYTES = 8e9;
/** Smaller ones are not counted. */
const COUNTED_FROM = 64e6;

const GB = 1e9;

/** Says what is too much when changed files and new ones that are not ignored are longer than a change may be; null when they are not. */
export async function tooMuchChanged(
  context: RepositoryContext,
  place: Pick<CellWorktree, 'path' | 'gitDir'>,
  signal: AbortSignal,
): Promise<string | null> {
  const sizes = new Map<string, number>();
  await findLong(place.path, place.path, sizes, signal);
  if (sum(sizes.values()) <= MOST_BYTES) return null;
  const args = ['ls-files', '-z', '--modified', '--others', '--exclude-standard', '--', ...[...sizes.keys()].slice(0, 1000)];
  const listing = await context.git.text(onCell(place, args), signal);
  const changed = [...new Set(nulFields(listing))].map((path) => ({ path, bytes: sizes.get(path) ?? 0 }));
  const total = sum(changed.map(({ bytes }) => bytes));
  const [largest] = changed.sort((a, b) => b.bytes - a.bytes);
  if (largest === undefined || total <= MOST_BYTES) return null;
  const whole = changed.length === 1 ? '' : `, ${Math.round(total / GB)} GB together with others`;
  return `${largest.path} is ${Math.round(largest.bytes / GB)} GB long${whole}, and ${MOST_BYTES / GB} GB is the most that a change may bring in (what git ignores does not count)`;
}

async function findLong(top: string, folder: string, into: Map<string, number>, signal: AbortSignal): Promise<void> {
  for (const entry of (await readdir(folder, { withFileTypes: true }).catch(nullIfMissing)) ?? []) {
    signal.throwIfAborted();
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== '.git') await findLong(top, path, into, signal);
    else if (entry.isFile()) {
      const size = (await lstat(path).catch(nullIfMissing))?.size ?? 0;
      if (size >= COUNTED_FROM) into.set(relative(top, path), size);
    }
  }
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, next) => total + next, 0);
