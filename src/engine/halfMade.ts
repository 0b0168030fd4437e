import type { CreateWorktree, GitRepository, GitResult } from '../core/ports/git.ts';
import type { RunContext } from './runContext.ts';

const TRIES = 3;
const BETWEEN_MS = 300;

/**
 * Removes worktree and branch of a cell that an engine before had not finished making: it may lack files, and nobody has worked in it.
 * A branch that is not at its base any more is left.
 */
export async function undoHalfMade({ deps, state }: RunContext): Promise<void> {
  const { cell, spec } = state;
  if (cell === null || cell.session !== null) return;
  for (let attempt = 1; ; attempt += 1) {
    const removed = await deps.repository.removeWorktree(cell.worktree);
    if (removed.ok) break;
    if (attempt === TRIES) throw new Error(`what was made of the worktree could not be removed: ${removed.error.message}`);
    // A git that its engine had started may still write there.
    await deps.clock.sleep(BETWEEN_MS);
  }
  const ref = `refs/heads/${cell.branch}`;
  if ((await deps.repository.readRef(ref)) === spec.base) await deps.repository.deleteRef({ ref, expected: spec.base });
}

/**
 * Makes a worktree without files. A git that is killed meanwhile says nothing of whether it can be made, and what it left is taken away by the
 * repository: then it is made again.
 */
export async function makeWorktree(repository: GitRepository, request: CreateWorktree, signal: AbortSignal): Promise<GitResult<void>> {
  for (let attempt = 1; ; attempt += 1) {
    const made = await repository.createWorktree(request, signal);
    if (made.ok || attempt === TRIES || made.error.code !== 'failed') return made;
  }
}

/** Fills a new worktree with its files. A git that is killed meanwhile leaves a lock and some files; then it is done again. */
export async function fillWorktree(repository: GitRepository, worktree: string, signal: AbortSignal): Promise<GitResult<void>> {
  for (let attempt = 1; ; attempt += 1) {
    const filled = await repository.populateWorktree(worktree, signal);
    if (filled.ok || attempt === TRIES) return filled;
    await repository.clearLocks(worktree);
  }
}

/**
 * What set-up or the tests of the base changed in files that git has, or left beside them, must not look like the agent's work. Does nothing once an
 * attempt has begun: until then only files are there that git can make again.
 */
export async function cleanUpAfterSetUp({ deps, state }: RunContext): Promise<void> {
  const { cell, spec, attempts } = state;
  if (cell === null || attempts.length > 0) return;
  const after = await deps.repository.snapshot(cell.worktree);
  if (after.ok && after.value.tree !== spec.baseTree) await deps.repository.resetWorktree(cell.worktree, spec.base);
}
