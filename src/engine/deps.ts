import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { UserMoney } from '../core/model/moneySettings.ts';
import type { ProjectConfig } from '../core/model/projectConfig.ts';
import type { SandboxMode } from '../core/model/sandboxSpec.ts';
import type { SecretGuard } from '../core/policy/secrets/secretGuard.ts';
import type { AgentServers } from '../core/ports/agent.ts';
import type { CellNetwork } from '../core/ports/cellNetwork.ts';
import type { DataFiles, Ids } from '../core/ports/files.ts';
import type { Git, GitRepository } from '../core/ports/git.ts';
import type { HostGrants } from '../core/ports/hostGrants.ts';
import type { Journal } from '../core/ports/journal.ts';
import type { Notifier } from '../core/ports/notices.ts';
import type { PortLeases, Processes, Warden } from '../core/ports/processes.ts';
import type { Project } from '../core/ports/project.ts';
import type { Sandbox } from '../core/ports/sandbox.ts';
import type { Spending } from '../core/ports/spending.ts';

export interface EngineOptions {
  /** Takes what holds for all cells from settings that somebody has just run something with; the last ones hold. */
  readonly heed: (settings: ProjectConfig) => void;
  readonly portRange: { readonly from: number; readonly to: number };
  readonly healthEveryMs: number;
  readonly healthLimitMs: number;
  /** Servers that may start at the same time. */
  readonly parallelBoots: number;
  /** Cells that may live at the same time. */
  readonly cellLimit: number;
  /** Memory that new processes could take now without swapping, in bytes. */
  readonly freeMemoryBytes: () => number;
  /** Memory of the machine, or of the part of it that this engine may use, in bytes. */
  readonly totalMemoryBytes: () => number;
  /** Memory that a cell needs free before it is started, in bytes; 0 when that is not to be looked at. */
  readonly cellBytes: number;
  /** Processes that want to run, per processor, over about a minute. */
  readonly loadPerCore: () => number;
  /** Cells that may be made ahead, at this moment. */
  readonly warmCells: () => number;
  /** Another server would not push the machine into swap. */
  readonly hasMemoryToSpare: () => boolean;
  /** From SIGTERM to SIGKILL (INV-005). */
  readonly killGraceMs: number;
  /** How long a waiting run stays live after the last person has gone. */
  readonly unattendedGraceMs: number;
  /** The sandbox of runs where neither request nor settings say. */
  readonly sandbox: SandboxMode;
}

/** What the engine needs to count and bound money. */
export interface MoneyDeps {
  readonly spending: Spending;
  readonly notifier: Notifier;
  /** The person's own budgets and prices, read anew. @throws UserFacingError `configuration` when the file is wrong */
  readonly userSettings: () => Promise<UserMoney>;
  /** The day of a moment as YYYY-MM-DD, in the time zone by which days are counted. */
  readonly dayOf: (at: number) => string;
}

/** Everything the engine acts through. */
export interface EngineDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: Ids;
  readonly git: Git;
  readonly repository: GitRepository;
  readonly journal: Journal;
  readonly processes: Processes;
  readonly warden: Warden;
  readonly ports: PortLeases;
  readonly agents: AgentServers;
  readonly sandbox: Pick<Sandbox, 'probe'>;
  readonly secrets: SecretGuard;
  readonly network: CellNetwork;
  readonly hosts: HostGrants;
  readonly files: DataFiles;
  readonly project: Project;
  readonly money: MoneyDeps;
  readonly options: EngineOptions;
}
