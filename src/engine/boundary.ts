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

/** The boundary of one cell, with its own view of git. */
export async function boundaryOf(
  deps: EngineDeps,
  worktree: string,
  gitFolder: string,
  { sandbox, boundary }: { readonly sandbox: SandboxSpec; readonly boundary: Boundary },
): Promise<CellBoundary | null> {
  if (boundary === null) return null;
  const git = await deps.repository.privateView(worktree, gitFolder, boundary === 'bubblewrap');
  if (!git.ok) throw new Error(`the cell's view of git could not be made: ${git.error.message}`);
  const { network, read, write, limits } = sandbox;
  return { network, read, write, limits: limitsSet(limits), git: git.value };
}
