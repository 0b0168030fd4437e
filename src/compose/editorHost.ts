import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { systemClock } from '../adapters/clock/systemClock.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { toDisposable } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import { evolveRun } from '../core/run/evolve.ts';
import type { EditorHost } from '../vscode/editorHost.ts';
import { editorSettings } from './editorSettings.ts';
import { type Home, lookHome, readOnlyText } from './home.ts';

export interface EditorHostOptions {
  readonly log: Log;
  /** The agent server's path from the editor's settings now; null to find it. */
  readonly agentServerPath: () => string | null;
  /** What `reactor doctor` says of a folder. */
  readonly doctor: (folder: string) => Promise<string>;
}

/** For so long a data folder that can't be written is taken to be so. */
const UNWRITABLE_MS = 5000;

/** The editor's view of the machine. Adapters are loaded when something first needs them, so that activation stays short. */
export function createEditorHost({ log, agentServerPath, doctor }: EditorHostOptions): EditorHost {
  const person = personName();
  const homes = new Map<string, Promise<Home>>();
  /** Looked for once per folder; a failure is not kept, nor for long that nothing can be written there. */
  const home = (folder: string): Promise<Home> => {
    const known = homes.get(folder);
    if (known !== undefined) return known;
    const opened = lookHome(folder);
    homes.set(folder, opened);
    opened.then(
      ({ unwritable }) => {
        if (unwritable !== null) systemClock.schedule(UNWRITABLE_MS, () => homes.delete(folder));
      },
      () => homes.delete(folder),
    );
    return opened;
  };
  return {
    person,
    clock: systemClock,
    log,
    async connect(folder, { start, attends }) {
      const { connectEngine } = await import('./connectEngine.ts');
      const path = agentServerPath();
      const engineEnv: Record<string, string> = path === null ? {} : { REACTOR_OPENCODE: path };
      return connectEngine(await home(folder), { start, attends, person, client: 'editor', engineEnv });
    },
    async reader(folder) {
      const { openJournalReader } = await import('../adapters/journal/openJournalReader.ts');
      return openJournalReader({ file: (await home(folder)).journalFile, evolve: evolveRun });
    },
    readOnly: async (folder) => readOnlyText(await home(folder)),
    watchJournal: async (folder, changed) => watchJournal((await home(folder)).journalFile, changed, log),
    async facts(folder) {
      const { git } = await home(folder);
      const opened = await git.open(folder);
      if (!opened.ok) throw new UserFacingError('notARepository', opened.error.message);
      return opened.value.facts;
    },
    dataFolder: async (folder) => (await home(folder)).dataFolder,
    readFile: async (folder, tree, path, signal) => (await home(folder)).repository.readFile(tree, path, signal),
    blobSizes: async (folder, blobs, signal) => (await home(folder)).repository.blobSizes(blobs, signal),
    changes: async (folder, from, to, signal) => (await home(folder)).repository.changes(from, to, signal),
    async patch(folder, range, signal) {
      const { withCoveredPatches } = await import('./coveredPatches.ts');
      return withCoveredPatches((await home(folder)).repository).patch(range, signal);
    },
    async config(folder) {
      const { createFolderProject } = await import('../adapters/project/folderProject.ts');
      const { repository, dataFolder } = await home(folder);
      return createFolderProject(dataFolder).config(folder, repository.facts.topLevel ?? folder);
    },
    async hostGrants(folder) {
      const { createHostGrants } = await import('../adapters/files/hostGrants.ts');
      return createHostGrants((await home(folder)).dataFolder);
    },
    async detectTest(folder) {
      const { detectTest } = await import('../adapters/project/detectTest.ts');
      return detectTest(folder);
    },
    async holdMoney(folder, money) {
      const { writeEditorMoney } = await import('../adapters/project/editorMoney.ts');
      const { dataFolder, unwritable } = await home(folder);
      // No engine works there meanwhile, and who can write again is told to hold it anew.
      if (unwritable === null) await writeEditorMoney(dataFolder, money);
    },
    ...editorSettings,
    async readTasks(text, file, folder) {
      const [{ tasksOf }, { knownTasks }] = await Promise.all([import('../adapters/project/tasksFile.ts'), import('./knownTasks.ts')]);
      return tasksOf(text, file, folder, async (tasks) => knownTasks(await home(folder), tasks));
    },
    async locateAgentServer(folder) {
      const { locateExecutable } = await import('../adapters/opencode/locateExecutable.ts');
      const { agentServerVersions, packageFolders } = await import('./program.ts');
      const configured = agentServerPath() ?? process.env['REACTOR_OPENCODE'] ?? null;
      const memory = agentServerVersions((await home(folder)).dataFolder);
      return locateExecutable({ configured, env: process.env, packageFolders, log, memory });
    },
    doctor,
    serverLog: (cellHome) => join(dirname(cellHome), 'server.log'),
  };
}

function personName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? 'unknown';
  }
}

const QUIET_MS = 1000;

/** What the journal's files look like from outside; reading them changes none of this. */
async function signature(file: string): Promise<string> {
  const parts = await Promise.all([file, `${file}-wal`].map((path) => stat(path).catch(() => null)));
  return parts.map((facts) => (facts === null || facts.size === 0 ? '-' : `${facts.ino}:${facts.size}:${facts.mtimeMs}`)).join(' ');
}

/** Without a timer while nothing changes. */
async function watchJournal(file: string, changed: () => void, log: Log): Promise<Disposable> {
  let last = await signature(file);
  let waiting: Disposable | null = null;
  let watcher: FSWatcher | null = null;
  const look = async (): Promise<void> => {
    const now = await signature(file);
    if (now === last || watcher === null) return;
    last = now;
    changed();
  };
  const soon = (): void => {
    waiting ??= systemClock.schedule(QUIET_MS, () => {
      waiting = null;
      void look();
    });
  };
  try {
    watcher = watch(dirname(file), { persistent: false }, soon);
    watcher.on('error', (error) => log.log('warn', 'the journal is not watched any more', { error: error.message }));
  } catch (error) {
    log.log('warn', 'the journal can not be watched; views are brought up to date by hand', { error: String(error) });
  }
  return toDisposable(() => {
    waiting?.dispose();
    watcher?.close();
    watcher = null;
  });
}
