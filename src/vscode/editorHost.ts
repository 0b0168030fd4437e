import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { EditorMoney } from '../core/model/moneySettings.ts';
import type { ProjectConfig } from '../core/model/projectConfig.ts';
import type { RunRequest } from '../core/model/runRequest.ts';
import type { FileChange, RepositoryFacts } from '../core/ports/git.ts';
import type { HostGrants } from '../core/ports/hostGrants.ts';
import type { JournalReader } from '../core/ports/journal.ts';
import type { DetectedTest } from '../core/ports/project.ts';
import type { ListedTask } from '../core/run/taskRequest.ts';
import type { EngineClient } from '../protocol/engineClient.ts';

export interface ConnectOptions {
  /** When to start an engine where none is alive: also when nothing is open, only when some run was left in the middle, or never. */
  readonly start: 'always' | 'ifRunsOpen' | 'never';
  /** A person sits at this window and is asked: runs wait for them in place of being parked. */
  readonly attends: boolean;
}

/** Something wrong in a settings file; lines and columns count from 1. */
export interface SettingsProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A task written in a settings file and the line, from 1, that it begins on. */
export interface TaskPlace {
  readonly index: number;
  readonly id: string | null;
  readonly title: string;
  readonly line: number;
}

/**
 * Everything the editor needs of the world beside the editor itself. `folder` is always an absolute path in a repository;
 * each method throws UserFacingError (`notARepository`, `configuration`, `environment`, …) for what a person can mend.
 * Nothing here changes the repository: that is the engine's work.
 */
export interface EditorHost {
  /** Name of the person at this window, for the journal. */
  readonly person: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A client that has said hello, or null when there is no engine and none was to be started. */
  connect(folder: string, options: ConnectOptions): Promise<EngineClient | null>;
  /** The journal as it stands, without an engine. Empty when nothing was recorded yet. The caller closes it. */
  reader(folder: string): Promise<JournalReader>;
  /** One line on why nothing can be recorded, as on a read-only disk, where what was recorded before can be read all the same; null when it can. */
  readOnly(folder: string): Promise<string | null>;
  /** Calls `changed` when the journal file has changed since the last call, at most once a second, until disposed. */
  watchJournal(folder: string, changed: () => void): Promise<Disposable>;
  /** The repository's identity, folder and branch as they are now. */
  facts(folder: string): Promise<RepositoryFacts>;
  /** Reactor's data folder for the repository; test output files are relative to it. */
  dataFolder(folder: string): Promise<string>;
  /** Content of a file in a tree or commit; null when there is none. */
  readFile(folder: string, tree: string, path: string, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** Bytes of each of these blobs; one that is not there is left out. */
  blobSizes(folder: string, blobs: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** Files that differ between two trees or commits. */
  changes(folder: string, from: string, to: string, signal?: AbortSignal): Promise<readonly FileChange[]>;
  /** Unified diff of two trees or commits, cut at `maxBytes` on a line end. */
  patch(
    folder: string,
    range: { readonly from: string; readonly to: string; readonly paths?: readonly string[]; readonly maxBytes: number },
    signal?: AbortSignal,
  ): Promise<{ readonly text: string; readonly truncated: boolean }>;
  /** reactor.yaml that applies to the folder, over the editor's settings about money, with defaults; `file` is null when there is none. */
  config(folder: string): Promise<{ readonly config: ProjectConfig; readonly file: string | null }>;
  /** Makes what the editor's settings say of money hold for the repository where its reactor.yaml says nothing; nothing when empty. */
  holdMoney(folder: string, money: EditorMoney): Promise<void>;
  /** Hosts that commands of all runs may reach by a person's word. */
  hostGrants(folder: string): Promise<HostGrants>;
  detectTest(folder: string): Promise<DetectedTest | null>;
  /** What is wrong with the text of a reactor.yaml; empty when it can be used. */
  checkSettings(text: string): Promise<readonly SettingsProblem[]>;
  /** What is wrong with the text of a list of tasks. @param isKnown whether a task that is not in the list has been run before */
  checkTasks(text: string, isKnown: (task: string) => boolean): Promise<readonly SettingsProblem[]>;
  /** The requests in the text of a list of tasks. @param file how messages call it. @throws UserFacingError `configuration` when something is wrong with it */
  readTasks(text: string, file: string, folder: string): Promise<readonly RunRequest[]>;
  /** The text of a new list of tasks; without tasks, with place for the first. @param first number of the first task's name */
  newTaskList(tasks: readonly ListedTask[], first: number): Promise<string>;
  /** The tasks in the text of a reactor.yaml or of a list of tasks; empty when it can't be read. */
  taskPlaces(text: string): Promise<readonly TaskPlace[]>;
  /** The text with one setting set, comments and order kept. @throws UserFacingError `configuration` when it can't be read */
  withSetting(text: string, path: readonly string[], value: string | number): Promise<string>;
  /** JSON schema (draft 7) of reactor.yaml. */
  settingsSchema(): Promise<Readonly<Record<string, unknown>>>;
  /** The text of a fresh reactor.yaml with this test command. */
  newConfigText(test: string | null): Promise<string>;
  /** The agent server that would be used; null when there is none of a supported version. What a program said of its version is remembered. */
  locateAgentServer(folder: string): Promise<{ readonly path: string; readonly version: string } | null>;
  /** The checks of `reactor doctor`, one line each. */
  doctor(folder: string): Promise<string>;
  /** File with what the agent server of a cell printed. */
  serverLog(home: string): string;
}
