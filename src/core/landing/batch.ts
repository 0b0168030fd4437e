import type { RunState } from '../run/state.ts';

/** One run's part of a batch: its commit on top of those before it. */
export interface Link {
  readonly run: string;
  readonly commit: string;
  readonly tree: string;
}

/**
 * The same tests after the same set-up and within the same boundary, from files and network to limits and ports: what passes for one passes for the
 * other.
 */
export const isTestedAlike = (a: RunState, b: RunState): boolean => groundsOf(a) === groundsOf(b);

const groundsOf = ({ spec, cell }: RunState): string => {
  const { test, setup, folder, hooks, include, ports = 0 } = spec;
  const { limits, network, hosts, read, write } = spec.sandbox;
  // The boundary that the cell really had: one that is preferred is not always to be had.
  const boundary = cell?.boundary ?? null;
  const within = boundary === null ? null : [boundary, network, hosts, read, write];
  return JSON.stringify([test, setup, folder, hooks, include, ports, limits, within]);
};

/** Lands by a merge commit, on which a hook of the repository may have a word. */
export const obeysMergeHook = ({ spec }: RunState): boolean => spec.hooks && spec.land === 'merge';

/**
 * The runs that may land together with the first of a line, it included, in the order of the line; never more than its limit.
 * @param mergeHook the repository has a hook that decides on merges: on each by itself.
 */
export function chooseBatch(line: readonly RunState[], mergeHook = false): readonly RunState[] {
  const [leader] = line;
  if (leader === undefined) return [];
  const isAlone = (state: RunState): boolean => mergeHook && obeysMergeHook(state);
  if (isAlone(leader)) return [leader];
  const others = line.slice(1).filter((state) => state.spec.landing.batch > 1 && !isAlone(state) && isTestedAlike(leader, state));
  return [leader, ...others].slice(0, leader.spec.landing.batch);
}

/** What is known of the first so many links of a batch together: `green` of them pass (0: the target as it is), `red` of them fail. */
export interface Bounds {
  readonly green: number;
  readonly red: number;
}

/** How many links to test next to find the one that turns the batch red; null when it is found: the last of the `red` first. */
export const nextProbe = ({ green, red }: Bounds): number | null => (red - green <= 1 ? null : Math.floor((green + red) / 2));
