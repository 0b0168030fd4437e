import { event } from '../../core/journal/events.ts';
import { obeysMergeHook } from '../../core/landing/batch.ts';
import { MERGE_HOOK } from '../../core/run/hookCommands.ts';
import { asGitTells } from '../../core/run/unborn.ts';
import { formBatch } from '../landing/formBatch.ts';
import type { LandingAhead } from '../landing/landingAhead.ts';
import { moveTargetTo, refusedMove, takeMoveBack } from '../landing/moveTarget.ts';
import { hasLanded, landingOnto } from '../landing/onto.ts';
import { targetTip } from '../landing/targetTip.ts';
import type { RunContext } from '../runContext.ts';

const MAX_RACES = 5;

type RefusalCode = 'conflict' | 'moved' | 'gone' | 'stopped';
const refuse = (context: RunContext, code: RefusalCode, message: string, paths: readonly string[] = []): Promise<number> =>
  context.record(event('landing/refused', { code, message, paths: [...paths] }));

/** Puts a committed run in the line of its target. */
export async function queueLanding(context: RunContext): Promise<void> {
  const { target } = context.state.spec;
  if (target === null) throw new Error('no target to land on');
  await context.record(event('landing/queued', { target }));
}

/**
 * Works out what would land on the target as it is now: the candidate's own commit, its merge with what came since, or a batch of it and the
 * runs that wait behind it. It must be the run's turn.
 */
export async function prepareLanding(context: RunContext, ahead: LandingAhead, hasServer: boolean): Promise<void> {
  const { repository } = context.deps;
  const { state } = context;
  const { target, land, base } = state.spec;
  if (target === null) throw new Error('no target to land on');
  const tip = await targetTip(context);
  if (tip === null) {
    await context.record(event('landing/started', { target, from: base, mode: land }));
    await refuse(context, 'gone', await goneText(context, target));
    return;
  }
  const known = await ahead.readyOn(tip);
  const [isThere, own] = await Promise.all([hasLanded(repository, state, tip), known ?? landingOnto(repository, state, tip)]);
  if (isThere) return recordFound(context, target, tip);
  await context.record(event('landing/started', { target, from: tip, mode: land }));
  if (own.kind === 'there') return recordFound(context, target, tip);
  if (own.kind === 'conflicts') return refuseConflict(context, own.paths);
  const { commit, tree, merged, steps, apart } = own;
  const mergeHook = state.spec.hooks && (await repository.hooks()).names.includes(MERGE_HOOK);
  const worthIt = hasServer || merged;
  if (known === null && (await formBatch(context, tip, { run: context.run, commit, tree }, { worthIt, mergeHook }))) return;
  const asked = mergeHook && obeysMergeHook(state) && tip !== state.spec.unborn;
  await context.record(
    event('landing/prepared', {
      ...{ commit, tree, onto: tip, merged },
      ...(steps === undefined ? {} : { steps }),
      ...(apart === undefined ? {} : { apart }),
      ...(asked ? { mergeHook: true } : {}),
    }),
  );
}

/** What has become of a target that is gone, and what to do about it. */
async function goneText({ deps, run, state }: RunContext, target: string): Promise<string> {
  const again = `run: reactor approve ${run}`;
  const now = await deps.repository.renamedTo(target, state.requestedAt);
  if (now !== null)
    return `the branch ${target} is called ${now} now; merge ${state.cell?.branch} into it by hand, or call it ${target} again and ${again}`;
  const how = state.spec.unborn === undefined ? '' : `, as with \`git branch ${target} ${state.cell?.branch}\`,`;
  return `the branch ${target} is no longer there; make it again${how} and ${again}`;
}

/** Landed before, but the engine ended before it could say so, or somebody brought it there by hand. */
async function recordFound(context: RunContext, target: string, tip: string): Promise<void> {
  const { landing, lastGreen, spec } = context.state;
  const tree = landing?.tree ?? lastGreen.tree;
  await context.record(event('landing/landed', { target, from: asGitTells(spec, landing?.onto || tip), to: tip, tree, checkout: 'none' }));
}

async function refuseConflict(context: RunContext, paths: readonly string[]): Promise<void> {
  const { cell, spec } = context.state;
  await refuse(
    context,
    'conflict',
    `${spec.target} has moved and conflicts in ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ` and ${paths.length - 5} more` : ''}; the work is committed on ${cell?.branch}. Merge it by hand, or reject it with a comment`,
    paths,
  );
}

/** Works it out anew when the target has moved since, as it may while the run waits for a cell to test in. False when there is nothing to do. */
export async function prepareAgain(context: RunContext, ahead: LandingAhead, hasServer: boolean): Promise<boolean> {
  const { landing } = context.state;
  if (landing === null || landing.starts >= MAX_RACES) return false;
  const tip = await targetTip(context);
  if (tip === landing.onto) return false;
  await prepareLanding(context, ahead, hasServer);
  return true;
}

/** Moves the target by compare-and-swap to the tree that passed; prepares anew when somebody else moved it meanwhile. */
export async function moveTarget(context: RunContext, ahead: LandingAhead, hasServer: boolean): Promise<void> {
  const { landing } = context.state;
  if (landing === null) throw new Error('no landing prepared');
  const { target, onto, commit, tree } = landing;
  const tip = await context.deps.repository.readRef(`refs/heads/${target}`);
  if (tip !== null && tip !== onto && (await context.deps.repository.isAncestor(commit, tip))) return recordFound(context, target, tip);
  const moved = await moveTargetTo(context, { target, onto, commit, reason: `landed ${context.run}` });
  if (moved.kind === 'moved') {
    context.engine.lines.setCautious(target, false);
    await context.record(
      event('landing/landed', { target, from: asGitTells(context.state.spec, onto), to: commit, tree, checkout: moved.checkout }),
    );
  } else if (moved.kind === 'dirty') {
    await context.record(refusedMove(moved, moved.message));
  } else if (landing.starts >= MAX_RACES) {
    await refuse(context, 'moved', `${target} moved ${landing.starts} times while this was landing; run: reactor approve ${context.run}`);
  } else {
    await prepareLanding(context, ahead, hasServer);
  }
}

/** Before a run that was stopped ends: finds out whether it has landed all the same. */
export async function settleLanding(context: RunContext): Promise<void> {
  const { state } = context;
  const target = state.landing?.target ?? '';
  const tip = await context.deps.repository.readRef(`refs/heads/${target}`);
  if (tip !== null && (await hasLanded(context.deps.repository, state, tip))) return recordFound(context, target, tip);
  await takeMoveBack(context);
  await refuse(context, 'stopped', 'stopped before it landed');
}
