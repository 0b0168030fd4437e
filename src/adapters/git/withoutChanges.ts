import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '../../base/result.ts';
import type { FileChange, GitResult, Oid, RejectedChange } from '../../core/ports/git.ts';
import { changes, patch } from './diffs.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';

const MAX_PATCH_BYTES = 64 * 1024 * 1024;

/** A tree as it is but for the rejected changes against `base`. Works in an index of its own; no worktree is read or written. */
export async function withoutChanges(
  context: RepositoryContext,
  request: { readonly base: Oid; readonly tree: Oid; readonly rejected: readonly RejectedChange[] },
  signal?: AbortSignal,
): Promise<GitResult<Oid>> {
  const folder = await mkdtemp(join(tmpdir(), 'reactor-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await context.git.text(onRepository(context, ['read-tree', request.tree], { env }), signal);
    const known = new Map((await changes(context, request.base, request.tree, signal)).map((change) => [change.path, change]));
    for (const { path, hunks } of request.rejected) {
      const change = known.get(path);
      if (change === undefined) return refuse('failed', `${path} is not changed by the candidate`);
      const dropped =
        hunks === null || change.status === 'added' || change.status === 'deleted'
          ? await dropFile(context, env, change, signal)
          : await dropHunks(context, env, request, change, hunks, signal);
      if (!dropped.ok) return dropped;
    }
    return ok((await context.git.text(onRepository(context, ['write-tree'], { env }), signal)).trim());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function dropFile(
  context: RepositoryContext,
  env: Readonly<Record<string, string>>,
  change: FileChange,
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const gone = `0 ${'0'.repeat(change.newOid.length)}\t`;
  const oldPath = change.oldPath ?? change.path;
  const lines = [
    ...(change.status === 'added' || change.status === 'renamed' ? [`${gone}${change.path}`] : []),
    ...(change.status === 'added' ? [] : [`${change.oldMode} ${change.oldOid}\t${oldPath}`]),
  ];
  const call = onRepository(context, ['update-index', '-z', '--index-info'], { env, input: lines.map((line) => `${line}\0`).join('') });
  const output = await context.git.run(call, signal);
  return output.exitCode === 0 ? ok(undefined) : refusalOf(output);
}

/** Hunks are numbered from 0 in the order in which `patch` of the two trees shows them. */
async function dropHunks(
  context: RepositoryContext,
  env: Readonly<Record<string, string>>,
  { base, tree }: { readonly base: Oid; readonly tree: Oid },
  change: FileChange,
  rejected: readonly number[],
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  const paths = change.oldPath === undefined ? [change.path] : [change.oldPath, change.path];
  const whole = await patch(context, { from: base, to: tree, paths, maxBytes: MAX_PATCH_BYTES }, signal, 'latin1');
  if (whole.truncated) return refuse('failed', `${change.path} is too large to be taken by hunk; take or reject the whole file`);
  // No `^` and `$`: to them a line also ends where a text has a \r or U+2028.
  const [header = '', ...hunks] = whole.text.split(/(?<=\n)(?=@@ )/);
  const chosen = [...new Set(rejected)].sort((a, b) => a - b).map((index) => hunks[index]);
  if (chosen.some((hunk) => hunk === undefined))
    return refuse('failed', `${change.path} has ${hunks.length} hunks; there is no such hunk to reject`);
  const after = /(?<=\n)\+\+\+ ([^\n]*)/.exec(header)?.[1];
  if (after === undefined) return refuse('failed', `${change.path} has no text that could be taken by hunk`);
  const before = after.replace(/^("?)b\//, '$1a/');
  const text = `--- ${before}\n+++ ${after}\n${chosen.join('')}`;
  const input = Buffer.from(text, 'latin1');
  const call = onRepository(context, ['apply', '--cached', '--reverse', '--whitespace=nowarn', '-'], { env, input });
  const output = await context.git.run(call, signal);
  return output.exitCode === 0 ? ok(undefined) : refusalOf(output);
}
