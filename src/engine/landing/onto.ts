import type { GitRepository, Oid } from '../../core/ports/git.ts';
import { commitMessage } from '../../core/run/commitMessage.ts';
import type { RunState } from '../../core/run/state.ts';
import { GitRefused, gitError } from '../gitRefused.ts';
import { replaySteps } from './replaySteps.ts';

/** What a run's green commit comes to on a commit of the target. */
export type Onto =
  | { readonly kind: 'there' }
  | {
      readonly kind: 'ready';
      readonly commit: Oid;
      readonly tree: Oid;
      readonly merged: boolean;
      /** With `steps: keep`: so many of them were made anew on the target. */
      readonly steps?: number;
    }
  | { readonly kind: 'conflicts'; readonly paths: readonly string[]; readonly tree: Oid };

/**
 * Works out the commit that would land on `tip`: the candidate's own, or its merge with what came since. Writes objects only.
 * @param fresh `tip` was made just now and is in no history of the run's.
 */
export async function landingOnto(repository: GitRepository, state: RunState, tip: Oid, fresh = false): Promise<Onto> {
  const { land, target, unborn } = state.spec;
  const { commit, tree } = state.lastGreen;
  const [isThere, straight] = fresh ? [false, false] : await relation(repository, state, tip);
  if (isThere) return { kind: 'there' };
  if (straight && (land === 'ff' || tip === unborn)) return { kind: 'ready', commit, tree, merged: false };
  let merged = tree;
  if (!straight) {
    const outcome = await repository.mergeTrees({ ours: tip, theirs: commit, unrelated: unborn !== undefined });
    if (!outcome.ok) throw gitError('the merge could not be computed', outcome.error);
    if (outcome.value.kind === 'conflicts') return { kind: 'conflicts', paths: outcome.value.paths, tree: outcome.value.tree };
    merged = outcome.value.tree;
  }
  if (land === 'ff' && keepsSteps(state))
    return { kind: 'ready', tree: merged, merged: true, ...(await replaySteps(repository, state, tip, merged)) };
  const attempt = state.attempts.at(-1)?.attempt ?? 1;
  const message =
    land === 'merge'
      ? `Merge ${state.cell?.branch ?? state.task} into ${target}\n\nReactor-Run: ${state.run}\n`
      : commitMessage(state, attempt, []);
  const written = await repository.writeCommit({
    tree: merged,
    parents: land === 'merge' ? [tip, commit] : [tip],
    message,
    sign: true,
  });
  if (!written.ok) throw new GitRefused(`the merge could not be committed: ${written.error.message}`, written.error.code === 'unsigned');
  return { kind: 'ready', commit: written.value, tree: merged, merged: !straight };
}

/** With `land: merge` they are in the history as they are. */
const keepsSteps = ({ spec, attempts }: RunState): boolean =>
  spec.steps === 'keep' && attempts.some(({ stepCommit }) => stepCommit !== null);

/** Whether the target has the run's commit already, and whether the commit follows on the target. */
async function relation(repository: GitRepository, { lastGreen, spec }: RunState, tip: Oid): Promise<readonly [boolean, boolean]> {
  // The first commit of the target follows on none.
  if (tip === spec.unborn) return [false, true];
  // Nothing came since: the candidate is the target's child, as its last green state is.
  if (tip === spec.base && lastGreen.commit !== spec.base) return [false, true];
  return Promise.all([repository.isAncestor(lastGreen.commit, tip), repository.isAncestor(tip, lastGreen.commit)]);
}

/**
 * Whether the target has what this run landed: by the commit it would have moved to, or by the trailers of the run and of the attempt that was
 * committed, in what came since its base. Another attempt that somebody restored and merged is not what was to land.
 */
export async function hasLanded(repository: GitRepository, state: RunState, tip: Oid): Promise<boolean> {
  const { landing, spec, run } = state;
  if (tip === spec.base || landing === null) return false;
  if ((landing.prepared || landing.batch !== null) && tip !== landing.onto && (await repository.isAncestor(landing.commit, tip)))
    return true;
  const range = { base: spec.base, tip };
  const ofRun = await repository.commitsWithTrailer(range, { key: 'Reactor-Run', value: run });
  if (ofRun.length === 0) return false;
  for (const attempt of committedAttempts(state)) {
    const ofAttempt = await repository.commitsWithTrailer(range, { key: 'Reactor-Attempt', value: String(attempt) });
    if (ofRun.some((commit) => ofAttempt.includes(commit))) return true;
  }
  return false;
}

/** The numbers that its commit may bear: that of the attempt that passed the gate and, where steps stay as they are, of the last step. */
const committedAttempts = ({ attempts }: RunState): readonly number[] => {
  const gated = attempts.findLast(({ commit }) => commit !== null);
  return attempts.filter((a) => a === gated || (a.stepCommit !== null && a.stepCommit === gated?.commit)).map(({ attempt }) => attempt);
};
