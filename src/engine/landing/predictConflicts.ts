import { isInLine } from '../../core/landing/line.ts';
import { type ChangedPaths, mayConflict, type PredictedConflict } from '../../core/landing/predicted.ts';
import type { AgentServers } from '../../core/ports/agent.ts';
import type { GitRepository, Oid } from '../../core/ports/git.ts';
import { currentAttempt, type RunState, startOf } from '../../core/run/state.ts';
import { parentsOn } from '../../core/run/unborn.ts';
import { startApart } from './onto.ts';

/** What a run would bring to its target, as a commit on what it started from. */
interface Work {
  readonly state: RunState;
  readonly target: string;
  readonly commit: Oid;
  readonly tree: Oid;
  readonly changed: ChangedPaths;
}

export interface PredictionDeps {
  readonly repository: GitRepository;
  readonly agents: Pick<AgentServers, 'whileStill'>;
}

/**
 * With what each open run would conflict if it landed now: its target, and the work of runs that land there too, be it a candidate or what an agent
 * has written so far.
 * @returns an entry for each run that has anything to bring.
 */
export async function predictConflicts(
  deps: PredictionDeps,
  runs: readonly RunState[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly PredictedConflict[]>> {
  const { repository } = deps;
  const works: Work[] = [];
  for (const state of runs) {
    const work = await workOf(deps, state, signal);
    if (work !== null) works.push(work);
  }
  const found = new Map(works.filter(({ state }) => !isInLine(state)).map(({ state }) => [state.run, [] as PredictedConflict[]]));
  const add = ({ state }: Work, conflict: PredictedConflict): unknown => found.get(state.run)?.push(conflict);
  for (const work of works) {
    const paths = found.has(work.state.run) ? await withTarget(repository, work, signal) : [];
    if (paths.length > 0) add(work, { with: work.target, run: null, paths });
  }
  for (const [index, a] of works.entries()) {
    for (const b of works.slice(index + 1)) {
      // Who has done the same does not conflict.
      if (a.target !== b.target || a.tree === b.tree || !mayConflict(a.changed, b.changed)) continue;
      const paths = await conflicts(repository, { ours: a.commit, theirs: b.commit, unrelated: isUnborn(a) || isUnborn(b) }, signal);
      if (paths.length === 0) continue;
      add(a, { with: b.state.task, run: b.state.run, paths });
      add(b, { with: a.state.task, run: a.state.run, paths });
    }
  }
  return found;
}

async function workOf({ repository, agents }: PredictionDeps, state: RunState, signal: AbortSignal): Promise<Work | null> {
  const { target } = state.spec;
  const attempt = currentAttempt(state);
  if (target === null || state.concluded !== null || attempt === null || attempt.closed !== null) return null;
  const { candidate, commit } = attempt;
  const from = treeOfStart(state);
  // Steps that are on the branch are its work, too.
  const isInSteps = state.spec.tcr === 'step';
  if (candidate !== null) {
    const { files, filesTotal, tree } = candidate;
    const changed = isInSteps ? pathsOf(await repository.changes(from, tree, signal), false) : pathsOf(files, filesTotal > files.length);
    return { state, target, commit: commit ?? candidate.keptCommit, tree, changed };
  }
  if (state.cell?.hasWorktree !== true) return null;
  const { worktree, server, boundary } = state.cell;
  const look = () => repository.snapshot(worktree, signal);
  // Git would follow a folder that a command makes a link meanwhile, and bring into the repository what the cell may not see.
  const snapshot = server === null || boundary === null ? await look() : await agents.whileStill(server, look);
  // A worktree that is worked in, made or reset just now is looked at the next time.
  if (snapshot === null || !snapshot.ok || snapshot.value.tree === from) return null;
  const { tree } = snapshot.value;
  const written = await repository.writeCommit(
    { tree, parents: parentsOn(state, state.lastGreen.commit), message: `Present state of ${state.run}\n`, sign: false },
    signal,
  );
  if (!written.ok) return null;
  const changed = pathsOf(await repository.changes(from, tree, signal), false);
  return { state, target, commit: written.value, tree, changed };
}

/** Of the commit that the work stands on. */
const treeOfStart = ({ reworked, spec }: RunState): Oid => reworked?.tree ?? spec.baseTree;

const pathsOf = (files: readonly { readonly path: string; readonly oldPath?: string | undefined }[], isCut: boolean): ChangedPaths => ({
  paths: new Set(files.flatMap(({ path, oldPath }) => (oldPath === undefined ? [path] : [path, oldPath]))),
  isCut,
});

/** Paths in which a run's work conflicts with its target as it is now. */
async function withTarget(
  repository: GitRepository,
  { state, target, commit, changed }: Work,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const start = startOf(state);
  const tip = await repository.readRef(`refs/heads/${target}`, signal);
  if (tip === null || tip === start) return [];
  const theirs = pathsOf(await repository.changes(start, tip, signal), false);
  if (!mayConflict(changed, theirs)) return [];
  const base = await startApart(repository, state, tip);
  return conflicts(repository, { ours: tip, theirs: commit, base, unrelated: state.spec.unborn !== undefined }, signal);
}

const isUnborn = ({ state }: Work): boolean => state.spec.unborn !== undefined;

async function conflicts(
  repository: GitRepository,
  request: Parameters<GitRepository['mergeTrees']>[0],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const merge = await repository.mergeTrees(request, signal);
  return merge.ok && merge.value.kind === 'conflicts' ? merge.value.paths : [];
}
