import type { CommandId, ViewId } from '../../../src/vscode/commandIds.ts';
import { viewIds } from '../../../src/vscode/commandIds.ts';
import type { EditorHost } from '../../../src/vscode/editorHost.ts';
import type { HostApi, Views } from '../../../src/vscode/hostApi.ts';
import { startHost } from '../../../src/vscode/startHost.ts';
import type { TreeNode } from '../../../src/vscode/tree/treeNode.ts';
import { type EditorStory, editorStory } from './editorStory.ts';
import { settle } from './fakeEditorHost.ts';
import { FakeView } from './fakeVscode.ts';

export interface OpenEditor extends EditorStory {
  readonly api: HostApi;
  /** What was seen while it opened. */
  readonly opening: string;
  readonly shownViews: Readonly<Record<ViewId, FakeView>>;
  /** Runs a command with queued answers, lets everything that follows happen, and returns what was seen. */
  run(command: CommandId, args: readonly unknown[], ...answers: readonly (string | readonly string[] | null)[]): Promise<string>;
  /** Lets time pass and everything happen. */
  pass(ms: number): Promise<void>;
  rows(view: ViewId, parent?: TreeNode): Promise<TreeNode[]>;
}

/** The whole editor's side on a fake editor, with the repositories read. */
export async function openEditor(
  options: { readonly folders?: readonly string[]; readonly host?: Partial<EditorHost> } = {},
  tell: (story: EditorStory) => void = () => {},
): Promise<OpenEditor> {
  const story = editorStory(options);
  tell(story);
  const { context, editor, world } = story;
  const shownViews = Object.fromEntries(viewIds.map((id) => [id, new FakeView(null)])) as Record<ViewId, FakeView>;
  const output = context.vscode.window.createOutputChannel('Reactor');
  const { vscode, extension, host } = context;
  const api = startHost({ vscode, extension, host, views: shownViews as unknown as Views, output: () => output });
  const pass = async (ms: number) => {
    await settle();
    world.clock.advance(ms);
    await settle();
  };
  await pass(1000);
  const opening = editor.take();
  return {
    ...story,
    opening,
    api,
    shownViews,
    pass,
    async run(command, args, ...answers) {
      editor.answers.push(...answers);
      await api.run(command, args);
      await settle();
      editor.answers.splice(0);
      return editor.take();
    },
    rows: async (view, parent) => (await api.tree(view).getChildren(parent)) ?? [],
  };
}
