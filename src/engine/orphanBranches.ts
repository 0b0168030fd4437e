import type { Oid } from '../core/ports/git.ts';
import type { RunState } from '../core/run/state.ts';
import type { FoundOrphan } from './foundOrphan.ts';
import { keptRefPrefix } from './keep.ts';
import type { EngineContext } from './runContext.ts';
import { warmPrefix } from './warmCells.ts';

const RUNS_LOOKED_AT = 500;
const HEADS = 'refs/heads/';
const OWN = `${HEADS}reactor/`;
/** Made because a person asked for them. */
const RESTORED = `${OWN}restored/`;

/**
 * Branches of runs that have ended. One whose commits are in its target, or whose state is under a kept ref after its run has landed, is kept
 * elsewhere. Every other one may be all there is of its work, as after `land: branch`: it goes only when it is named.
 */
export async function orphanBranches(engine: EngineContext): Promise<FoundOrphan[]> {
  const { repository, journal } = engine.deps;
  const all = await repository.listRefs(OWN);
  // Looked at afterwards: who has a branch by then had it before.
  const used = new Set(engine.ledger.openRuns().flatMap(({ cell }) => (cell === null ? [] : [`${HEADS}${cell.branch}`])));
  for (const id of engine.warm.ids) used.add(`${OWN}${id}`);
  const unused = all.filter(({ ref }) => !used.has(ref) && !ref.startsWith(RESTORED));
  if (unused.length === 0) return [];
  const owners = new Map<string, RunState>();
  // The newest of those that had a branch of that name.
  for (const state of [...journal.recentRuns(RUNS_LOOKED_AT)].reverse()) {
    if (state.phase === 'ended' && state.cell !== null) owners.set(`${HEADS}${state.cell.branch}`, state);
  }
  const found: FoundOrphan[] = [];
  for (const { ref, oid } of unused) {
    const state = owners.get(ref) ?? null;
    const name = ref.slice(HEADS.length);
    found.push({
      kind: 'branch',
      name,
      why: whyOf(name, state),
      keptIn: state === null ? null : await whereKept(engine, oid, state),
      oid,
      remove: async () => (await repository.checkoutOf(name)) === null && (await repository.deleteRef({ ref, expected: oid })).ok,
    });
  }
  return found;
}

function whyOf(name: string, state: RunState | null): string {
  if (state !== null) return state.concluded === null ? 'its run has ended' : `its run has ended: ${state.concluded.reason}`;
  return name.startsWith(`reactor/${warmPrefix}`) ? 'left of a cell that was made ahead' : 'no run that is known has made it';
}

/** The ref that has everything the branch has; null when the branch may be the only place. */
async function whereKept({ deps: { repository } }: EngineContext, oid: Oid, { run, spec, landing }: RunState): Promise<string | null> {
  for (const target of new Set([landing?.landed?.target, spec.target, repository.facts.branch])) {
    const tip = target ? await repository.readRef(`${HEADS}${target}`) : null;
    if (target && tip !== null && (await repository.isAncestor(oid, tip))) return target;
  }
  // Landed as another commit: merged with what came since, or on top of those before it in a batch.
  if (!landing?.landed) return null;
  const kept = await repository.listRefs(`${keptRefPrefix}${run}/`);
  const tree = await repository.treeOf(oid);
  for (const ref of kept.toReversed()) {
    if ((await repository.isAncestor(oid, ref.oid)) || (await repository.treeOf(ref.oid)) === tree) return ref.ref;
  }
  return null;
}
