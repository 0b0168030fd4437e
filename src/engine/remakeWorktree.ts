import { event } from '../core/journal/events.ts';
import type { CellState, RunState } from '../core/run/state.ts';
import { fillWorktree, makeWorktree } from './halfMade.ts';
import { includeFiles } from './includeFiles.ts';
import { keepRest } from './keep.ts';
import type { RunContext } from './runContext.ts';

/** Somebody removed the folder of a cell in which the run has worked, or it was being made again when an engine ended. */
export async function isWorktreeLost({ deps, state }: RunContext): Promise<boolean> {
  const { cell } = state;
  // One that was never ready is made from the start instead.
  if (cell === null || cell.session === null) return false;
  return !cell.hasWorktree || !(await deps.files.exists(cell.worktree));
}

/**
 * Makes the worktree of a cell again, on its branch and with what is known of the work in it: the open candidate, else the last green state. The run
 * says so. Can be repeated.
 * @returns why it could not; null when it is there.
 */
export async function remakeWorktree(context: RunContext, cell: CellState, signal: AbortSignal): Promise<string | null> {
  const { deps, state } = context;
  const { repository } = deps;
  if (cell.hasWorktree) await context.record(event('cell/removed', {}));
  if (await deps.files.exists(cell.worktree)) await keepRest(context, `${state.attempts.length}-rest`);
  const dropped = await repository.removeWorktree(cell.worktree, signal);
  if (!dropped.ok) return `what is left of the worktree could not be removed: ${dropped.error.message}`;
  const { spec, lastGreen } = state;
  const made = await makeWorktree(
    repository,
    { path: cell.worktree, branch: cell.branch, base: lastGreen.commit, checkout: spec.checkout, takesBranch: true },
    signal,
  );
  if (!made.ok) return `the worktree was gone and could not be made again: ${made.error.message}`;
  const filled = await fillWorktree(repository, cell.worktree, signal);
  if (!filled.ok) return `the files could not be checked out again: ${filled.error.message}`;
  const { tree, what } = lastKnown(state);
  const laid = await repository.checkoutTree(cell.worktree, tree, signal);
  if (!laid.ok) return `${what} could not be laid out again: ${laid.error.message}`;
  context.laidOut.add(tree);
  await includeFiles(context, cell.worktree, signal);
  await context.record(
    event('run/recoveryApplied', { code: 'IG', what: `the worktree was gone and was made again with ${what}`, retry: 0, delayMs: 0 }),
    event('cell/worktreeCreated', {}),
  );
  return null;
}

/** What the worktree held, as far as it was kept. */
function lastKnown({ attempts, lastGreen }: RunState): { readonly tree: string; readonly what: string } {
  for (const { attempt, candidate, closed, commit, stepCommit } of attempts.toReversed()) {
    if (closed !== null || commit !== null || stepCommit !== null) break;
    if (candidate !== null) return { tree: candidate.tree, what: `the candidate of attempt ${attempt}` };
  }
  return { tree: lastGreen.tree, what: 'the last green state' };
}
