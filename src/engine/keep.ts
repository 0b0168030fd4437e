import { UserFacingError } from '../base/userFacingError.ts';
import type { Oid } from '../core/ports/git.ts';
import type { RunContext } from './runContext.ts';

export interface Kept {
  readonly ref: string;
  readonly commit: Oid;
  /** The candidate. The kept commit may hold more: the files of repositories that a tree can't hold. */
  readonly tree: Oid;
}

export const keptRefPrefix = 'refs/reactor/kept/';

/**
 * Makes the full state of a run's worktree reachable from a ref of Reactor's before anything may remove it (INV-008).
 * Never overwrites another kept state: a taken name gets a number.
 * @throws Error when git refuses: then nothing may be removed.
 */
export async function keepWorktree(context: RunContext, label: string, signal?: AbortSignal): Promise<Kept> {
  const { repository } = context.deps;
  const { cell, spec, lastGreen } = context.state;
  if (cell === null) throw new Error(`run ${context.run} has no cell to keep`);
  const snapshot = await repository.snapshot(cell.worktree, signal);
  // The same again would come out the same. The worktree is left as it is.
  if (!snapshot.ok && snapshot.error.code === 'tooLarge') throw new UserFacingError('environment', snapshot.error.message);
  if (!snapshot.ok) throw new Error(`can't read the state of ${cell.worktree}: ${snapshot.error.message}`);
  const { tree, keep } = snapshot.value;
  const kept = await keepTree(context, label, keep ?? tree, lastGreen.commit, `${spec.task}: ${spec.title}`, signal);
  return { ...kept, tree };
}

/** As `keepWorktree`, for a tree that is in the repository already. */
export async function keepTree(
  context: RunContext,
  label: string,
  tree: Oid,
  parent: Oid,
  title: string,
  signal?: AbortSignal,
): Promise<Kept> {
  const { repository } = context.deps;
  const written = await repository.writeCommit(
    { tree, parents: [parent], message: `Kept ${title}\n\nReactor-Run: ${context.run}\nReactor-Kept: ${label}\n`, sign: false },
    signal,
  );
  if (!written.ok) throw new Error(`can't keep ${context.run}/${label}: ${written.error.message}`);
  for (let suffix = 1; suffix < 1000; suffix += 1) {
    const ref = `${keptRefPrefix}${context.run}/${label}${suffix === 1 ? '' : `-${suffix}`}`;
    const moved = await repository.moveRef({ ref, to: written.value, expected: null, reason: 'reactor: kept' }, signal);
    if (moved.ok) return { ref, commit: written.value, tree };
    const there = await repository.readRef(ref, signal);
    if (there === null) throw new Error(`can't keep ${context.run}/${label}: ${moved.error.message}`);
    if ((await repository.treeOf(there, signal)) === tree) return { ref, commit: there, tree };
  }
  throw new Error(`too many kept states of ${context.run}/${label}`);
}
