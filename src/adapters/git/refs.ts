import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ok } from '../../base/result.ts';
import type { GitResult, MoveRef, Oid, RefEntry } from '../../core/ports/git.ts';
import { GitFailure } from './gitCommand.ts';
import { refusalOf, refuse } from './gitRefusals.ts';
import { remember } from './knownObjects.ts';
import { branchInFiles, refInFiles } from './refInFiles.ts';
import { onRepository, type RepositoryContext, runShared } from './repositoryContext.ts';

/** Refs that only Reactor writes, and only one engine at a time. */
const OWN_REFS = 'refs/reactor/';

const FULL_OID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

export async function resolveCommit(context: RepositoryContext, name: string, signal?: AbortSignal): Promise<GitResult<Oid>> {
  if (name === '' || name.startsWith('-') || /[\0\n]/.test(name)) return refuse('unknownRef', `'${name}' is not a name of a commit.`);
  const branch = name === 'HEAD' ? await branchInFiles(context.facts) : null;
  const known = branch === null ? null : await refInFiles(context.facts.commonDir, `refs/heads/${branch}`);
  signal?.throwIfAborted();
  if (known) return ok(known);
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  const call = onRepository(context, args);
  const output = await context.git.run(call, signal);
  const oid = output.stdout.trim();
  if (output.exitCode === 0 && FULL_OID.test(oid)) return ok(oid);
  if (output.exitCode < 0) throw new GitFailure(call, output);
  if (name === 'HEAD') return refuse('noCommit', 'HEAD leads to no commit.');
  return refuse('unknownRef', `No commit is called '${name}'.`);
}

export async function readRef(context: RepositoryContext, ref: string, signal?: AbortSignal): Promise<Oid | null> {
  if (!ref.startsWith('refs/')) throw new Error(`not a full ref name: ${ref}`);
  signal?.throwIfAborted();
  const known = await refInFiles(context.facts.commonDir, ref);
  if (known !== undefined) return known;
  const call = onRepository(context, ['show-ref', '--verify', '--hash', '--', ref]);
  const output = await context.git.run(call, signal);
  const oid = output.stdout.trim();
  if (output.exitCode === 0 && FULL_OID.test(oid)) return oid;
  if (/not a valid ref/.test(output.stderr)) return null;
  throw new GitFailure(call, output);
}

export async function treeOf(context: RepositoryContext, commit: Oid, signal?: AbortSignal): Promise<Oid> {
  const { trees } = context.known;
  const known = trees.get(commit);
  if (known !== undefined) return known;
  const args = ['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`];
  const tree = (await context.git.text(onRepository(context, args), signal)).trim();
  if (FULL_OID.test(commit)) remember(trees, commit, tree);
  return tree;
}

export async function isAncestor(context: RepositoryContext, ancestor: Oid, descendant: Oid, signal?: AbortSignal): Promise<boolean> {
  const call = onRepository(context, ['merge-base', '--is-ancestor', '--end-of-options', ancestor, descendant]);
  const output = await context.git.run(call, signal);
  if (output.exitCode > 1 || output.exitCode < 0) throw new GitFailure(call, output);
  return output.exitCode === 0;
}

export async function mergeBase(context: RepositoryContext, a: Oid, b: Oid, signal?: AbortSignal): Promise<Oid | null> {
  const call = onRepository(context, ['merge-base', '--end-of-options', a, b]);
  const output = await context.git.run(call, signal);
  if (output.exitCode > 1 || output.exitCode < 0) throw new GitFailure(call, output);
  return output.exitCode === 0 ? output.stdout.trim() : null;
}

/** Moves of a branch that are looked back at. */
const MOST_MOVES = 1000;

export async function wasAt(context: RepositoryContext, branch: string, commit: Oid, signal?: AbortSignal): Promise<boolean> {
  const args = ['log', '--walk-reflogs', '--format=%H', `--max-count=${MOST_MOVES}`, '--end-of-options', `refs/heads/${branch}`, '--'];
  const output = await context.git.run(onRepository(context, args), signal);
  return output.exitCode === 0 && output.stdout.split('\n').includes(commit);
}

/** By the notes that git takes along when it renames a branch, so that they stand under its present name after several names, too. */
export async function renamedTo(context: RepositoryContext, branch: string, sinceMs: number, signal?: AbortSignal): Promise<string | null> {
  const said = `Branch: renamed refs/heads/${branch} to `;
  const args = ['log', '--walk-reflogs', '--date=unix', '--format=%gD', '--fixed-strings', `--grep-reflog=${said}`, '--branches', '--'];
  const output = await context.git.run(onRepository(context, args), signal);
  if (output.exitCode !== 0) return null;
  const found = [...output.stdout.matchAll(/^(?:refs\/heads\/)?(.+)@\{(\d+)\}$/gm)].map(([, name = '', seconds]) => ({
    name,
    at: Number(seconds),
  }));
  const latest = found.sort((a, b) => b.at - a.at)[0];
  return latest !== undefined && latest.at >= Math.floor(sinceMs / 1000) ? latest.name : null;
}

export async function moveRef(context: RepositoryContext, request: MoveRef, signal?: AbortSignal): Promise<GitResult<void>> {
  const { ref, to, expected, reason } = request;
  if (!ref.startsWith('refs/')) throw new Error(`not a full ref name: ${ref}`);
  if (!FULL_OID.test(to) || (expected !== null && !FULL_OID.test(expected)))
    return refuse('unknownRef', 'Refs move only between full object names.');
  const args = ['update-ref', '-m', reason.replaceAll(/\s+/g, ' '), '--', ref, to, expected ?? '0'.repeat(to.length)];
  const move = () => runShared(context, onRepository(context, args), signal);
  let output = await move();
  if (output.exitCode !== 0 && refusalOf(output).error.code === 'locked' && ref.startsWith(OWN_REFS)) {
    // Nobody else writes there, and a lock that is waited for in vain was left by a git that was killed.
    await rm(join(context.facts.commonDir, `${ref}.lock`), { force: true });
    output = await move();
  }
  return output.exitCode === 0 ? ok(undefined) : refusalOf(output);
}

export async function deleteRef(
  context: RepositoryContext,
  { ref, expected }: { readonly ref: string; readonly expected: Oid },
  signal?: AbortSignal,
): Promise<GitResult<void>> {
  if (!ref.startsWith('refs/')) throw new Error(`not a full ref name: ${ref}`);
  if (!FULL_OID.test(expected)) return refuse('unknownRef', `'${expected}' is not a full object name.`);
  const output = await runShared(context, onRepository(context, ['update-ref', '-d', '--', ref, expected]), signal);
  return output.exitCode === 0 ? ok(undefined) : refusalOf(output);
}

/** Refs whose full name begins with `prefix`, whether or not it ends at a slash. */
export async function listRefs(context: RepositoryContext, prefix: string, signal?: AbortSignal): Promise<readonly RefEntry[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const format = '--format=%(refname)%00%(objectname)%00%(creatordate:unix)';
  const text = await context.git.text(onRepository(context, ['for-each-ref', format, ...(folder === '' ? [] : ['--', folder])]), signal);
  const entries: RefEntry[] = [];
  for (const line of text.split('\n')) {
    const [ref, oid, seconds] = line.split('\0');
    if (ref === undefined || oid === undefined || !ref.startsWith(prefix)) continue;
    entries.push({ ref, oid, at: Number(seconds ?? 0) * 1000 });
  }
  return entries;
}
