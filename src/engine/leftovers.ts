import { errorText } from '../base/log.ts';
import { event } from '../core/journal/events.ts';
import { namesLeftInPlace } from '../core/policy/dependencyFolders.ts';
import { includeAgain } from './includeFiles.ts';
import type { RunContext } from './runContext.ts';

const MOST_JOURNALED = 20;

/**
 * Takes away what git ignores in the worktree and was made or changed since the agent began, so that a merge is tested as in a worktree of its own: no other
 * checkout of it has these files. What the settings bring along is brought again; what set-up made, it makes again. Folders of dependencies stay: of changes
 * there a person was told. Where it can't be done the run says so.
 */
export async function clearLeftovers(context: RunContext, signal: AbortSignal): Promise<void> {
  const { deps, state } = context;
  const { cell, spec } = state;
  if (cell === null || cell.agentSince === null) return;
  const { worktree, agentSince } = cell;
  try {
    const places = await deps.repository.ignoredIn(worktree, signal);
    const without = namesLeftInPlace(spec.protectedPaths ?? []);
    const removed = await deps.files.removeChanged({ folder: worktree, places, without, since: agentSince }, signal);
    if (removed.length === 0) return;
    await context.record(event('landing/cleared', { files: removed.length, paths: removed.slice(0, MOST_JOURNALED) }));
    await includeAgain(context, worktree, removed, signal);
  } catch (error) {
    signal.throwIfAborted();
    deps.log.log('warn', 'what git ignores could not be cleared', { run: context.run, error: errorText(error) });
    const why = error instanceof Error ? error.message : String(error);
    const what = `files that git ignores could not be removed before the merge was tested: ${why}`;
    await context.record(event('run/recoveryApplied', { code: 'IG', what, retry: 0, delayMs: 0 }));
  }
}
