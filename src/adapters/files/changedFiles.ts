import { randomUUID } from 'node:crypto';
import { lstat, realpath, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { execa } from 'execa';
import type { ChangedFiles, DataFiles } from '../../core/ports/files.ts';
import { changedBelow } from './changedBelow.ts';

const LIMIT_MS = 60_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Starting points on one command line at most. */
const AT_ONCE = 500;

type Search = Parameters<DataFiles['changedSince']>[0];
type Moment = Pick<Search, 'folder' | 'since'>;

/** Where a search begins. */
interface Root {
  /** As what is found there is told, below the folder. */
  readonly path: string;
  /** As `find` is told. */
  readonly at: string;
}

/**
 * By `find`, which looks at many files faster than this process could, and beside it. By the time of the last change of the inode: no program can
 * set that, short of the machine's clock.
 */
export async function changedSince(search: Search, signal?: AbortSignal): Promise<ChangedFiles> {
  const roots = await rootsIn(search, signal);
  return changedAt(search, roots, [], signal);
}

/** As `changedSince`, in these places below a folder and without what has one of the names; links are not followed. */
export function changedIn(
  { places, without, ...search }: Moment & { readonly places: readonly string[]; readonly without: readonly string[] },
  signal?: AbortSignal,
): Promise<ChangedFiles> {
  const isLeft = (path: string): boolean => path.split('/').some((part) => without.includes(part));
  const roots = places.map((place) => place.replace(/\/$/, '')).filter((path) => !isLeft(path));
  return changedAt(
    search,
    roots.map((path) => ({ path, at: `./${path}` })),
    without,
    signal,
  );
}

async function changedAt(search: Moment, roots: readonly Root[], without: readonly string[], signal?: AbortSignal): Promise<ChangedFiles> {
  if (roots.length === 0) return { paths: [], isWhole: true };
  const mark = join(tmpdir(), `reactor-since-${randomUUID()}`);
  try {
    await writeFile(mark, '', { flag: 'wx', mode: 0o600 });
    // A moment is told without its fraction of a millisecond: what was done before it in that millisecond was done before it.
    const passed = (search.since + 1) / 1000;
    await utimes(mark, passed, passed);
    const paths: string[] = [];
    let isWhole = true;
    for (let at = 0; at < roots.length; at += AT_ONCE) {
      const some = roots.slice(at, at + AT_ONCE);
      const found = await newer(search, some, { mark, without }, signal);
      isWhole &&= found.isWhole;
      paths.push(...found.lines.map((line) => told(line, some)));
    }
    return { paths: [...new Set(paths)], isWhole };
  } finally {
    await rm(mark, { force: true });
  }
}

/** Some systems' `find` (BusyBox) does not look at that time: there this process does. */
async function newer(
  { folder, since }: Moment,
  roots: readonly Root[],
  { mark, without }: { readonly mark: string; readonly without: readonly string[] },
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<typeof find>>> {
  const places = roots.map(({ at }) => at);
  try {
    const pruned = without.length === 0 ? [] : ['(', ...named(without), ')', '-prune', '-o'];
    return await find(folder, [...places, ...pruned, '-cnewer', mark], signal);
  } catch (error) {
    if (!(error instanceof Error && /-cnewer/.test(error.message))) throw error;
    const { lines, isWhole } = await changedBelow({ folder, places, since: since + 1, mostBytes: MOST_BYTES }, signal);
    return { lines: lines.filter((line) => !line.split('/').some((part) => without.includes(part))), isWhole };
  }
}

const named = (names: readonly string[]): string[] =>
  names.flatMap((name, index) => [...(index === 0 ? [] : ['-o']), '-name', name.replace(/[*?[\]\\]/g, '\\$&')]);

/** What has such a name, and nothing below it; of a link also where it leads, since programs are run from there. */
async function rootsIn({ folder, names }: Search, signal?: AbortSignal): Promise<Root[]> {
  if (names.length === 0) return [];
  const { lines } = await find(folder, ['.', '-name', '.git', '-prune', '-o', '(', ...named(names), ')', '-prune'], signal);
  const top = await realpath(folder);
  const roots: Root[] = [];
  for (const at of lines) {
    const path = at.replace(/^\.\//, '');
    roots.push({ path, at });
    const target = await targetOf(join(folder, path));
    // What lies in the folder is told by its own name there, under which git may know it.
    if (target?.startsWith(top + sep) === true) roots.push({ path: relative(top, target), at: `./${relative(top, target)}` });
    else if (target !== null && target !== top) roots.push({ path, at: target });
  }
  return roots.filter(({ at }, index) => roots.findIndex((other) => other.at === at) === index);
}

/** Where a link leads; null for everything else, and when it leads nowhere. */
async function targetOf(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await realpath(path) : null;
  } catch {
    // Gone meanwhile.
    return null;
  }
}

function told(line: string, roots: readonly Root[]): string {
  if (line.startsWith('./')) return line.slice(2);
  const root = roots.find(({ at }) => line === at || line.startsWith(at + sep));
  return root === undefined ? line : join(root.path, relative(root.at, line));
}

async function find(
  cwd: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly lines: readonly string[]; readonly isWhole: boolean }> {
  const result = await execa('find', [...args, '-print0'], {
    cwd,
    env: { LC_ALL: 'C' },
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    maxBuffer: MOST_BYTES,
    timeout: LIMIT_MS,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  const { stdout, stderr, exitCode, isMaxBuffer, timedOut } = result;
  if (timedOut) throw new Error(`it took more than ${LIMIT_MS / 1000} s`);
  // A folder that can't be read, or is gone meanwhile, ends it with 1; what it can't do at all leaves nothing.
  const isKnown = exitCode === 0 || isMaxBuffer || (exitCode === 1 && /Permission denied|No such file/i.test(stderr));
  if (!isKnown) throw new Error(`find said: ${(stderr || result.shortMessage || 'nothing').split('\n')[0]}`);
  const end = stdout.lastIndexOf('\0') + 1;
  return { lines: stdout.slice(0, end).split('\0').slice(0, -1), isWhole: !isMaxBuffer };
}

/** See `DataFiles`. */
export async function removeFiles(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const top = await realpath(folder);
  const known = new Map<string, Promise<boolean>>();
  const isReal = (parent: string): Promise<boolean> => {
    const found = known.get(parent) ?? realpath(parent).then((real) => real === join(top, relative(folder, parent)));
    known.set(parent, found);
    return found;
  };
  const left: string[] = [];
  for (const path of paths) {
    const file = join(folder, path);
    try {
      if ((await lstat(file)).isDirectory()) continue;
      if (await isReal(dirname(file))) await unlink(file);
      else left.push(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') left.push(path);
    }
  }
  return left;
}
