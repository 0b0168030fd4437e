import { UserFacingError } from '../../../src/base/userFacingError.ts';
import type { CliHost } from '../../../src/cli/cliHost.ts';
import { runCli } from '../../../src/cli/runCli.ts';
import { defaultConfig } from '../../../src/core/model/projectConfig.ts';
import type { GitRepository } from '../../../src/core/ports/git.ts';
import type { JournalReader } from '../../../src/core/ports/journal.ts';
import { foldRunCosts, type RunCosts } from '../../../src/core/projections/costs/runCosts.ts';
import type { FakeEngine } from './fakeEngine.ts';
import { FakeTerminal } from './fakeTerminal.ts';

/** Reads what a fake engine recorded, as the journal on disk would be read when no engine is there. */
export const readerOf = (engine: FakeEngine): JournalReader => {
  const newest = () => [...engine.states.values()].reverse();
  return {
    head: () => engine.entries.length,
    read: ({ from = 1, to = Number.MAX_SAFE_INTEGER, run, types, limit = 1000 }) =>
      engine.entries
        .filter((entry) => entry.seq >= from && entry.seq <= to && (run === undefined || entry.run === run))
        .filter(({ type }) => types === undefined || types.includes(type))
        .slice(0, limit),
    run: (run) => engine.states.get(run) ?? null,
    openRuns: () => [...engine.states.values()].filter(({ phase }) => phase !== 'ended'),
    recentRuns: (limit) => newest().slice(0, limit),
    runsOfTask: (task) => [...engine.states.values()].filter((state) => state.task === task),
    highestTaskNumber: () => 0,
    costs: (since = 0) => {
      const runs = new Map<string, RunCosts>();
      for (const entry of engine.entries) {
        const costs = entry.run === null ? null : foldRunCosts(runs.get(entry.run) ?? null, entry);
        if (costs !== null) runs.set(costs.run, costs);
      }
      return { seq: engine.entries.length, runs: [...runs.values()].filter(({ lastAt }) => lastAt >= since) };
    },
    unknownCount: () => 0,
    close: () => {},
  };
};

const patch = 'diff --git a/a.ts b/a.ts\n--- a/a.ts\n+++ b/a.ts\n@@ -1 +1 @@\n-old\n+new\u001b[2J\n';

/** A repository on branch main whose every diff is the same small one. */
export const fakeRepository: GitRepository = {
  facts: { commonDir: '/repository/.git', topLevel: '/repository', prefix: '', branch: 'main', head: 'b'.repeat(40) },
  patch: () => Promise.resolve({ text: patch, truncated: false }),
  resolveCommit: (name: string) => Promise.resolve({ ok: true, value: name }),
} as unknown as GitRepository;

/** Everything the commands need, good by default; a test changes what it is about. */
export const fakeHost = (engine: FakeEngine, change: Partial<CliHost> = {}): CliHost => ({
  person: 'ann',
  connect: (_, { attends }) => Promise.resolve(engine.connect(attends)),
  reader: () => Promise.resolve(readerOf(engine)),
  dataFolder: () => Promise.resolve('/data'),
  proveWritable: () => Promise.resolve(),
  repository: () => Promise.resolve(fakeRepository),
  hostGrants: () => Promise.reject(new UserFacingError('environment', 'no hosts are kept here')),
  config: () => Promise.resolve({ config: defaultConfig(), file: null }),
  detectTest: () => Promise.resolve({ command: 'npm test', source: 'package.json scripts.test' }),
  readTasks: (file) => Promise.reject(new UserFacingError('configuration', `${file}: there is no such file`)),
  newConfigText: (answers) => `${JSON.stringify(answers)}\n`,
  gitVersion: () => Promise.resolve('2.39.5'),
  probeSandbox: () => Promise.resolve({ boundary: 'bubblewrap', version: '0.11.0', ownProc: true, why: '', todo: '' }),
  controllers: () => Promise.resolve([]),
  locateAgentServer: () => Promise.resolve({ path: '/bin/opencode', version: '1.18.33' }),
  freePorts: () => Promise.resolve(1001),
  freeDiskBytes: () => Promise.resolve(50e9),
  freeMemoryBytes: () => Promise.resolve(20e9),
  engineLogFile: () => Promise.resolve('/data/engine.log'),
  verifyJournal: () => Promise.resolve({ ok: true, entries: engine.entries.length }),
  exportEntries: async (_, { write }) => {
    for (const entry of engine.entries) await write(`${JSON.stringify(entry)}\n`);
    return engine.entries.length;
  },
  stopEngine: () => Promise.resolve(false),
  runEngine: () => Promise.resolve(0),
  runDemo: () => Promise.resolve(0),
  ...change,
});

export interface CliRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** One call of the command line to its end. */
export async function cli(
  argv: readonly string[],
  host: CliHost,
  options: ConstructorParameters<typeof FakeTerminal>[1] = {},
): Promise<CliRun> {
  const terminal = new FakeTerminal(argv, options);
  const exitCode = await runCli(terminal, () => Promise.resolve(host));
  return { exitCode, out: terminal.stdout.text, err: terminal.stderr.text };
}
