import { event } from '../core/journal/events.ts';
import { bytesText, plural } from '../core/projections/figures.ts';
import type { RunContext } from './runContext.ts';

const MOST_SKIPPED = 50;

/** Brings into the worktree what git ignores and the run's settings name, and the journal says what. */
export const includeFiles = (context: RunContext, worktree: string, signal: AbortSignal): Promise<void> =>
  bring(context, worktree, {}, signal);

/** Brings some of it once more, where it was removed. */
export const includeAgain = (context: RunContext, worktree: string, only: readonly string[], signal: AbortSignal): Promise<void> =>
  bring(context, worktree, { only }, signal);

async function bring(
  context: RunContext,
  worktree: string,
  some: { readonly only?: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { deps, engine, run, state } = context;
  const { checkout, include } = state.spec;
  if (checkout === null || include.length === 0) return;
  const started = deps.clock.monotonic();
  const onFolder = (path: string, files: number, bytes: number): void =>
    engine.announce({ run, kind: 'note', text: `copying ${path}: ${plural(files, 'file')}, ${bytesText(bytes)}` });
  const report = await deps.repository.includeIgnored({ from: checkout, to: worktree, globs: include, ...some, onFolder }, signal);
  if (report.files === 0 && report.skipped.length === 0) return;
  const durationMs = Math.round(deps.clock.monotonic() - started);
  await context.record(event('cell/filesIncluded', { ...report, durationMs, skipped: [...report.skipped].slice(0, MOST_SKIPPED) }));
}
