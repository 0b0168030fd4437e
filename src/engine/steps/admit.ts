import { event } from '../../core/journal/events.ts';
import { exitCodes } from '../../core/model/exitCodes.ts';
import type { Oid } from '../../core/ports/git.ts';
import type { RunContext } from '../runContext.ts';

/**
 * Waits until the run may have a cell. A run that comes after others gets its base then: what they have made by now.
 * False when it can never start; then it has been concluded, and nothing was spent. Rejects with the signal's reason on abort.
 */
export async function admit(context: RunContext, signal: AbortSignal): Promise<boolean> {
  const admission = await context.engine.scheduler.enter(context.run, signal);
  if (!admission.admitted) return give(context, admission.reason);
  const { spec, startedAt } = context.state;
  if (startedAt !== null || spec.queue === undefined || spec.queue.after.length === 0) return true;
  return settleBase(context, signal);
}

async function give(context: RunContext, reason: string): Promise<false> {
  await context.record(event('run/concluded', { status: 'failed', exitCode: exitCodes.taskFailed, reason }));
  return false;
}

async function settleBase(context: RunContext, signal: AbortSignal): Promise<boolean> {
  const { repository } = context.deps;
  const made = madeBefore(context);
  const { base, name } = await baseOf(context, made, signal);
  if (base === null) return give(context, `there is no commit named ${name} to start from any more`);
  for (const { task, commit } of made) {
    if (!(await repository.isAncestor(commit, base, signal)))
      return give(
        context,
        `${name} does not contain what ${task} has made, so there is nothing to go on from; land both on the same branch`,
      );
  }
  await context.record(event('run/baseSettled', { base, baseTree: await repository.treeOf(base, signal) }));
  return true;
}

interface Made {
  readonly task: string;
  readonly commit: Oid;
  /** It has landed; else its commit is on its own branch. */
  readonly landed: boolean;
}

function madeBefore({ state, engine }: RunContext): Made[] {
  return (state.spec.queue?.after ?? []).flatMap(({ run, task }) => {
    const before = engine.ledger.state(run);
    const landed = before?.landing?.landed?.to;
    const commit = landed ?? before?.attempts.findLast((attempt) => attempt.commit !== null)?.commit;
    return commit ? [{ task, commit, landed: landed !== undefined }] : [];
  });
}

/** The one commit that has not landed, else the base that was asked for, else the branch to land on. */
async function baseOf(
  { state, deps }: RunContext,
  made: readonly Made[],
  signal: AbortSignal,
): Promise<{ readonly base: Oid | null; readonly name: string }> {
  const { queue, target } = state.spec;
  const staying = made.find(({ landed }) => !landed);
  if (staying !== undefined) return { base: staying.commit, name: staying.task };
  const name = queue?.baseName ?? target;
  // Neither was named: what was landed last has all that came before it.
  if (name === null || name === undefined) return { base: made.at(-1)?.commit ?? state.spec.base, name: 'HEAD' };
  const found = await deps.repository.resolveCommit(name, signal);
  return { base: found.ok ? found.value : null, name };
}
