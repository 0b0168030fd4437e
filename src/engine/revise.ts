import { UserFacingError } from '../base/userFacingError.ts';
import { event } from '../core/journal/events.ts';
import type { RejectedChange } from '../core/ports/git.ts';
import { secretRefusal } from '../core/run/secretFeedback.ts';
import { currentAttempt, type RunState } from '../core/run/state.ts';
import { type Kept, keepTree, keepWorktree } from './keep.ts';
import { type EngineContext, RunContext } from './runContext.ts';
import { candidateEvents } from './steps/candidate.ts';

export interface ReviseRequest {
  readonly run: string;
  /** The candidate that the person looked at. */
  readonly tree: string;
  readonly rejected: readonly { readonly path: string; readonly hunks: readonly number[] | null }[];
  readonly edited: boolean;
}

/**
 * Makes a new candidate of the one that waits for review: a part of it, or the worktree as a person edited it. What was there
 * stays kept. The run then tests the new candidate and asks for review again.
 * @returns the new candidate's tree.
 * @throws UserFacingError `notPossibleNow`; then nothing has changed.
 */
export async function reviseCandidate(engine: EngineContext, request: ReviseRequest, actor: string): Promise<string> {
  const context = new RunContext(request.run, engine);
  const { state } = context;
  const pending = state.pending.find((p) => p.kind === 'review');
  const attempt = currentAttempt(state);
  if (pending === undefined || !attempt?.candidate) throw refuse(`${request.run} has no change that waits for review.`);
  if (pending.tree !== request.tree) {
    throw refuse(
      `What was looked at is no longer the candidate of ${request.run}: it is ${pending.tree?.slice(0, 10)} now. Nothing was changed.`,
    );
  }
  if (request.edited && request.rejected.length > 0) throw refuse('Take the edits in the worktree or reject parts, one after the other.');
  const kept = request.edited
    ? await editedWorktree(context, request.tree, attempt.attempt)
    : await partOf(context, state, request, attempt.attempt);
  const coAuthor = request.edited ? await personOf(context, actor) : null;
  const rejected = request.rejected.map((r) => ({ path: r.path, hunks: r.hunks === null ? null : [...r.hunks] }));
  const built = await candidateEvents(context, attempt.attempt, { tree: kept.tree, keeping: Promise.resolve(kept) }, state.gated.tree);
  const secrets = built.flatMap((one) => (one.type === 'attempt/candidateBuilt' ? (one.data.secrets ?? []) : []));
  if (secrets.length > 0) throw refuse(`Nothing was changed: ${secretRefusal(secrets)}.`);
  // Building it took a while, in which it may have been approved, rejected, cancelled or revised by somebody else.
  if (!context.state.pending.some(({ id }) => id === pending.id))
    throw refuse(`The review of ${request.run} was answered meanwhile. Nothing was changed.`);
  // All at once, and before the run's driver is woken: between them it would ask for a review of the former tree.
  await context.recordAs(
    actor,
    event('approval/withdrawn', { id: pending.id, reason: 'the candidate was revised' }),
    event('attempt/revised', { attempt: attempt.attempt, from: request.tree, rejected, coAuthor }),
    ...built,
  );
  return kept.tree;
}

async function partOf(context: RunContext, state: RunState, request: ReviseRequest, attempt: number): Promise<Kept> {
  const { repository } = context.deps;
  const rejected: readonly RejectedChange[] = request.rejected;
  const part = await repository.withoutChanges({ base: state.gated.tree, tree: request.tree, rejected });
  if (!part.ok) throw refuse(`The change could not be taken in part: ${part.error.message}.`);
  if (part.value === state.gated.tree)
    throw refuse(`Nothing would be left of ${request.run}. Reject it as a whole, or send it back with a comment.`);
  return keepTree(context, `${attempt}-revised`, part.value, state.lastGreen.commit, `${state.spec.task}: ${state.spec.title}`);
}

async function editedWorktree(context: RunContext, tree: string, attempt: number): Promise<Kept> {
  const { deps, state, run } = context;
  const worktree = state.cell?.worktree ?? '';
  if (!(await deps.files.exists(worktree))) {
    throw refuse(
      `The worktree of ${run} is gone (${worktree}), and edits in it with it: approve or reject the change as the agent left it.`,
    );
  }
  const kept = await keepWorktree(context, `${attempt}-edited`);
  if (kept.tree === tree) throw refuse('The worktree is as the agent left it; there are no edits to take.');
  return kept;
}

/** Name and address for a Co-authored-by trailer. */
const personOf = async (context: RunContext, actor: string): Promise<string> =>
  (await context.deps.repository.identity()) ?? `${actor.replace(/^person:/, '')} <>`;

const refuse = (message: string): UserFacingError => new UserFacingError('notPossibleNow', message);
