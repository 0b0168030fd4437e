import type { SandboxSpec } from '../core/model/sandboxSpec.ts';
import { limitsSet } from '../core/policy/cellLimits.ts';
import type { CellBoundary, SandboxProbe } from '../core/ports/sandbox.ts';
import type { EngineDeps } from './deps.ts';

/** The name of the boundary that a cell has; null for none. */
export type Boundary = SandboxProbe['boundary'];

/** What this run's cells have here. */
export async function boundaryFor(deps: EngineDeps, { mode }: SandboxSpec): Promise<Boundary> {
  return mode === 'off' ? null : (await deps.sandbox.probe()).boundary;
}

export interface BoundaryBegun {
  readonly boundary: Promise<CellBoundary>;
  /** Settled once it can be laid around a process. @throws Error when it can't be */
  readonly placed: Promise<void>;
  /** Settled once git may be looked at within. @throws Error when it can't be */
  readonly laid: Promise<void>;
}

/**
 * Begins the boundary of one cell, with its own view of git. Null when it has none.
 * @param made settled when the worktree is there.
 */
export function beginBoundary(
  deps: EngineDeps,
  worktree: string,
  gitFolder: string,
  { sandbox, boundary: name }: { readonly sandbox: SandboxSpec; readonly boundary: Boundary },
  made: Promise<unknown>,
): BoundaryBegun | null {
  if (name === null) return null;
  const isMounted = name === 'bubblewrap';
  const view = () => deps.repository.privateView(worktree, gitFolder, { isMounted, made });
  // What Seatbelt is told is worked out from what is there.
  const viewing = isMounted ? view() : made.then(view);
  const { network, read, write, limits } = sandbox;
  const boundary = viewing.then(({ mounts }) => ({ network, read, write, limits: limitsSet(limits), git: mounts }));
  const placed = viewing.then((found) => found.placed);
  const laid = viewing.then(async (found) => {
    const result = await found.laid;
    if (!result.ok) throw new Error(`the cell's view of git could not be made: ${result.error.message}`);
  });
  // Heard by whoever starts a server within; nothing is left of it that could be in the way.
  for (const each of [boundary, placed, laid]) each.catch(() => {});
  return { boundary, placed, laid };
}
