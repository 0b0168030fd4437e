import type { ProjectConfig } from '../core/model/projectConfig.ts';
import type { RunRequest } from '../core/model/runRequest.ts';
import type { ApproveMode, LandMode } from '../core/model/runSpec.ts';
import type { GitRepository } from '../core/ports/git.ts';
import type { HostGrants } from '../core/ports/hostGrants.ts';
import type { JournalReader } from '../core/ports/journal.ts';
import type { DetectedTest } from '../core/ports/project.ts';
import type { SandboxProbe } from '../core/ports/sandbox.ts';
import type { EngineClient } from '../protocol/engineClient.ts';

export interface ConnectOptions {
  /** When to start an engine where none is alive: also when nothing is open, only when some run is, or never. */
  readonly start: 'always' | 'ifRunsOpen' | 'never';
  /** A person sits here and is asked: runs wait for them in place of being parked. */
  readonly attends: boolean;
}

export interface InitAnswers {
  readonly test: string | null;
  readonly setup: string | null;
  readonly approve: ApproveMode;
  readonly land: LandMode;
}

export type ChainReport =
  | { readonly ok: true; readonly entries: number }
  | { readonly ok: false; readonly firstBroken: number; readonly what: string };

export interface ExportOptions {
  readonly format: 'ndjson' | 'csv';
  /** A run's id; all entries when absent. */
  readonly run?: string;
  /** Called in order; the next part is made when it has resolved. */
  readonly write: (part: string) => Promise<void>;
}

/**
 * Everything the commands need of the world beside the terminal. `folder` is always an absolute path in a repository;
 * each method throws UserFacingError (`notARepository`, `configuration`, `environment`, …) for what a person can mend.
 */
export interface CliHost {
  /** Name of the person at this terminal, for the journal. */
  readonly person: string;
  /** A client that has said hello, or null when there is no engine and none was to be started. */
  connect(folder: string, options: ConnectOptions): Promise<EngineClient | null>;
  /** The journal as it stands, without an engine. Empty when nothing was recorded yet. The caller closes it. */
  reader(folder: string): Promise<JournalReader>;
  /** Reactor's data folder for the repository; test output files are relative to it. It may be one that can only be read. */
  dataFolder(folder: string): Promise<string>;
  /** @throws UserFacingError `environment` when the data folder takes nothing. */
  proveWritable(folder: string): Promise<void>;
  repository(folder: string): Promise<GitRepository>;
  /** What persons have let commands of all runs connect to. */
  hostGrants(folder: string): Promise<HostGrants>;
  /** reactor.yaml that applies to the folder, with defaults; `file` is null when there is none. */
  config(folder: string): Promise<{ readonly config: ProjectConfig; readonly file: string | null }>;
  detectTest(folder: string): Promise<DetectedTest | null>;
  /** The tasks of a tasks file, as requests for `folder`. */
  readTasks(file: string, folder: string): Promise<readonly RunRequest[]>;
  /** The text of a fresh reactor.yaml. */
  newConfigText(answers: InitAnswers): string;
  gitVersion(): Promise<string | null>;
  locateAgentServer(): Promise<{ readonly path: string; readonly version: string } | null>;
  /** What boundary cells can have on this machine; tried out. */
  probeSandbox(): Promise<SandboxProbe>;
  /** What control groups (cgroup v2) that are delegated to this user can limit; none where none are. */
  controllers(): Promise<readonly string[]>;
  /** How many ports of the range cells lease from can be bound now. */
  freePorts(range: { readonly from: number; readonly to: number }): Promise<number>;
  freeDiskBytes(path: string): Promise<number>;
  freeMemoryBytes(): Promise<number>;
  /** Where the engine writes its log. */
  engineLogFile(folder: string): Promise<string>;
  verifyJournal(folder: string, signal?: AbortSignal): Promise<ChainReport>;
  /** Writes entries in order. @returns how many. */
  exportEntries(folder: string, options: ExportOptions): Promise<number>;
  /** Tells the repository's engine, of whatever version, to end; waits for that unless it drains. @returns false when none runs. */
  stopEngine(folder: string, options: { readonly drain: boolean }): Promise<boolean>;
  /** The engine in this process, until it ends by itself. @returns the exit code. */
  runEngine(folder: string): Promise<number>;
  /** The sample repository with the scripted model. @returns the exit code. */
  runDemo(): Promise<number>;
}
