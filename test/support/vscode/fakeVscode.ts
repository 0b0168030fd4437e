import type { Vscode } from '../../../src/vscode/vscodeValue.ts';
import { FakeComments } from './fakeComments.ts';
import { FakeInputBox } from './fakeInputBox.ts';
import { FakeQuickPick } from './fakeQuickPick.ts';
import {
  FakeEventEmitter,
  FakeMarkdownString,
  FakePosition,
  FakeRange,
  FakeRelativePattern,
  FakeThemeColor,
  FakeThemeIcon,
  FakeTreeItem,
  FakeUri,
  recordClass,
} from './fakeTypes.ts';

interface Pick {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly kind?: number;
}

/**
 * An editor without windows. What it would show is written to `seen`, line by line; what the person does is queued in `answers`:
 * the beginning of the label or else the detail of a pick, the label of a button, text for an input, or null for Escape.
 */
export class FakeVscode {
  readonly seen: string[] = [];
  readonly answers: (string | readonly string[] | null)[] = [];
  /** Buttons of messages are pressed when this has come. */
  pressing: Promise<void> = Promise.resolve();
  readonly keys = new Map<string, unknown>();
  readonly executed: { readonly command: string; readonly args: readonly unknown[] }[] = [];
  readonly registered = new Map<string, (...args: unknown[]) => unknown>();
  readonly files = new Map<string, string>();
  readonly settings = new Map<string, unknown>();
  readonly state = new Map<string, unknown>();
  readonly status: { text: string; tooltip?: FakeMarkdownString; command?: unknown; backgroundColor?: FakeThemeColor; visible: boolean }[] =
    [];
  readonly folders: { readonly uri: FakeUri; readonly name: string; readonly index: number }[];
  readonly changedFolders = new FakeEventEmitter<unknown>();
  readonly changedWindow = new FakeEventEmitter<{ focused: boolean }>();
  readonly changedSelection = new FakeEventEmitter<unknown>();
  readonly changedTabs = new FakeEventEmitter<unknown>();
  readonly changedFile = new FakeEventEmitter<FakeUri>();
  readonly changedSettings = new FakeEventEmitter<{ affectsConfiguration(name: string): boolean }>();
  readonly saved = new FakeEventEmitter<{ uri: FakeUri }>();
  readonly granted = new FakeEventEmitter<undefined>();
  readonly views = new Map<string, FakeView>();
  readonly providers = new Map<string, unknown>();
  readonly diagnostics = new Map<string, string>();
  /** What other extensions complain about, by path. */
  readonly problems = new Map<string, readonly unknown[]>();
  readonly changedProblems = new FakeEventEmitter<unknown>();
  readonly comments = new FakeComments();
  readonly inputs: FakeInputBox[] = [];
  activeEditor: unknown;
  activeTab: { label: string } | undefined;
  /** In front of the groups of editors that do not have the focus. */
  otherTabs: readonly { label: string }[] = [];
  trusted = true;

  constructor(...folders: readonly string[]) {
    this.folders = folders.map((path, index) => ({ uri: FakeUri.file(path), name: path.slice(1), index }));
  }

