import type { Clock } from '../../base/clock.ts';
import type { KeyedMutex } from '../../base/keyedMutex.ts';
import type { Log } from '../../base/log.ts';
import type { Oid, RepositoryFacts } from '../../core/ports/git.ts';
import type { GitCall, GitCommand, GitOutput } from './gitCommand.ts';
import type { KnownObjects } from './knownObjects.ts';
import { retryLocked } from './retryLocked.ts';

/** The index that the last snapshot of a worktree left, which knows the files' present times. */
export interface WarmIndex {
  readonly file: string;
  /** The state of the worktree's own index then. */
  readonly of: string;
  /** What it holds; null where a look at the files would not tell every change, as with repositories inside. */
  readonly tree: Oid | null;
}

/** What every operation on one repository shares. */
export interface RepositoryContext {
  readonly facts: RepositoryFacts;
  readonly git: GitCommand;
  readonly clock: Clock;
  readonly log: Log;
  /** Keys: the common directory for shared state, a worktree's path for that worktree. Taken in this order: worktree, common. */
  readonly mutex: KeyedMutex;
  /** Admin folders of worktrees found before; each hit is verified. */
  readonly adminDirs: Map<string, string>;
  readonly warmIndexes: Map<string, WarmIndex>;
  /** By worktree: the git folder that its cell sees in place of the repository's. */
  readonly views: Map<string, string>;
  readonly known: KnownObjects;
}

/** A call on the repository as a whole. Runs in the user's checkout, so that its attributes and settings hold; reads only. */
export const onRepository = (context: RepositoryContext, args: readonly string[], more: Omit<GitCall, 'args' | 'cwd'> = {}): GitCall => ({
  ...more,
  args,
  cwd: context.facts.topLevel ?? context.facts.commonDir,
});

/** Runs a call that takes locks shared by all worktrees: one at a time in this process, repeated when another process has the lock. */
export const runShared = (context: RepositoryContext, call: GitCall, signal?: AbortSignal): Promise<GitOutput> =>
  context.mutex.run(context.facts.commonDir, () => retryLocked(context.clock, () => context.git.run(call, signal), signal), signal);
