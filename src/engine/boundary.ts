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

export interface LaidBoundary {
  readonly boundary: CellBoundary | null;
  /** Settled once all of it is laid, which needs the worktree. @throws Error when it can't be */
  readonly laid: Promise<void>;
}

/**
 * The boundary of one cell, with its own view of git.
 * @param made settled when the worktree is there.
 */
export async function boundaryOf(
  deps: EngineDeps,
  worktree: string,
  gitFolder: string,
  { sandbox, boundary }: { readonly sandbox: SandboxSpec; readonly boundary: Boundary },
  made: Promise<unknown>,
): Promise<LaidBoundary> {
  if (boundary === null) return { boundary: null, laid: Promise.resolve() };
  const isMounted = boundary === 'bubblewrap';
  // What Seatbelt is told is worked out from what is there.
  if (!isMounted) await made;
  const view = await deps.repository.privateView(worktree, gitFolder, { isMounted, made });
  const { network, read, write, limits } = sandbox;
  return {
    boundary: { network, read, write, limits: limitsSet(limits), git: view.mounts },
    laid: view.laid.then((result) => {
      if (!result.ok) throw new Error(`the cell's view of git could not be made: ${result.error.message}`);
    }),
  };
}
