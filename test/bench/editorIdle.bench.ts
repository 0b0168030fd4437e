import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Benchmark } from './benchmark.ts';
import { type BenchEditor, openBenchEditor } from './support/benchEditor.ts';
import { newFolder } from './support/benchFolder.ts';
import { PROMPT, startInstantModel, TEST_COMMAND } from './support/instantModel.ts';
import { notingGit } from './support/notingGit.ts';
import { reactor, stopEngine } from './support/reactorCommand.ts';
import { makeRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

const WATCHED_MS = 8000;
const SETTLED_MS = 5000;
const SHORTEST_MS = 1000;
const waitsForAPerson = 5;

interface Idle {
  readonly gitCalls: () => number;
  /** Timers of Reactor's own code with a delay below one second that have gone off, in the extension host and in the engine. */
  readonly shortTimers: () => number;
  readonly dispose: () => Promise<void>;
}

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);

const notingTimers = `--import=${new URL('./support/timerNotes.mjs', import.meta.url).href}`;

/** An editor with Reactor's views open on a repository in which a run waits for a person, and the engine that is left alive. */
async function idleEditor(): Promise<Idle> {
  const folder = newFolder('notes');
  const [gitNotes, timerNotes] = [join(folder, 'git'), join(folder, 'timers')];
  writeFileSync(timerNotes, '');
  const model = await startInstantModel();
  const user = userEnvironment(model);
  const env = {
    ...user,
    PATH: `${await notingGit(gitNotes)}:${user['PATH']}`,
    NODE_OPTIONS: notingTimers,
    REACTOR_TIMER_NOTES: timerNotes,
  };
  const repository = await makeRepository(5);
  const args = ['run', '--repo', repository.path, '--prompt', PROMPT, '--test', TEST_COMMAND, '--no-base-test', '--approve', 'never'];
  let editor: BenchEditor | null = null;
  const dispose = async (): Promise<void> => {
    await editor?.close();
    await stopEngine(repository, env);
    await model.stop();
  };
  try {
    await reactor([...args, '--json'], env, waitsForAPerson);
    // The run's own calls are noted too: what the window does has to add to them, or nothing of it is seen.
    const [calls, timers] = [linesOf(gitNotes).length, linesOf(timerNotes).length];
    editor = await openBenchEditor(env, [notingTimers]);
    await editor.open(repository.path);
    await editor.workbench.showSidebar();
    await editor.workbench.treeItem('Needs You', /TASK-001/).waitFor();
    await pause(SETTLED_MS);
    if (linesOf(gitNotes).length === calls || linesOf(timerNotes).length === timers)
      throw new Error('calls of git or timers of the extension host are not noted');
  } catch (error) {
    await dispose();
    throw error;
  }
  const isShort = (line: string): boolean => Number(line.split(' ')[2]) < SHORTEST_MS;
  return {
    gitCalls: () => linesOf(gitNotes).length,
    shortTimers: () => linesOf(timerNotes).filter(isShort).length,
    dispose,
  };
}

/** How much a count grows in each of the stretches of time that are watched one after the other. */
const idle = (name: string, count: (idle: Idle) => number): Benchmark => ({
  name,
  unit: '',
  target: { of: 'median', atMost: 0 },
  async prepare() {
    const editor = await idleEditor();
    return {
      subject: async () => {
        const before = count(editor);
        await pause(WATCHED_MS);
        return count(editor) - before;
      },
      dispose: editor.dispose,
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  idle('editor/idleGit', ({ gitCalls }) => gitCalls()),
  idle('editor/idleShortTimers', ({ shortTimers }) => shortTimers()),
];
