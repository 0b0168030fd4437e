import { err, ok, type Result } from '../base/result.ts';
import type { PortLease } from '../core/ports/processes.ts';
import { type CellState, currentAttempt, type RunState } from '../core/run/state.ts';
import type { EngineDeps } from './deps.ts';
import { portVariables, releaseAll, type StartedServer } from './startServer.ts';

/**
 * Why the cell of an open run can't be gone on with as it is, though its server may live; null when it can. What is half made, waits for
 * nothing, or is about to end is made again or ended instead.
 */
function notAdoptable({ cell, spec, parked, concluded, cancelledBy, timedOut }: RunState): string | null {
  if (cell === null || cell.server === null || cell.port === null) return 'it had no agent server';
  if (!cell.ready || !cell.hasWorktree) return 'its cell was not ready yet';
  if (spec.setup !== null && !cell.setupDone) return 'its setup had not ended';
  if (parked !== null || concluded !== null || cancelledBy !== null || timedOut) return 'its server was to be ended';
  return null;
}

/**
 * Takes over the live server of a cell with its port, and has this engine's warden watch it. Otherwise the reason, which the run tells;
 * then the caller ends what is left of the cell.
 */
export async function adoptCell(deps: EngineDeps, state: RunState, signal: AbortSignal): Promise<Result<StartedServer, string>> {
  const why = notAdoptable(state);
  const { id, worktree, home, server, port } = state.cell ?? ({} as Partial<CellState>);
  if (why !== null || id === undefined || worktree === undefined || home === undefined || !server || !port)
    return err(why ?? 'it had no cell');
  if (!deps.processes.isAlive(server)) return err('its agent server had ended');
  if (!(await deps.files.exists(worktree))) return err('its worktree is gone');
  const leases = await takeOverPorts(deps, [port, ...(state.cell?.appPorts ?? [])]);
  const [lease, ...appLeases] = leases;
  if (lease === undefined) return err('a port of it is leased by another process');
  try {
    const { healthLimitMs } = deps.options;
    const environment = portVariables(appLeases);
    if (state.spec.sandbox.network === 'allowlist') await deps.network.open(id);
    const attempt = currentAttempt(state);
    const hasTurn = attempt !== null && attempt.executed === null && attempt.closed === null;
    const isEnclosed = (state.cell?.boundary ?? null) !== null;
    const adopted = await deps.agents.adopt(
      { cell: id, worktree, home, port, process: server, isEnclosed, hasTurn, environment, healthLimitMs },
      signal,
    );
    if (adopted.ok) {
      deps.warden.watch(id, server);
      return ok({ server: adopted.value, lease, appLeases });
    }
    await releaseAll(leases);
    return adopted;
  } catch (error) {
    await releaseAll(leases);
    throw error;
  }
}

/** All of the ports, or none. */
async function takeOverPorts({ ports }: EngineDeps, wanted: readonly number[]): Promise<readonly PortLease[]> {
  const leases: PortLease[] = [];
  for (const port of wanted) {
    const lease = await ports.takeOver(port);
    if (lease === null) {
      await releaseAll(leases);
      return [];
    }
    leases.push(lease);
  }
  return leases;
}
