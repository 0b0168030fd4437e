import { event } from '../../core/journal/events.ts';
import { chooseBatch, type Link } from '../../core/landing/batch.ts';
import { isInLine } from '../../core/landing/line.ts';
import type { Oid } from '../../core/ports/git.ts';
import type { RunState } from '../../core/run/state.ts';
import type { RunContext } from '../runContext.ts';
import { landingOnto } from './onto.ts';

/** A target that moves under every batch is better raced alone. */
const MAX_STARTS = 3;

/**
 * Puts runs that wait behind this one together with it: the commit of each on top of those before it. Runs that would conflict are left out
 * and go their own way later.
 * @param worthIt testing costs no start of a server, or is needed anyway
 * @param mergeHook as in `chooseBatch`
 * @returns false, with nothing recorded, when there is nothing to put together.
 */
export async function formBatch(
  context: RunContext,
  tip: Oid,
  own: Link,
  { worthIt, mergeHook }: { readonly worthIt: boolean; readonly mergeHook: boolean },
): Promise<boolean> {
  const { engine, deps, state } = context;
  const target = state.landing?.target ?? '';
  if (!worthIt || engine.lines.isCautious(target) || (state.landing?.starts ?? 0) > MAX_STARTS) return false;
  const behind = engine.lines.waiting(target).flatMap((run): RunState[] => {
    const other = engine.ledger.state(run);
    return other !== null && isInLine(other) ? [other] : [];
  });
  const links: Link[] = [own];
  for (const other of chooseBatch([state, ...behind], mergeHook).slice(1)) {
    const last = links.at(-1) ?? own;
    const next = await landingOnto(deps.repository, other, last.commit, true);
    if (next.kind === 'ready' && next.tree !== last.tree) links.push({ run: other.run, commit: next.commit, tree: next.tree });
  }
  if (links.length === 1) return false;
  const runs = links.map(({ run }) => run);
  // The leader's last: until then each of them goes on by itself.
  for (const { run, commit, tree } of [...links].reverse()) {
    const other = engine.ledger.state(run);
    // Stopped meanwhile: the batch is found to be void before anything moves.
    if (other === null || !isInLine(other)) continue;
    await engine.ledger.append(run, 'engine', event('landing/batched', { target, onto: tip, commit, tree, leader: context.run, runs }));
  }
  return true;
}

/** The batch that a run leads, as the journal has it; null when one of its runs has left it. */
export function linksOf(context: RunContext): readonly Link[] | null {
  const { landing } = context.state;
  const links: Link[] = [];
  for (const run of landing?.batch?.runs ?? []) {
    const other = context.engine.ledger.state(run);
    const theirs = other?.landing;
    if (!other || !theirs || !isInLine(other) || theirs.batch?.leader !== context.run || theirs.onto !== landing?.onto) return null;
    links.push({ run, commit: theirs.commit, tree: theirs.tree });
  }
  return links;
}