  get value(): Vscode {
    return {
      EventEmitter: FakeEventEmitter,
      Uri: FakeUri,
      Position: FakePosition,
      Range: FakeRange,
      Selection: FakeRange,
      RelativePattern: FakeRelativePattern,
      MarkdownString: FakeMarkdownString,
      ThemeColor: FakeThemeColor,
      ThemeIcon: FakeThemeIcon,
      TreeItem: FakeTreeItem,
      TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 },
      TreeItemCheckboxState: { Unchecked: 0, Checked: 1 },
      StatusBarAlignment: { Left: 1, Right: 2 },
      ProgressLocation: { SourceControl: 1, Window: 10, Notification: 15 },
      QuickPickItemKind: { Separator: -1, Default: 0 },
      DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
      CommentMode: { Editing: 0, Preview: 1 },
      CommentThreadState: { Unresolved: 0, Resolved: 1 },
      CommentThreadCollapsibleState: { Collapsed: 0, Expanded: 1 },
      CompletionItemKind: { Property: 9, EnumMember: 19, Value: 11 },
      ConfigurationTarget: { Global: 1, Workspace: 2, WorkspaceFolder: 3 },
      ViewColumn: { Active: -1, Beside: -2 },
      FileType: { File: 1, Directory: 2 },
      Disposable: recordClass('dispose'),
      Diagnostic: recordClass('range', 'message', 'severity'),
      CodeLens: recordClass('range', 'command'),
      CodeAction: recordClass('title', 'kind'),
      CodeActionKind: { QuickFix: { value: 'quickfix' } },
      CompletionItem: recordClass('label', 'kind'),
      SnippetString: recordClass('value'),
      FileDecoration: recordClass('badge', 'tooltip', 'color'),
      WorkspaceEdit: FakeWorkspaceEdit,
      FileSystemError: { NoPermissions: (m: string) => new Error(m), FileNotFound: (u: unknown) => new Error(`not found ${String(u)}`) },
      window: alive(this.#window()),
      workspace: alive(this.#workspace()),
      commands: {
        executeCommand: (command: string, ...args: unknown[]) => this.#execute(command, args),
        registerCommand: (command: string, run: (...args: unknown[]) => unknown) => {
          this.registered.set(command, run);
          return { dispose: () => this.registered.delete(command) };
        },
      },
      languages: this.#languages(),
      comments: this.comments,
      env: {
        clipboard: { writeText: (text: string) => this.#say(`clipboard: ${text}`) },
        openExternal: (uri: FakeUri) => this.#say(`browser: ${uri}`),
      },
      extensions: { getExtension: () => undefined },
    } as unknown as Vscode;
  }

  /** What was seen since the last call, as text. */
  take(): string {
    return this.seen.splice(0).join('\n');
  }

  #say(line: string): Promise<void> {
    this.seen.push(line);
    return Promise.resolve();
  }

  #execute(command: string, args: readonly unknown[]): Promise<unknown> {
    if (command === 'setContext') this.keys.set(String(args[0]), args[1]);
    else this.executed.push({ command, args });
    const own = this.registered.get(command);
    return Promise.resolve(own === undefined ? undefined : own(...args));
  }

