import type { HostApi } from '../../src/vscode/hostApi.ts';
import type { TreeNode } from '../../src/vscode/tree/treeNode.ts';
import { greenRun, landRun, storySpec, told } from '../support/cli/story.ts';
import { settle } from '../support/vscode/fakeEditorHost.ts';
import { type OpenEditor, openEditor } from '../support/vscode/openEditor.ts';
import type { Benchmark } from './benchmark.ts';

const TASKS = 2000;
const FEW = 20;
const EVENTS = 40;
const MOST_MS = 16;
const views = ['reactor.needsYou', 'reactor.cells', 'reactor.tasks'] as const;

type Tree = ReturnType<HostApi['tree']>;

/** What VS Code asks for when a row (null: a whole view) is drawn anew and everything below it is expanded. */
async function draw(tree: Tree, node: TreeNode | null): Promise<number> {
  if (node !== null) await tree.getTreeItem(node);
  let rows = 1;
  for (const child of (await tree.getChildren(node ?? undefined)) ?? []) rows += await draw(tree, child);
  return rows;
}

/** The whole editor's side with this many tasks, every view drawn; only the editor around it is a stand-in. */
class BusyEditor {
  readonly #editor: OpenEditor;
  #number: number;

  private constructor(editor: OpenEditor, number: number) {
    this.#editor = editor;
    this.#number = number;
  }

  static async open(tasks: number): Promise<BusyEditor> {
    const editor = await openEditor({}, ({ engine }) => {
      for (let number = 1; number < tasks; number += 1) {
        greenRun(engine, `r${number}`, storySpec(`TASK-${number}`, `Task number ${number}`));
        landRun(engine, `r${number}`);
      }
    });
    const busy = new BusyEditor(editor, tasks);
    await busy.begin();
    for (const view of views) await draw(editor.api.tree(view), null);
    return busy;
  }

  /** One more run, executing. */
  async begin(): Promise<void> {
    this.#number += 1;
    const task = `TASK-${this.#number}`;
    this.#editor.engine.tell(this.#run, told.requested(this.#run, storySpec(task, 'At work')), told.started(), told.attempt(1));
    await this.#editor.pass(1000);
  }

  get #run(): string {
    return `r${this.#number}`;
  }

  /** Milliseconds from an event until every row that changed with it is drawn anew, gathered updates and their timers included. */
  async measure(happen: (editor: OpenEditor, run: string) => void): Promise<number> {
    const { api, world } = this.#editor;
    const drawn: Promise<number>[] = [];
    const started = performance.now();
    const listening = views.map((view) => {
      const tree = api.tree(view);
      return tree.onDidChangeTreeData?.((changed) => {
        const nodes = changed === undefined || changed === null ? [null] : Array.isArray(changed) ? changed : [changed];
        drawn.push(...nodes.map((node) => draw(tree, node)));
      });
    });
    happen(this.#editor, this.#run);
    await settle();
    world.clock.advance(1000);
    await settle();
    const rows = await Promise.all(drawn);
    const took = performance.now() - started;
    for (const one of listening) one?.dispose();
    if (rows.length === 0) throw new Error('no row was drawn');
    return took;
  }

  dispose(): void {
    this.#editor.api.dispose();
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const treeBenchmark = (name: string, measure: (editor: BusyEditor) => Promise<number>): Benchmark => ({
  name,
  unit: 'ms',
  target: { of: 'median', atMost: MOST_MS },
  async prepare() {
    const [many, few] = [await BusyEditor.open(TASKS), await BusyEditor.open(FEW)];
    const events = (editor: BusyEditor) => async (): Promise<number> => {
      const times: number[] = [];
      for (let count = 0; count < EVENTS; count += 1) times.push(await measure(editor));
      return median(times);
    };
    return {
      subject: events(many),
      baseline: events(few),
      dispose: async () => {
        many.dispose();
        few.dispose();
      },
    };
  },
});

export const benchmarks: readonly Benchmark[] = [
  treeBenchmark('editor/treeUpdate', (editor) => editor.measure(({ engine }, run) => engine.tell(run, told.message(1)))),
  // The end of a run moves its task to another heading, below which all the others stand.
  treeBenchmark('editor/treeMove', async (editor) => {
    const took = await editor.measure(({ engine }, run) => engine.tell(run, ...told.ended('landed', 0, 'landed on main')));
    await editor.begin();
    return took;
  }),
];
