import type { Benchmark } from './benchmark.ts';
import { emptyExtension, openBenchEditor } from './support/benchEditor.ts';
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

/** As in package.json: the other extension comes up in the same moment. */
const EVENTS = ['onStartupFinished'];

/**
 * What VS Code itself says an activation took (reading and compiling the entry, and the call of `activate`), less what it says of an extension
 * that does nothing in the same window: in that time the editor does much else. A window loaded anew has a fresh extension host each time.
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
    const editor = await openBenchEditor(env, [], [await emptyExtension(EVENTS)]);
    await editor.workbench.page.setViewportSize(TALL);
    return {
      subject: async () => {
        await editor.open(repository.path);
        const { workbench } = editor;
        await workbench.palette('Developer: Show Running Extensions');
        const list = workbench.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: took });
        const tookMs = async (title: RegExp): Promise<number> =>
          Number(took.exec((await list.filter({ hasText: title }).textContent()) ?? '')?.[1]);
        return (await tookMs(/^Reactor/)) - (await tookMs(/^Empty/));
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
