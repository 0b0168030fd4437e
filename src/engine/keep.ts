import { UserFacingError } from '../base/userFacingError.ts';
import { event } from '../core/journal/events.ts';
import type { CandidateSnapshot, GitResult, Oid } from '../core/ports/git.ts';
import type { RunState } from '../core/run/state.ts';
import { parentsOn } from '../core/run/unborn.ts';
import { gitError } from './gitRefused.ts';
import type { RunContext } from './runContext.ts';

export interface Kept {
  readonly ref: string;
  readonly commit: Oid;
  /** The candidate. The kept commit may hold more: the files of repositories that a tree can't hold. */
  readonly tree: Oid;
}

export const keptRefPrefix = 'refs/reactor/kept/';
/** Of what is kept, named to a person. */
const MOST_PATHS = 5;

/**
 * Makes the full state of a run's worktree reachable from a ref of Reactor's before anything may remove it (INV-008).
 * Never overwrites another kept state: a taken name gets a number.
 * @throws Error when git refuses: then nothing may be removed.
 */
export async function keepWorktree(context: RunContext, label: string, signal?: AbortSignal): Promise<Kept> {
  return keepSeen(context, label, await lookAtWorktree(context, signal), signal);
}

/** What a run's worktree holds. @throws Error when git refuses. */
export async function lookAtWorktree(context: RunContext, signal?: AbortSignal): Promise<CandidateSnapshot> {
  const { cell } = context.state;
  if (cell === null) throw new Error(`run ${context.run} has no cell to keep`);
  return readable(await context.deps.repository.snapshot(cell.worktree, signal), cell.worktree);
}

/** As `keepWorktree`, of what was seen in it just now. */
export async function keepSeen(context: RunContext, label: string, { tree, keep }: CandidateSnapshot, signal?: AbortSignal): Promise<Kept> {
  const { spec, lastGreen } = context.state;
  const kept = await keepTree(context, label, keep ?? tree, lastGreen.commit, `${spec.task}: ${spec.title}`, signal);
  return { ...kept, tree };
}

function readable(snapshot: GitResult<CandidateSnapshot>, worktree: string): CandidateSnapshot {
  if (snapshot.ok) return snapshot.value;
  // The same again would come out the same. The worktree is left as it is.
  if (snapshot.error.code === 'tooLarge')
    throw new UserFacingError('environment', `${snapshot.error.message}. The worktree is left as it is: ${worktree}`);
  throw gitError(`can't read the state of ${worktree}`, snapshot.error);
}

/**
 * Keeps what a run's worktree holds and no kept state has, such as edits that a person saved after the last candidate (INV-008). To be called before
 * anything is laid over it.
 * @param label name of the kept state.
 * @param snapshot what was seen of the worktree just now; taken here when left out.
 * @returns null when all of it is kept already.
 * @throws Error when git refuses: then nothing may be removed.
 */
export async function keepRest(context: RunContext, label: string, snapshot?: GitResult<CandidateSnapshot>): Promise<Kept | null> {
  const { cell } = context.state;
  if (cell === null) throw new Error(`run ${context.run} has no cell to keep`);
  const found = snapshot === undefined ? await lookAtWorktree(context) : readable(snapshot, cell.worktree);
  return (await isKept(context, found)) ? null : keepSeen(context, label, found);
}

/** As `keepRest`, and the run says what and where it is. */
export async function keepRestAndTell(context: RunContext, snapshot?: GitResult<CandidateSnapshot>): Promise<void> {
  const { state, deps } = context;
  const kept = await keepRest(context, `${state.attempts.length}-rest`, snapshot);
  if (kept === null) return;
  const changes = await deps.repository.changes(candidatesOf(state).at(-1)?.tree ?? state.lastGreen.tree, kept.tree);
  const paths = changes.slice(0, MOST_PATHS).map(({ path }) => path);
  const more = changes.length > MOST_PATHS ? ` and ${changes.length - MOST_PATHS} more` : '';
  const what = `what was in the worktree beside the candidate (${paths.join(', ')}${more}) is kept as ${kept.ref}`;
  await context.record(event('run/recoveryApplied', { code: 'IG', what, retry: 0, delayMs: 0 }));
}

async function isKept(context: RunContext, { tree, keep }: CandidateSnapshot): Promise<boolean> {
  const { state } = context;
  if (keep === undefined) return keptTrees(state).includes(tree) || context.laidOut.has(tree);
  // Files of repositories inside: a tree alone does not tell them, a kept commit does.
  for (const { keptCommit } of candidatesOf(state)) if ((await context.deps.repository.treeOf(keptCommit)) === keep) return true;
  return false;
}

const candidatesOf = ({ attempts }: RunState) =>
  attempts.flatMap(({ candidate, former }) => [...former, ...(candidate ? [candidate] : [])]);

/** Trees that are reachable from a commit of the run's, from its base or from a kept ref. */
const keptTrees = (state: RunState): readonly (string | undefined)[] => [
  state.spec.baseTree,
  state.gated.tree,
  state.lastGreen.tree,
  state.reworked?.tree,
  state.landing?.tree,
  state.landing?.test?.tree,
  ...candidatesOf(state).map(({ tree }) => tree),
];

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
    {
      tree,
      parents: parentsOn(context.state, parent),
      message: `Kept ${title}\n\nReactor-Run: ${context.run}\nReactor-Kept: ${label}\n`,
      sign: false,
    },
    signal,
  );
  if (!written.ok) throw gitError(`can't keep ${context.run}/${label}`, written.error);
  for (let suffix = 1; suffix < 1000; suffix += 1) {
    const ref = `${keptRefPrefix}${context.run}/${label}${suffix === 1 ? '' : `-${suffix}`}`;
    const moved = await repository.moveRef({ ref, to: written.value, expected: null, reason: 'reactor: kept' }, signal);
    if (moved.ok) return { ref, commit: written.value, tree };
    const there = await repository.readRef(ref, signal);
    if (there === null) throw gitError(`can't keep ${context.run}/${label}`, moved.error);
    if ((await repository.treeOf(there, signal)) === tree) return { ref, commit: there, tree };
  }
  throw new Error(`too many kept states of ${context.run}/${label}`);
}