  #next(): string | readonly string[] | null {
    return this.answers.shift() ?? null;
  }

  #window() {
    const say = (line: string) => void this.seen.push(line);
    const message =
      (kind: string) =>
      (text: string, ...rest: unknown[]) => {
        const options =
          typeof rest[0] === 'object' && rest[0] !== null && !('title' in rest[0])
            ? (rest[0] as { modal?: boolean; detail?: string })
            : null;
        const buttons = rest
          .slice(options === null ? 0 : 1)
          .map((button) => (typeof button === 'string' ? button : (button as { title: string }).title));
        this.seen.push(
          `${options?.modal ? 'modal ' : ''}${kind}: ${text}${options?.detail ? ` | ${options.detail}` : ''}${buttons.map((b) => ` [${b}]`).join('')}`,
        );
        if (buttons.length === 0) return Promise.resolve(undefined);
        const answer = this.#next();
        const found = rest.find((b) => answer !== null && (typeof b === 'string' ? b : (b as { title?: string } | null)?.title) === answer);
        return this.pressing.then(() => found);
      };
    return {
      showInformationMessage: message('info'),
      showWarningMessage: message('warning'),
      showErrorMessage: message('error'),
      setStatusBarMessage: (text: string) => {
        this.seen.push(`status: ${text}`);
        return { dispose: () => {} };
      },
      showQuickPick: async (
        items: readonly Pick[] | Promise<readonly Pick[]>,
        options: { title?: string; placeHolder?: string; canPickMany?: boolean } = {},
      ) => {
        const rows = await items;
        this.seen.push(`pick: ${options.title ?? options.placeHolder ?? ''}`);
        for (const { label, description, detail, kind } of rows) {
          if (kind === -1) this.seen.push(`  -- ${label}`);
          else this.seen.push(`  ${[label, description, detail].filter((part) => part !== undefined && part !== '').join(' | ')}`);
        }
        const answer = this.#next();
        if (answer === null) return undefined;
        const wanted = typeof answer === 'string' ? [answer] : answer;
        const begins = (start: string) => (row: Pick) => row.label.replace(/^\$\([a-z-]+\) /, '').startsWith(start);
        const chosen = wanted.map((start) => rows.find(begins(start)) ?? rows.find(({ detail }) => detail?.startsWith(start)));
        if (chosen.some((row) => row === undefined)) throw new Error(`no row begins with ${wanted.join(', ')}`);
        return options.canPickMany ? chosen : chosen[0];
      },
      showInputBox: (options: { title?: string; prompt?: string; value?: string; validateInput?: (text: string) => unknown } = {}) => {
        this.seen.push(`input: ${[options.title, options.prompt, options.value].filter(Boolean).join(' | ')}`);
        const answer = this.#next();
        if (typeof answer !== 'string') return Promise.resolve(undefined);
        const wrong = options.validateInput?.(answer);
        if (wrong === undefined || wrong === null || wrong === '') return Promise.resolve(answer);
        this.seen.push(`  invalid: ${typeof wrong === 'string' ? wrong : (wrong as { message: string }).message}`);
        return Promise.resolve(undefined);
      },
      createInputBox: () => {
        const box = new FakeInputBox(say, () => this.#next(), this.pressing);
        this.inputs.push(box);
        return box;
      },
      createQuickPick: () => new FakeQuickPick(say, () => this.#next()),
      createStatusBarItem: () => {
        const item = {
          text: '',
          visible: false,
          show() {
            item.visible = true;
          },
          hide() {
            item.visible = false;
          },
          dispose: () => {},
        };
        this.status.push(item);
        return item;
      },
      createTerminal: (options: { name: string; cwd: string }) => {
        this.seen.push(`terminal: ${options.name} in ${options.cwd}`);
        return { show: () => {} };
      },
      createOutputChannel: (name: string) => {
        const say = (text: string) => void this.seen.push(`${name}: ${text}`);
        return {
          appendLine: say,
          append: say,
          clear: () => {},
          show: () => {},
          dispose: () => {},
          info: say,
          warn: say,
          error: say,
          debug: say,
        };
      },
      withProgress: async (
        options: { title?: string },
        work: (progress: { report(value: { message?: string }): void }) => Promise<unknown>,
      ) => {
        this.seen.push(`progress: ${options.title ?? ''}`);
        return await work({ report: ({ message: text }) => void this.seen.push(`progress: ${options.title ?? ''}: ${text ?? ''}`) });
      },
      showTextDocument: (document: { uri: FakeUri } | FakeUri, options?: { selection?: FakeRange }) => {
        const uri = document instanceof FakeUri ? document : document.uri;
        this.seen.push(`opened: ${uri.path}${options?.selection === undefined ? '' : `:${options.selection.start.line + 1}`}`);
        return Promise.resolve({});
      },
      createTreeView: (id: string, options: { treeDataProvider: unknown }) => {
        const view = new FakeView(options.treeDataProvider);
        this.views.set(id, view);
        return view;
      },
      onDidChangeWindowState: this.changedWindow.event,
      onDidChangeTextEditorSelection: this.changedSelection.event,
      registerFileDecorationProvider: () => ({ dispose: () => {} }),
      registerWebviewPanelSerializer: (_type: string, serializer: unknown) => this.#provide('panels', serializer),
      ...withGetter('activeTextEditor', () => this.activeEditor),
      tabGroups: alive({
        onDidChangeTabs: this.changedTabs.event,
        onDidChangeTabGroups: this.changedTabs.event,
        ...withGetter('activeTabGroup', () => ({ activeTab: this.activeTab })),
        ...withGetter('all', () => [this.activeTab, ...this.otherTabs].map((activeTab) => ({ activeTab }))),
      }),
    };
  }

  #provide(kind: string, provider: unknown): { dispose(): void } {
    this.providers.set(kind, provider);
    return { dispose: () => this.providers.delete(kind) };
  }

  #languages() {
    return {
      createDiagnosticCollection: () => ({
        set: (uri: FakeUri, found: readonly { range: FakeRange; message: string }[]) => {
          const lines = found.map(({ range, message: text }) => `${range.start.line + 1}:${range.start.character + 1} ${text}`);
          this.diagnostics.set(uri.path, lines.join('\n'));
        },
        delete: (uri: FakeUri) => this.diagnostics.delete(uri.path),
        dispose: () => {},
      }),
      getDiagnostics: (uri?: FakeUri) =>
        uri === undefined ? [...this.problems].map(([path, found]) => [FakeUri.file(path), found]) : (this.problems.get(uri.path) ?? []),
      onDidChangeDiagnostics: this.changedProblems.event,
      registerCodeLensProvider: (_: unknown, provider: unknown) => this.#provide('lenses', provider),
      registerCompletionItemProvider: (_: unknown, provider: unknown) => this.#provide('completions', provider),
      registerCodeActionsProvider: (_: unknown, provider: unknown) => this.#provide('actions', provider),
    };
  }

  #workspace() {
    const read = (uri: FakeUri): string => {
      const text = this.files.get(uri.path);
      if (text === undefined) throw new Error(`no file ${uri.path}`);
      return text;
    };
    return {
      workspaceFolders: this.folders.length === 0 ? undefined : this.folders,
      ...withGetter('isTrusted', () => this.trusted),
      onDidGrantWorkspaceTrust: this.granted.event,
      onDidOpenTextDocument: new FakeEventEmitter().event,
      onDidChangeTextDocument: new FakeEventEmitter().event,
      onDidCloseTextDocument: new FakeEventEmitter().event,
      onDidSaveTextDocument: this.saved.event,
      textDocuments: [],
      asRelativePath: (uri: FakeUri) => uri.path.replace(`${this.folders[0]?.uri.path}/`, ''),
      registerFileSystemProvider: (scheme: string, provider: unknown) => this.#provide(scheme, provider),
      onDidChangeWorkspaceFolders: this.changedFolders.event,
      onDidChangeConfiguration: this.changedSettings.event,
      getConfiguration: (section: string) => ({
        get: (name: string, fallback: unknown) => this.settings.get(`${section}.${name}`) ?? fallback,
        update: (name: string, value: unknown) => {
          this.settings.set(`${section}.${name}`, value);
          this.changedSettings.fire({ affectsConfiguration: (prefix) => `${section}.${name}`.startsWith(prefix) });
          return Promise.resolve();
        },
      }),
      createFileSystemWatcher: (pattern: FakeRelativePattern) => {
        const own = new FakeEventEmitter<FakeUri>();
        const [, start = '', names = '', end = ''] = /^([^{]*)(?:\{([^}]*)\})?(.*)$/.exec(pattern.pattern) ?? [];
        const paths = names.split(',').map((name) => `${(pattern.base as FakeUri).path}/${start}${name}${end}`);
        const subscription = this.changedFile.event((uri) => (paths.includes(uri.path) ? own.fire(uri) : undefined));
        const none = new FakeEventEmitter<FakeUri>();
        return { onDidChange: own.event, onDidCreate: none.event, onDidDelete: none.event, dispose: () => subscription.dispose() };
      },
      fs: {
        readFile: async (uri: FakeUri) => new TextEncoder().encode(read(uri)),
        writeFile: async (uri: FakeUri, bytes: Uint8Array) => void this.files.set(uri.path, new TextDecoder().decode(bytes)),
        stat: async (uri: FakeUri) => ({ size: read(uri).length }),
      },
      openTextDocument: async (target: FakeUri | { content: string }) => {
        if (!(target instanceof FakeUri)) return { uri: FakeUri.parse('untitled:Untitled-1'), getText: () => target.content };
        const text = read(target);
        return { uri: target, getText: () => text, lineCount: text.split('\n').length, save: () => Promise.resolve(true) };
      },
      applyEdit: async (edit: FakeWorkspaceEdit) => {
        for (const [uri, text] of edit.replaced) this.files.set(uri.path, text);
        return true;
      },
    };
  }
}

