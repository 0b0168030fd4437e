import type { FileChange, GitRepository, Oid } from '../../core/ports/git.ts';
import { BlobReader } from './blobReader.ts';
import { GitFailure } from './gitCommand.ts';
import { nulFields } from './nulFields.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

/**
 * Files longer than this count as binary in a diff: to compare text git holds it as a whole, and many times its length besides where the lines are short.
 */
const LONGEST_TEXT = 64 * 1024 * 1024;
const SETTINGS = ['-c', `core.bigFileThreshold=${LONGEST_TEXT}`];
const PLAIN = ['--no-ext-diff', '--no-textconv', '--no-color', '--ignore-submodules=none', '-r', '-M'];
const STATUS: Readonly<Record<string, FileChange['status']>> = {
  A: 'added',
  C: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  T: 'typeChanged',
};

export async function changes(context: RepositoryContext, from: Oid, to: Oid, signal?: AbortSignal): Promise<readonly FileChange[]> {
  const args = [...SETTINGS, 'diff-tree', ...PLAIN, '-z', '--raw', '--numstat', '--end-of-options', from, to];
  return parseChanges(await context.git.text(onRepository(context, args), signal));
}

/** Parses `diff-tree -z --raw --numstat`: first all raw records, then one line count per file in any order. */
export function parseChanges(text: string): FileChange[] {
  const fields = nulFields(text);
  const raw: Omit<FileChange, 'added' | 'removed'>[] = [];
  const counts = new Map<string, { added: number | null; removed: number | null }>();
  let at = 0;
  const next = (): string => {
    const field = fields[at];
    if (field === undefined) throw new Error('git printed a diff that ends in the middle');
    at += 1;
    return field;
  };
  while (at < fields.length) {
    const head = next();
    const record = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*$/.exec(head);
    if (record !== null) {
      const [, oldMode = '', newMode = '', oldOid = '', newOid = '', letter = ''] = record;
      const status = STATUS[letter];
      if (status === undefined) throw new Error(`git printed an unknown kind of change: ${head}`);
      const first = next();
      const two = letter === 'R' || letter === 'C';
      const path = two ? next() : first;
      raw.push({ status, path, ...(letter === 'R' ? { oldPath: first } : {}), oldMode, newMode, oldOid, newOid });
      continue;
    }
    const count = /^(\d+|-)\t(\d+|-)\t([\s\S]*)$/.exec(head);
    if (count === null) throw new Error(`git printed a diff that is not understood: ${head}`);
    const [, added = '', removed = '', single = ''] = count;
    let path = single;
    if (single === '') {
      next();
      path = next();
    }
    const lines = (digits: string): number | null => (digits === '-' ? null : Number(digits));
    counts.set(path, { added: lines(added), removed: lines(removed) });
  }
  return raw.map((change) => ({ ...change, ...(counts.get(change.path) ?? { added: null, removed: null }) }));
}

/** About a quarter of the shortest argument list limit of the supported systems. */
const MAX_PATH_BYTES = 60_000;

/** @param encoding `latin1` keeps every byte, for a patch that git is to read again; files need not be UTF-8. */
export async function patch(
  context: RepositoryContext,
  range: Parameters<GitRepository['patch']>[0],
  signal?: AbortSignal,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<{ readonly text: string; readonly truncated: boolean }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  let truncated = false;
  for (const paths of range.paths === undefined ? [[]] : batches(range.paths)) {
    const args = [
      ...SETTINGS,
      'diff-tree',
      ...PLAIN,
      ...(range.asText === true ? ['--text'] : []),
      '-p',
      '--end-of-options',
      range.from,
      range.to,
      '--',
      ...paths,
    ];
    const call = onRepository(context, args, { maxBytes: range.maxBytes - size + 1 });
    const output = await context.git.bytes(call, signal);
    if (!output.truncated && output.exitCode !== 0) throw new GitFailure(call, { ...output, stdout: '' });
    parts.push(output.stdout);
    size += output.stdout.length;
    truncated = output.truncated || size > range.maxBytes;
    if (truncated) break;
  }
  const whole = Buffer.concat(parts);
  if (!truncated) return { text: whole.toString(encoding), truncated };
  const end = whole.subarray(0, range.maxBytes).lastIndexOf(0x0a) + 1;
  return { text: whole.subarray(0, end).toString(encoding), truncated };
}

/** Path lists short enough for one command line each; an empty list makes none. */
function batches(paths: readonly string[]): string[][] {
  const lists: string[][] = [];
  let room = 0;
  for (const path of paths) {
    const bytes = Buffer.byteLength(path) + 1;
    if (lists.length === 0 || bytes > room) {
      lists.push([]);
      room = MAX_PATH_BYTES;
    }
    lists.at(-1)?.push(path);
    room -= bytes;
  }
  return lists;
}

/** Content of a blob; null when the tree has no file there (a folder and a submodule are none). */
export async function readFile(context: RepositoryContext, tree: Oid, path: string, signal?: AbortSignal): Promise<Uint8Array | null> {
  // Git would read these as relative to the present folder.
  if (path === '' || /^\.{1,2}(\/|$)/.test(path) || path.includes('\0')) return null;
  signal?.throwIfAborted();
  return blobReaderOf(context).read(`${tree}:${path}`);
}

const readers = new WeakMap<RepositoryContext, BlobReader>();

function blobReaderOf(context: RepositoryContext): BlobReader {
  const reader = readers.get(context) ?? new BlobReader(context);
  readers.set(context, reader);
  return reader;
}

export async function filesIn(
  context: RepositoryContext,
  tree: Oid,
  below: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const paths of batches(below)) {
    const args = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', tree, '--', ...paths];
    files.push(...nulFields(await context.git.text(onRepository(context, args), signal)));
  }
  return files;
}

/** Sizes of blobs by their names; what is no blob of the repository is left out. */
export async function blobSizes(
  context: RepositoryContext,
  blobs: readonly Oid[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<Oid, number>> {
  const names = [...new Set(blobs)].filter((oid) => /^[0-9a-f]{40,64}$/.test(oid));
  if (names.length === 0) return new Map();
  const call = onRepository(context, ['cat-file', '--batch-check'], { input: `${names.join('\n')}\n` });
  const output = await context.git.run(call, signal);
  if (output.exitCode !== 0) throw new GitFailure(call, output);
  return new Map([...output.stdout.matchAll(/^([0-9a-f]{40,64}) blob (\d+)$/gm)].map(([, oid = '', bytes]) => [oid, Number(bytes)]));
}
