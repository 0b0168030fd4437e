import { join } from 'node:path';
import process from 'node:process';
import { systemClock } from '../adapters/clock/systemClock.ts';
import { createAgentServers } from '../adapters/opencode/agentServers.ts';
import { createProcesses } from '../adapters/processes/processes.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { AgentServers } from '../core/ports/agent.ts';
import type { ControlGroups, Processes } from '../core/ports/processes.ts';
import type { Sandbox } from '../core/ports/sandbox.ts';
import { agentServerVersions, packageFolders } from './program.ts';

/** Agent servers of the user's own OpenCode: REACTOR_OPENCODE, else on PATH, else the one installed with Reactor. */
export function composeAgentServers(options: {
  /** The machine's own by default. */
  readonly clock?: Clock;
  readonly log: Log;
  /** The repository's data folder, for what is made once and used by every cell; null to keep nothing. */
  readonly dataFolder: string | null;
  readonly processes?: Processes;
  /** Those that `processes` looks at; none where no cell is started. */
  readonly groups?: ControlGroups;
  readonly killGraceMs?: number;
  /** Makes the boundary of cells; left out where no cell is started. */
  readonly sandbox?: Sandbox;
}): AgentServers {
  const { clock = systemClock, log, dataFolder, killGraceMs = 5000 } = options;
  const processes = options.processes ?? createProcesses({ clock, log });
  return createAgentServers({
    clock,
    log,
    executable: process.env['REACTOR_OPENCODE'] ?? null,
    env: process.env,
    packageFolders,
    ...(options.sandbox === undefined ? {} : { sandbox: options.sandbox }),
    ...(dataFolder === null ? {} : { templateFolder: join(dataFolder, 'templates'), versionsFile: agentServerVersions(dataFolder) }),
    endProcess: async (cell, leader) => {
      await processes.endCell(cell, leader, killGraceMs);
    },
    ...(options.groups === undefined ? {} : { groups: options.groups }),
    identify: (pid) => processes.identify(pid),
    isAlive: (p) => processes.isAlive(p),
  });
}
