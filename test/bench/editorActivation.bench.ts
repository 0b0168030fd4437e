import type { Benchmark } from './benchmark.ts';
import { openBenchEditor } from './support/benchEditor.ts';
import { fillEnded } from './support/endedRuns.ts';
import { journalFileOf } from './support/engineProcesses.ts';
import { startInstantModel } from './support/instantModel.ts';
import { makeRepository } from './support/sampleRepository.ts';
import { userEnvironment } from './support/workplace.ts';

const MOST_MS = 15;
const ENDED_RUNS = 200;
const took = /Activation: (\d+)ms/;
/** The list is sorted by time, the longest first, and only what can be seen of it is drawn. */
const TALL = { width: 1400, height: 3000 };

/**
 * What VS Code itself says an activation took: reading and compiling the entry, and the call of `activate`. A window loaded anew has a fresh
 * extension host each time.
 */
const activation = (name: string, runs: number): Benchmark => ({
  name,
  unit: 'ms',
  target: { of: 'median', atMost: MOST_MS },
  async prepare() {
    const model = await startInstantModel();
    const env = userEnvironment(model);
    await model.stop();
    const repository = await makeRepository(5);
    if (runs > 0) await fillEnded(journalFileOf(repository, env), runs);
    const editor = await openBenchEditor(env);
    await editor.workbench.page.setViewportSize(TALL);
    return {
      subject: async () => {
        await editor.open(repository.path);
        const { workbench } = editor;
        await workbench.palette('Developer: Show Running Extensions');
        const row = workbench.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: /^Reactor/ });
        const text = await row.filter({ hasText: took }).textContent();
        return Number(took.exec(text ?? '')?.[1]);
      },
      dispose: () => editor.close(),
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  // Where Reactor was never used only the entry is loaded; where it was, the rest follows after `activate` has returned.
  activation('editor/activation', 0),
  activation('editor/activationUsed', ENDED_RUNS),
];
