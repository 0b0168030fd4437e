import type { Lane } from '../../../src/protocol/panelShapes.ts';

/** A state of the files that can be compared. */
export interface TreeChoice {
  readonly tree: string;
  readonly label: string;
}

/** What a run's changes can be compared with and shown as: its base, its attempts, the last candidates of other runs. */
export function treeChoices(lane: Lane, lanes: readonly Lane[]): TreeChoice[] {
  const own = lane.candidates.map(({ attempt, tree, green, fate }) => ({
    tree,
    label: `Attempt ${attempt} · ${green === null ? 'not tested' : green ? 'green' : 'red'}${fate === 'open' ? '' : ` · ${fate}`}`,
  }));
  const others = lanes.flatMap((other) => {
    const last = other.run === lane.run ? undefined : other.candidates.at(-1);
    return last === undefined ? [] : [{ tree: last.tree, label: `${other.task} · attempt ${last.attempt}` }];
  });
  const green = lane.greenTree === lane.baseTree ? [] : [{ tree: lane.greenTree, label: 'Last green state' }];
  const seen = new Set<string>();
  return [{ tree: lane.baseTree, label: 'Base' }, ...green, ...own.reverse(), ...others].filter(({ tree }) => {
    const isNew = !seen.has(tree);
    seen.add(tree);
    return isNew;
  });
}

/** What is shown first: the candidate that waits for review against what it was made from, else the last attempt against the base. */
export function defaultComparison(lane: Lane): { readonly from: string; readonly to: string } | null {
  if (lane.reviewTree !== null) return { from: lane.greenTree, to: lane.reviewTree };
  const last = lane.candidates.at(-1);
  return last === undefined ? null : { from: lane.baseTree, to: last.tree };
}

/** Hunks can be left out of exactly one comparison: the candidate under review against what it was made from. */
export const isReviewable = (lane: Lane, from: string, to: string): boolean => lane.reviewTree === to && lane.greenTree === from;
