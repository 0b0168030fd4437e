import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { WorktreeEntry } from '../../core/ports/git.ts';
import { nullIfMissing } from './fileSystemErrors.ts';
import { GitFailure } from './gitCommand.ts';
import { nulFields } from './nulFields.ts';
import { onRepository, type RepositoryContext } from './repositoryContext.ts';
import { retryLocked } from './retryLocked.ts';

const ABSENT = /^0+$/;

/** Parses `git worktree list --porcelain -z`: attributes end with NUL, an empty attribute ends an entry. */
export function parseWorktreeList(text: string): WorktreeEntry[] {
  const entries: WorktreeEntry[] = [];
  let attributes = new Map<string, string>();
  for (const field of nulFields(text)) {
    if (field !== '') {
      const space = field.indexOf(' ');
      if (space < 0) attributes.set(field, '');
      else attributes.set(field.slice(0, space), field.slice(space + 1));
      continue;
    }
    const path = attributes.get('worktree');
    const head = attributes.get('HEAD');
    const branch = attributes.get('branch');
    if (path !== undefined) {
      entries.push({
        path,
        head: head === undefined || ABSENT.test(head) ? null : head,
        branch: branch?.replace(/^refs\/heads\//, '') ?? null,
        prunable: attributes.has('prunable'),
        locked: attributes.has('locked'),
      });
    }
    attributes = new Map();
  }
  return entries;
}

/** All worktrees, the main one first, as git lists them. Tried again when another process is just making one. */
export async function listWorktrees(context: RepositoryContext, signal?: AbortSignal): Promise<WorktreeEntry[]> {
  const call = onRepository(context, ['worktree', 'list', '--porcelain', '-z']);
  const output = await retryLocked(context.clock, () => context.git.run(call, signal), signal);
  if (output.exitCode !== 0) throw new GitFailure(call, output);
  return parseWorktreeList(output.stdout);
}

/** Where a linked worktree lies by what its entry says, which may be relative to that; null for what is no entry. */
export async function recordedPath(adminDir: string): Promise<string | null> {
  const text = await readFile(join(adminDir, 'gitdir'), 'utf8').catch(nullIfMissing);
  return text === null ? null : dirname(resolve(adminDir, text.replace(/\n$/, '')));
}

/** Where worktrees lie, those that are gone too, without asking git. */
export async function worktreePaths({ facts: { commonDir } }: RepositoryContext): Promise<readonly string[]> {
  const root = join(commonDir, 'worktrees');
  const entries = (await readdir(root).catch(nullIfMissing)) ?? [];
  const linked = await Promise.all(entries.map((entry) => recordedPath(join(root, entry))));
  return [basename(commonDir) === '.git' ? dirname(commonDir) : commonDir, ...linked.filter((path) => path !== null)];
}
