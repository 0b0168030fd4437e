import { userInfo } from 'node:os';
import { pathToFileURL } from 'node:url';
import { systemClock } from './adapters/clock/systemClock.ts';
import { initConfigText } from './adapters/project/initConfig.ts';
import { silentLog } from './base/log.ts';
import type { ChainReport, CliHost } from './cli/cliHost.ts';
import type { Home } from './compose/home.ts';
import { knownTasks } from './compose/knownTasks.ts';
import { programPath } from './compose/program.ts';
import { evolveRun } from './core/run/evolve.ts';

/**
 * The commands' view of the machine. Adapters are loaded when a command first needs them, so that `reactor --help` is instant.
 * @param note takes a line for the person beside what a command shows
 */
export function createCliHost(note: (line: string) => void = () => {}): CliHost {
  const person = personName();
  let isNoted = false;
  /** For what is read from it and shown. */
  const homeToRead = async (folder: string): Promise<Home> => {
    const home = await lookHome(folder);
    const { readOnlyText } = await import('./compose/home.ts');
    const line = readOnlyText(home);
    if (line !== null && !isNoted) note(line);
    isNoted = true;
    return home;
  };
  return {
    person,
    async connect(folder, { start, attends }) {
      const { connectEngine, connectRunning } = await import('./compose/connectEngine.ts');
      const request = { start, attends, person, client: 'cli' } as const;
      return (await connectRunning(folder, request)) ?? connectEngine(await (start === 'always' ? openHome : lookHome)(folder), request);
    },
    async reader(folder) {
      const { openJournalReader } = await import('./adapters/journal/openJournalReader.ts');
      return openJournalReader({ file: (await homeToRead(folder)).journalFile, evolve: evolveRun });
    },
    dataFolder: async (folder) => (await lookHome(folder)).dataFolder,
    async proveWritable(folder) {
      await openHome(folder);
    },
    async hostGrants(folder) {
      const { createHostGrants } = await import('./adapters/files/hostGrants.ts');
      return createHostGrants((await lookHome(folder)).dataFolder);
    },
    async repository(folder) {
      const { withCoveredPatches } = await import('./compose/coveredPatches.ts');
      return withCoveredPatches((await lookHome(folder)).repository);
    },
    async config(folder) {
      const { createFolderProject } = await import('./adapters/project/folderProject.ts');
      const { repository, dataFolder } = await lookHome(folder);
      return createFolderProject(dataFolder).config(folder, repository.facts.topLevel ?? folder);
    },
    async detectTest(folder) {
      const { detectTest } = await import('./adapters/project/detectTest.ts');
      return detectTest(folder);
    },
    async readTasks(file, folder) {
      const { readTasks } = await import('./adapters/project/tasksFile.ts');
      return readTasks(file, folder, async (tasks) => knownTasks(await openHome(folder), tasks));
    },
    newConfigText: initConfigText,
    async gitVersion() {
      const { createGit } = await import('./adapters/git/git.ts');
      return createGit({ clock: systemClock, log: silentLog }).version();
    },
    async probeSandbox() {
      const { createSandbox } = await import('./adapters/sandbox/createSandbox.ts');
      const { composeAgentServers } = await import('./compose/agentServers.ts');
      const program = async () => (await composeAgentServers({ log: silentLog, dataFolder: null }).locate())?.path ?? null;
      return createSandbox({ hidden: [], waysOut: null, folder: null, env: process.env, program }).probe();
    },
    async controllers() {
      const { createControlGroups } = await import('./adapters/processes/controlGroups.ts');
      return createControlGroups({ clock: systemClock, log: silentLog }).controllers();
    },
    async locateAgentServer() {
      const { composeAgentServers } = await import('./compose/agentServers.ts');
      return composeAgentServers({ log: silentLog, dataFolder: null }).locate();
    },
    async freePorts(range) {
      const { countFreePorts } = await import('./adapters/freePort/countFreePorts.ts');
      return countFreePorts(range);
    },
    async freeDiskBytes(path) {
      const { freeBytes } = await import('./adapters/files/systemFiles.ts');
      return freeBytes(path);
    },
    async freeMemoryBytes() {
      const { freeMemoryBytes } = await import('./adapters/files/systemFiles.ts');
      return freeMemoryBytes();
    },
    engineLogFile: async (folder) => (await lookHome(folder)).engineLog,
    async verifyJournal(folder, signal): Promise<ChainReport> {
      const { verifyJournal } = await import('./adapters/journal/verifyJournal.ts');
      const { journalFile } = await lookHome(folder);
      return verifyJournal({ file: journalFile, worker: pathToFileURL(programPath('journalVerifier')) }, () => {}, signal);
    },
    async exportEntries(folder, { format, run, write }) {
      const { openJournalReader } = await import('./adapters/journal/openJournalReader.ts');
      const { exportEntries } = await import('./adapters/journal/exportEntries.ts');
      const reader = openJournalReader({ file: (await homeToRead(folder)).journalFile, evolve: evolveRun });
      try {
        return await exportEntries(reader, { format, ...(run === undefined ? {} : { run }) }, write);
      } finally {
        reader.close();
      }
    },
    async stopEngine(folder, { drain }) {
      const { stopEngine } = await import('./compose/connectEngine.ts');
      return stopEngine(await lookHome(folder), drain);
    },
    async runEngine(folder) {
      const { runEngine } = await import('./compose/engineProcess.ts');
      return runEngine(folder);
    },
    async runDemo() {
      const { runDemo } = await import('./compose/demo.ts');
      return runDemo();
    },
  };
}

const lookHome = async (folder: string): Promise<Home> => (await import('./compose/home.ts')).lookHome(folder);
const openHome = async (folder: string): Promise<Home> => (await import('./compose/home.ts')).openHome(folder);

function personName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? 'unknown';
  }
}