const withGetter = (name: string, get: () => unknown): object => ({ [`__${name}`]: get });

/** Objects whose getters are made from `__name` functions, so that they are asked anew each time. */
function alive<T extends object>(value: T): T {
  for (const [key, get] of Object.entries(value)) {
    if (!key.startsWith('__')) continue;
    Reflect.deleteProperty(value, key);
    Object.defineProperty(value, key.slice(2), { get: get as () => unknown, enumerable: true });
  }
  return value;
}

/** A view of the sidebar, as the extension holds it. */
export class FakeView {
  readonly provider: unknown;
  readonly selected = new FakeEventEmitter<{ selection: readonly unknown[] }>();
  readonly showed = new FakeEventEmitter<{ visible: boolean }>();
  readonly ticked = new FakeEventEmitter<{ items: readonly (readonly [unknown, number])[] }>();
  readonly onDidChangeSelection = this.selected.event;
  readonly onDidChangeVisibility = this.showed.event;
  readonly onDidChangeCheckboxState = this.ticked.event;
  selection: readonly unknown[] = [];
  visible = true;
  badge: { value: number; tooltip: string } | undefined;
  message = '';
  description = '';
  constructor(provider: unknown) {
    this.provider = provider;
  }
  select(...nodes: readonly unknown[]): void {
    this.selection = nodes;
    this.selected.fire({ selection: nodes });
  }
  dispose(): void {}
}

class FakeWorkspaceEdit {
  readonly replaced: [FakeUri, string][] = [];
  createFile(): void {}
  replace(uri: FakeUri, _range: unknown, text: string): void {
    this.replaced.push([uri, text]);
  }
  insert(uri: FakeUri, _at: unknown, text: string): void {
    this.replaced.push([uri, text]);
  }
}
