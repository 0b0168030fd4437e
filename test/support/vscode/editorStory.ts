import { defaultConfig } from '../../../src/core/model/projectConfig.ts';
import type { EditorHost } from '../../../src/vscode/editorHost.ts';
import type { HostContext } from '../../../src/vscode/hostContext.ts';
import { Repositories } from '../../../src/vscode/repositories.ts';
import { FakeEngine } from '../cli/fakeEngine.ts';
import { FakeEditorWorld } from './fakeEditorHost.ts';
import { FakeUri } from './fakeTypes.ts';
import { FakeVscode } from './fakeVscode.ts';

export interface EditorStory {
  readonly editor: FakeVscode;
  readonly engine: FakeEngine;
  readonly world: FakeEditorWorld;
  readonly context: HostContext;
}

/** An editor on one or more folders, with one engine behind all of them. */
export function editorStory(options: { readonly folders?: readonly string[]; readonly host?: Partial<EditorHost> } = {}): EditorStory {
  const engine = new FakeEngine();
  const world = new FakeEditorWorld(engine);
  const editor = new FakeVscode(...(options.folders ?? ['/repository']));
  const files = (folder: string) => ['reactor.yaml', 'reactor.yml'].map((name) => `${folder}/${name}`);
  const host = world.host({
    config: (folder) => Promise.resolve({ config: defaultConfig(), file: files(folder).find((path) => editor.files.has(path)) ?? null }),
    ...options.host,
  });
  const vscode = editor.value;
  const memory = (): HostContext['extension']['workspaceState'] =>
    ({
      keys: () => [...editor.state.keys()],
      get: (key: string, fallback?: unknown) => editor.state.get(key) ?? fallback,
      update: (key: string, value: unknown) => {
        editor.state.set(key, JSON.parse(JSON.stringify(value)));
        return Promise.resolve();
      },
    }) as HostContext['extension']['workspaceState'];
  const extension = {
    extensionUri: FakeUri.file('/extension'),
    workspaceState: memory(),
    globalState: memory(),
    subscriptions: [],
  } as unknown as HostContext['extension'];
  return { editor, engine, world, context: { vscode, extension, host, repositories: new Repositories(vscode, host) } };
}
