import type { ExtensionContext } from 'vscode';
import type { CommentThread } from '../../../src/protocol/panelShapes.ts';
import type { PanelDeps } from '../../../src/vscode/panel/openPanel.ts';
import type { PanelComments, PanelEditor } from '../../../src/vscode/panel/panelDeps.ts';

interface FakeUri {
  readonly path: string;
  toString(): string;
}
const uri = (path: string): FakeUri => ({ path, toString: () => path });

/** One webview panel as the editor would give it: what is posted to it, and ways to be its page and its person. */
export class FakeWebview {
  readonly posted: unknown[] = [];
  readonly #receivers = new Set<(message: unknown) => void>();
  readonly #viewListeners = new Set<() => void>();
  readonly #disposeListeners = new Set<() => void>();
  visible = true;
  isDisposed = false;
  revealed = 0;
  iconPath: unknown;
  /** Called with each message instead of keeping it. */
  deliver: ((message: unknown) => void) | null = null;
  readonly webview = {
    html: '',
    options: {},
    cspSource: 'https://page.example',
    asWebviewUri: (file: FakeUri) => file,
    onDidReceiveMessage: (listener: (message: unknown) => void) => this.#listen(this.#receivers, listener),
    postMessage: (message: unknown) => {
      if (this.deliver === null) this.posted.push(message);
      else this.deliver(message);
      return Promise.resolve(true);
    },
  };
  readonly title: string;

  constructor(title: string) {
    this.title = title;
  }

  onDidChangeViewState = (listener: () => void) => this.#listen(this.#viewListeners, listener);
  onDidDispose = (listener: () => void) => this.#listen(this.#disposeListeners, listener);
  reveal(): void {
    this.revealed += 1;
    this.show(true);
  }
  dispose(): void {
    this.isDisposed = true;
    for (const listener of this.#disposeListeners) listener();
  }

  /** The page says something. */
  say(message: unknown): void {
    for (const receiver of this.#receivers) receiver(message);
  }

  show(isVisible: boolean): void {
    this.visible = isVisible;
    for (const listener of this.#viewListeners) listener();
  }

  #listen<T>(listeners: Set<T>, listener: T): { dispose(): void } {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  }
}

/** Comments that are kept as they are written. */
export class FakePanelComments implements PanelComments {
  readonly threads: CommentThread[] = [];
  #repository = '';
  readonly #listeners = new Set<(changed: { repository: string; run: string }) => void>();
  readonly onDidChange: PanelComments['onDidChange'] = (listener) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  of(_repository: string, run: string): CommentThread[] {
    return this.threads.filter(({ id }) => id.startsWith(`${run}/`));
  }
  add({ repository, run, tree, path, line }: Parameters<PanelComments['add']>[0], body: string): Promise<void> {
    this.#repository = repository;
    const comments = [{ author: 'ann', body, at: 0 }];
    this.threads.push({ id: `${run}/${this.threads.length}`, path, tree, line, endLine: line, word: 'open', comments });
    for (const listener of this.#listeners) listener({ repository, run });
    return Promise.resolve();
  }
  setResolved(id: string, resolved: boolean): Promise<void> {
    const at = this.threads.findIndex((thread) => thread.id === id);
    const before = this.threads[at];
    if (before !== undefined) this.threads[at] = { ...before, word: resolved ? 'resolved' : 'open' };
    for (const listener of this.#listeners) listener({ repository: this.#repository, run: id.split('/')[0] ?? '' });
    return Promise.resolve();
  }
}

/** The editor as far as the panel touches it. */
export class FakePanelEditor {
  readonly panels: FakeWebview[] = [];
  readonly executed: { readonly command: string; readonly args: readonly unknown[] }[] = [];
  readonly written: { readonly path: string; readonly text: string }[] = [];
  saveTo: string | null = null;
  #told: () => void = () => {};
  readonly comments = new FakePanelComments();
  readonly context = { extensionUri: uri('/ext') } as unknown as ExtensionContext;

  /** The value that is handed to the panel. */
  readonly vscode = {
    ViewColumn: { Active: -1 },
    Uri: {
      file: uri,
      joinPath: (base: FakeUri, ...parts: string[]) => uri([base.path, ...parts].join('/')),
    },
    window: {
      createWebviewPanel: (_type: string, title: string) => {
        const panel = new FakeWebview(title);
        this.panels.push(panel);
        return panel;
      },
      showSaveDialog: () => Promise.resolve(this.saveTo === null ? undefined : uri(this.saveTo)),
    },
    workspace: {
      fs: {
        writeFile: (target: FakeUri, content: Uint8Array) => {
          this.written.push({ path: target.path, text: new TextDecoder().decode(content) });
          return Promise.resolve();
        },
      },
    },
    commands: {
      executeCommand: (command: string, ...args: readonly unknown[]) => {
        this.executed.push({ command, args: args.map((arg) => (isUri(arg) ? arg.path : arg)) });
        this.#told();
        return Promise.resolve();
      },
    },
  } as unknown as PanelEditor;

  /** Resolves when the next command is asked for. */
  nextCommand(): Promise<void> {
    return new Promise((resolve) => {
      this.#told = resolve;
    });
  }

  deps(model: PanelDeps['model'], host: PanelDeps['host']): PanelDeps {
    return { vscode: this.vscode, context: this.context, model, host, comments: this.comments };
  }
}

const isUri = (value: unknown): value is FakeUri => typeof value === 'object' && value !== null && 'path' in value;
