import { type CommandEvidence, event } from '../../core/journal/events.ts';
import { type Bounds, type Link, nextProbe } from '../../core/landing/batch.ts';
import { isGreen } from '../../core/run/state.ts';
import { asGitTells } from '../../core/run/unborn.ts';
import type { Cell } from '../cell.ts';
import type { RunContext } from '../runContext.ts';
import { prepareLanding } from '../steps/landing.ts';
import { testTree } from '../steps/runTests.ts';
import { linksOf } from './formBatch.ts';
import type { LandingAhead } from './landingAhead.ts';
import { moveTargetTo, refusedMove } from './moveTarget.ts';
import { targetTip } from './targetTip.ts';

interface Tested {
  readonly tree: string;
  readonly evidence: CommandEvidence;
}

/**
 * Tests all links of the batch together, once; green: the target moves by one compare-and-swap to that very tree. Red: halves it until the run
 * is found that turns it red. Those before it land, it is refused, and those behind it stay in the line.
 * @returns false when the server went away.
 */
export async function landBatch(context: RunContext, cell: Cell, ahead: LandingAhead, signal: AbortSignal): Promise<boolean> {
  const links = linksOf(context);
  if (links === null || (await hasMoved(context))) return startAgain(context, ahead);
  const tested = new Map<string, CommandEvidence>();
  let bounds: Bounds = { green: 0, red: links.length + 1 };
  for (let probe: number | null = links.length; probe !== null; probe = nextProbe(bounds)) {
    const tree = links[probe - 1]?.tree ?? '';
    if (isKnownGreen(context, links, probe)) {
      bounds = { ...bounds, green: probe };
      continue;
    }
    const evidence = await testTree(context, cell, tree, `landing-test-${probe}`, signal);
    if (evidence === null || context.state.timedOut) return evidence !== null;
    tested.set(tree, evidence);
    if (linksOf(context) === null) return startAgain(context, ahead);
    bounds = isGreen(evidence) ? { ...bounds, green: probe } : { ...bounds, red: probe };
    if (bounds.green === links.length) break;
  }
  const passed = links.slice(0, bounds.green);
  if (passed.length > 0 && !(await land(context, ahead, passed, tested))) return true;
  const culprit = links[bounds.red - 1];
  if (culprit !== undefined) await refuseRed(context, culprit, tested.get(culprit.tree));
  context.engine.lines.setCautious(context.state.landing?.target ?? '', bounds.red === 1);
  return true;
}

/** The candidate's own tree, which passed before it was committed. */
function isKnownGreen(context: RunContext, links: readonly Link[], count: number): boolean {
  const link = links[count - 1];
  return link !== undefined && context.engine.ledger.state(link.run)?.lastGreen.tree === link.tree;
}

async function hasMoved(context: RunContext): Promise<boolean> {
  return (await targetTip(context)) !== context.state.landing?.onto;
}

/** The batch is void: its leader looks at line and target afresh. The others find what became of them when it is their turn. */
async function startAgain(context: RunContext, ahead: LandingAhead): Promise<boolean> {
  await prepareLanding(context, ahead, true);
  return true;
}

/** False when nothing has moved. */
function land(
  context: RunContext,
  ahead: LandingAhead,
  passed: readonly Link[],
  tested: ReadonlyMap<string, CommandEvidence>,
): Promise<boolean> {
  const { engine, state } = context;
  const { landing } = state;
  const last = passed.at(-1);
  if (landing === null || last === undefined) throw new Error('nothing to land');
  const { target, onto } = landing;
  const runs = passed.map(({ run }) => run);
  return engine.lines.duringMove(runs, async () => {
    if (linksOf(context) === null) return !(await startAgain(context, ahead));
    const moved = await moveTargetTo(context, { target, onto, commit: last.commit, reason: `landed ${runs.join(', ')}` });
    if (moved.kind === 'lost') return !(await startAgain(context, ahead));
    const evidence = tested.get(last.tree);
    const test: Tested | null = evidence === undefined ? null : { tree: last.tree, evidence };
    for (const [index, { run, commit, tree }] of passed.entries()) {
      const from = passed[index - 1]?.commit ?? asGitTells(state.spec, onto);
      const outcome =
        moved.kind === 'dirty'
          ? refusedMove(moved, moved.message.replaceAll(context.run, run))
          : event('landing/landed', { target, from, to: commit, tree, checkout: moved.checkout, batchTree: last.tree });
      await engine.ledger.append(run, 'engine', ...(test === null ? [] : [event('landing/tested', test)]), outcome);
      engine.lines.settle(run);
    }
    return moved.kind === 'moved';
  });
}

async function refuseRed(context: RunContext, culprit: Link, evidence: CommandEvidence | undefined): Promise<void> {
  const { engine } = context;
  const state = engine.ledger.expect(culprit.run);
  const message = `green alone, but red together with ${state.landing?.target} as it is now; the work is committed on ${state.cell?.branch}`;
  await engine.ledger.append(
    culprit.run,
    'engine',
    ...(evidence === undefined ? [] : [event('landing/tested', { tree: culprit.tree, evidence })]),
    event('landing/refused', { code: 'red', message, paths: [] }),
  );
  engine.lines.settle(culprit.run);
}
