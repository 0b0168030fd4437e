import type { PermissionRule } from '../core/model/permissionRule.ts';
import type { SandboxSpec } from '../core/model/sandboxSpec.ts';
import { limitsPassedOn } from '../core/policy/cellLimits.ts';
import type { AgentServer, BootFailure } from '../core/ports/agent.ts';
import type { PortLease, ProcessIdentity } from '../core/ports/processes.ts';
import { type Boundary, beginBoundary } from './boundary.ts';
import type { EngineDeps } from './deps.ts';

export interface ServerPlace {
  readonly cell: string;
  readonly worktree: string;
  readonly home: string;
}

/** What a server is started for; a server serves any run that asks for the same. */
export interface ServerWish {
  readonly projectFolder: string;
  readonly model: string | null;
  readonly permissions: readonly PermissionRule[];
  /** How many ports the app under test gets. */
  readonly appPorts: number;
  readonly sandbox: SandboxSpec;
  /** Null when the run goes without one. */
  readonly boundary: Boundary;
}

export interface StartedServer {
  readonly server: AgentServer;
  readonly lease: PortLease;
  /** For the app under test. */
  readonly appLeases: readonly PortLease[];
}

export type StartResult =
  | { readonly ok: true; readonly value: StartedServer }
  | { readonly ok: false; readonly error: BootFailure; readonly retryable: boolean };

/**
 * Leases a port and starts a cell's server on it. On failure nothing of it is left: no process, no lease.
 * @param made settled when the worktree is there, until when everything up to the process is prepared.
 */
export async function startServer(
  deps: EngineDeps,
  place: ServerPlace,
  wish: ServerWish,
  onSpawned: (process: ProcessIdentity, port: number, appPorts: number[]) => void,
  signal: AbortSignal,
  made: Promise<unknown> = Promise.resolve(),
): Promise<StartResult> {
  const { options } = deps;
  const { serverLog, git } = await deps.files.cellFolders(place.cell);
  const begun = beginBoundary(deps, place.worktree, git, wish, made);
  const leases = await leasePorts(deps, 1 + wish.appPorts, signal);
  const [lease, ...appLeases] = leases;
  if (lease === undefined) {
    await begun?.laid;
    const { from, to } = options.portRange;
    const count = wish.appPorts === 0 ? 'no free port' : `not ${1 + wish.appPorts} free ports`;
    const message = `${count} between ${from} and ${to}; stop what holds them or widen ports in reactor.yaml`;
    return { ok: false, retryable: false, error: { code: 'portTaken', message, logTail: '' } };
  }
  let leader: ProcessIdentity | null = null;
  try {
    const { projectFolder, model, permissions } = wish;
    const before = Promise.all([made, begun?.placed]);
    before.catch(() => {});
    if (wish.sandbox.network === 'allowlist' && begun !== null) await deps.network.open(place.cell);
    // Watched before it exists: the marker in its environment is enough for the warden to find it.
    deps.warden.watch(place.cell, null);
    const result = await deps.agents.start(
      {
        ...place,
        projectFolder,
        model,
        permissions,
        boundary: begun?.boundary ?? null,
        limits: limitsPassedOn(wish.sandbox.limits, begun !== null),
        port: lease.port,
        environment: portVariables(appLeases),
        healthEveryMs: options.healthEveryMs,
        healthLimitMs: options.healthLimitMs,
        logFile: serverLog,
        before,
        ...(begun === null ? {} : { beforeUse: begun.laid }),
        onSpawned: (process) => {
          leader = process;
          deps.warden.watch(place.cell, process);
          onSpawned(process, lease.port, portsOf(appLeases));
        },
      },
      signal,
    );
    if (result.ok) return { ok: true, value: { server: result.value, lease, appLeases } };
    await deps.processes.endCell(place.cell, leader, options.killGraceMs);
    await releaseAll(leases);
    return { ok: false, error: result.error, retryable: result.error.code !== 'spawnFailed' };
  } catch (error) {
    await releaseAll(leases);
    throw error;
  }
}

/** So many ports, or none when there are not so many. */
async function leasePorts(deps: EngineDeps, count: number, signal: AbortSignal): Promise<PortLease[]> {
  const leases: PortLease[] = [];
  try {
    while (leases.length < count) {
      const lease = await deps.ports.lease(deps.options.portRange, signal);
      if (lease === null) {
        await releaseAll(leases);
        return [];
      }
      leases.push(lease);
    }
    return leases;
  } catch (error) {
    await releaseAll(leases);
    throw error;
  }
}

export const portsOf = (leases: readonly PortLease[]): number[] => leases.map(({ port }) => port);

export const releaseAll = async (leases: readonly PortLease[]): Promise<void> => {
  await Promise.all(leases.map((lease) => lease.release()));
};

/** REACTOR_PORT, REACTOR_PORT_1, REACTOR_PORT_2, … */
export const portVariables = (leases: readonly PortLease[]): Record<string, string> =>
  Object.fromEntries(leases.map(({ port }, index) => [index === 0 ? 'REACTOR_PORT' : `REACTOR_PORT_${index}`, String(port)]));
