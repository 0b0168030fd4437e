import type { PermissionRule } from '../core/model/permissionRule.ts';
import type { SandboxSpec } from '../core/model/sandboxSpec.ts';
import type { AgentServer, BootFailure } from '../core/ports/agent.ts';
import type { PortLease, ProcessIdentity } from '../core/ports/processes.ts';
import { type Boundary, boundaryOf } from './boundary.ts';
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
  readonly sandbox: SandboxSpec;
  /** Null when the run goes without one. */
  readonly boundary: Boundary;
}

export interface StartedServer {
  readonly server: AgentServer;
  readonly lease: PortLease;
}

export type StartResult =
  | { readonly ok: true; readonly value: StartedServer }
  | { readonly ok: false; readonly error: BootFailure; readonly retryable: boolean };

/** Leases a port and starts a cell's server on it. On failure nothing of it is left: no process, no lease. */
export async function startServer(
  deps: EngineDeps,
  place: ServerPlace,
  wish: ServerWish,
  onSpawned: (process: ProcessIdentity, port: number) => void,
  signal: AbortSignal,
): Promise<StartResult> {
  const { options } = deps;
  const lease = await deps.ports.lease(options.portRange, signal);
  if (lease === null) {
    const { from, to } = options.portRange;
    const message = `no free port between ${from} and ${to}; stop what holds them or widen ports in reactor.yaml`;
    return { ok: false, retryable: false, error: { code: 'portTaken', message, logTail: '' } };
  }
  let leader: ProcessIdentity | null = null;
  try {
    const { serverLog, git } = await deps.files.cellFolders(place.cell);
    const { projectFolder, model, permissions } = wish;
    const boundary = await boundaryOf(deps, place.worktree, git, wish);
    // Watched before it exists: the marker in its environment is enough for the warden to find it.
    deps.warden.watch(place.cell, null);
    const result = await deps.agents.start(
      {
        ...place,
        projectFolder,
        model,
        permissions,
        boundary,
        port: lease.port,
        environment: {},
        healthEveryMs: options.healthEveryMs,
        healthLimitMs: options.healthLimitMs,
        logFile: serverLog,
        onSpawned: (process) => {
          leader = process;
          deps.warden.watch(place.cell, process);
          onSpawned(process, lease.port);
        },
      },
      signal,
    );
    if (result.ok) return { ok: true, value: { server: result.value, lease } };
    await deps.processes.endCell(place.cell, leader, options.killGraceMs);
    await lease.release();
    return { ok: false, error: result.error, retryable: result.error.code !== 'spawnFailed' };
  } catch (error) {
    await lease.release();
    throw error;
  }
}
