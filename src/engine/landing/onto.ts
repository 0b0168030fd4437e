import type { GitRepository, Oid } from '../../core/ports/git.ts';
import { commitMessage } from '../../core/run/commitMessage.ts';
import { type RunState, startOf } from '../../core/run/state.ts';
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
      /** The commit it started from, where the target was moved away from that: only what came after it is in this. */
      readonly apart?: Oid;
    }
  | { readonly kind: 'conflicts'; readonly paths: readonly string[]; readonly tree: Oid };

/**
 * Works out the commit that would land on `tip`: the candidate's own, or its merge with what came since. Writes objects only.
 * @param fresh `tip` was made just now and is in no history of the run's.
 */
export async function landingOnto(repository: GitRepository, state: RunState, tip: Oid, fresh = false): Promise<Onto> {
  const { land, target, unborn } = state.spec;
  const { commit, tree } = state.lastGreen;
  const { isThere, straight, apart } = await relation(repository, state, tip);
  if (isThere && !fresh) return { kind: 'there' };
  if (straight && (land === 'ff' || tip === unborn)) return { kind: 'ready', commit, tree, merged: false };
  let merged = tree;
  if (!straight) {
    const outcome = await repository.mergeTrees({ ours: tip, theirs: commit, base: apart, unrelated: unborn !== undefined });
    if (!outcome.ok) throw gitError('the merge could not be computed', outcome.error);
    if (outcome.value.kind === 'conflicts') return { kind: 'conflicts', paths: outcome.value.paths, tree: outcome.value.tree };
    merged = outcome.value.tree;
  }
  const how = apart === undefined ? {} : { apart };
  if (land === 'ff' && keepsSteps(state))
    return { kind: 'ready', tree: merged, merged: true, ...how, ...(await replaySteps(repository, state, tip, { tree: merged, apart })) };
  const write = async (parents: readonly Oid[], message: string): Promise<Oid> => {
    const written = await repository.writeCommit({ tree: merged, parents, message, sign: true });
    if (!written.ok) throw new GitRefused(`the merge could not be committed: ${written.error.message}`, written.error.code === 'unsigned');
    return written.value;
  };
  const onTip = (): Promise<Oid> => write([tip], commitMessage(state, state.attempts.at(-1)?.attempt ?? 1, []));
  const ready = { kind: 'ready', tree: merged, merged: !straight, ...how } as const;
  if (land === 'ff') return { ...ready, commit: await onTip() };
  // The history that the target was moved away from stays out, too.
  const parents = [tip, apart === undefined ? commit : await onTip()];
  const message = `Merge ${state.cell?.branch ?? state.task} into ${target}\n\nReactor-Run: ${state.run}\n`;
  return { ...ready, commit: await write(parents, message) };
}

/** With `land: merge` they are in the history as they are. */
const keepsSteps = ({ spec, attempts }: RunState): boolean =>
  spec.steps === 'keep' && attempts.some(({ stepCommit }) => stepCommit !== null);

interface Relation {
  /** The target has the run's commit already. */
  readonly isThere: boolean;
  /** The commit follows on the target. */
  readonly straight: boolean;
  readonly apart?: Oid | undefined;
}

async function relation(repository: GitRepository, state: RunState, tip: Oid): Promise<Relation> {
  const { lastGreen, spec } = state;
  // The first commit of the target follows on none.
  if (tip === spec.unborn) return { isThere: false, straight: true };
  // Nothing came since: the candidate is the target's child, as its last green state is.
  if (tip === startOf(state) && lastGreen.commit !== tip) return { isThere: false, straight: true };
  const common = await repository.mergeBase(tip, lastGreen.commit);
  const apart = common === startOf(state) ? undefined : await startApart(repository, state, tip);
  return { isThere: common === lastGreen.commit, straight: common === tip && apart === undefined, apart };
}

/**
 * The commit that the run's work stands on, where its target was at it and was moved away, as by `git commit --amend` or `git reset`: what was taken off the
 * branch must not come back with the work. Undefined where the target has it, or never had.
 */
export async function startApart(repository: GitRepository, state: RunState, tip: Oid): Promise<Oid | undefined> {
  const start = startOf(state);
  const { target, unborn } = state.spec;
  if (target === null || start === unborn || start === tip || (await repository.isAncestor(start, tip))) return undefined;
  return (await repository.wasAt(target, start)) ? start : undefined;
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
