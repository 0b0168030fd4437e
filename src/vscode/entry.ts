import type * as vscodeTypes from 'vscode';
import { type CommandId, commandIds, PANEL_TYPE, type ViewId, viewIds } from './commandIds.ts';
import { fixActions } from './fixActions.ts';
import type { HostApi, Views } from './hostApi.ts';
import type { TreeNode } from './tree/treeNode.ts';
import type { Vscode } from './vscodeValue.ts';
import { isSettingsFile, isTaskList, taskFiles } from './yaml/taskFiles.ts';

export interface EntryDeps {
  /** Loads everything else. Called at the first use, and again only when it has failed. */
  readonly load: (views: Views) => Promise<HostApi>;
  /** Whether Reactor has recorded anything for the repository of this folder. Must be cheap. */
  readonly hasData: (folder: string) => boolean;
}

/**
 * Registers everything by stubs and returns: nothing is loaded before something is used or seen, or the workspace turns out to have data
 * of Reactor's. In a workspace that is not trusted nothing is loaded at all.
 */
export function startEntry(vscode: Vscode, context: Pick<vscodeTypes.ExtensionContext, 'subscriptions'>, deps: EntryDeps): void {
  const add = <T extends { dispose(): void }>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };
  let loading: Promise<HostApi> | null = null;
  let hasFailed = false;
  /** The views say so in place of that they read. */
  const setFailed = (failed: boolean): void => {
    if (failed === hasFailed) return;
    hasFailed = failed;
    void vscode.commands.executeCommand('setContext', 'reactor.loadFailed', failed);
  };
  const connect = (api: HostApi): HostApi => {
    add(api);
    for (const view of viewIds) add(trees[view].connect(api.tree(view)));
    add(api.onDidChangeLenses(() => lensesChanged.fire()));
    // A view that asked in vain asks again.
    if (hasFailed) for (const view of viewIds) trees[view].refresh();
    setFailed(false);
    return api;
  };
  const load = (): Promise<HostApi> => {
    // What failed is tried again at the next use.
    loading ??= deps.load(views).then(connect, (error: unknown) => {
      loading = null;
      setFailed(true);
      throw error;
    });
    return loading;
  };
  const whenTrusted = async <T>(use: (api: HostApi) => T | Promise<T>, otherwise: T): Promise<T> =>
    vscode.workspace.isTrusted ? use(await load()) : otherwise;

  const trees = Object.fromEntries(
    viewIds.map((view) => [view, new LazyTree(vscode, () => whenTrusted((api) => api.tree(view), null))]),
  ) as Record<ViewId, LazyTree>;
  const views = Object.fromEntries(
    viewIds.map((view) => [
      view,
      add(
        vscode.window.createTreeView(view, {
          treeDataProvider: trees[view],
          showCollapseAll: true,
          canSelectMany: true,
          manageCheckboxStateManually: true,
        }),
      ),
    ]),
  ) as Record<ViewId, vscodeTypes.TreeView<TreeNode>>;

  for (const id of commandIds) {
    add(vscode.commands.registerCommand(id, (...args: unknown[]) => runCommand(id, args)));
  }
  const runCommand = async (id: CommandId, args: readonly unknown[]): Promise<unknown> => {
    if (!vscode.workspace.isTrusted) {
      const text = 'Reactor runs agents and commands of this folder, which is not trusted. Nothing was started.';
      const pressed = await vscode.window.showWarningMessage(text, 'Manage Workspace Trust');
      if (pressed !== undefined) await vscode.commands.executeCommand('workbench.trust.manage');
      return undefined;
    }
    return (await load()).run(id, args);
  };

  add(vscode.workspace.registerFileSystemProvider('reactor-tree', lazyFiles(vscode, load), { isReadonly: true, isCaseSensitive: true }));
  const whenOurs = async <T>(document: vscodeTypes.TextDocument, use: (api: HostApi) => Promise<T[]>): Promise<T[]> =>
    isSettingsFile(document) || isTaskList(document) ? whenTrusted(use, []) : [];
  const lensesChanged = add(new vscode.EventEmitter<void>());
  add(
    vscode.languages.registerCodeLensProvider(taskFiles, {
      onDidChangeCodeLenses: lensesChanged.event,
      provideCodeLenses: (document) => whenOurs(document, (api) => api.lenses(document)),
    }),
  );
  const completion: vscodeTypes.CompletionItemProvider = {
    provideCompletionItems: (document, position) => whenOurs(document, (api) => api.completions(document, position)),
  };
  add(vscode.languages.registerCompletionItemProvider(taskFiles, completion));
  const fixKinds = { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] };
  add(vscode.languages.registerCodeActionsProvider({ scheme: 'file' }, fixActions(vscode), fixKinds));

  const loadIfUsed = (): void => {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const isUsed = vscode.workspace.isTrusted && folders.some(({ uri }) => uri.scheme === 'file' && deps.hasData(uri.fsPath));
    if (isUsed) load().catch((error: unknown) => void vscode.window.showErrorMessage(`Reactor could not be loaded: ${String(error)}`));
  };
  // A panel that was open when the window was left brings itself back, also where nothing else would load anything.
  const bringPanelsBack = (): void => {
    const serializer = {
      deserializeWebviewPanel: async (panel: vscodeTypes.WebviewPanel, state: unknown) => (await load()).restorePanel(panel, state),
    };
    if (vscode.workspace.isTrusted) add(vscode.window.registerWebviewPanelSerializer(PANEL_TYPE, serializer));
  };
  const trusted = (): void => {
    bringPanelsBack();
    for (const view of viewIds) trees[view].refresh();
    loadIfUsed();
  };
  add(vscode.workspace.onDidGrantWorkspaceTrust(trusted));
  add(vscode.workspace.onDidChangeWorkspaceFolders(loadIfUsed));
  bringPanelsBack();
  loadIfUsed();
}

/** A view's data before it is there: asking for it loads it. */
class LazyTree implements vscodeTypes.TreeDataProvider<TreeNode> {
  readonly #load: () => Promise<vscodeTypes.TreeDataProvider<TreeNode> | null>;
  readonly #changed: vscodeTypes.EventEmitter<TreeNode | TreeNode[] | undefined | null>;
  readonly onDidChangeTreeData: vscodeTypes.Event<TreeNode | TreeNode[] | undefined | null>;
  #tree: vscodeTypes.TreeDataProvider<TreeNode> | null = null;

  constructor(vscode: Vscode, load: () => Promise<vscodeTypes.TreeDataProvider<TreeNode> | null>) {
    this.#load = load;
    this.#changed = new vscode.EventEmitter();
    this.onDidChangeTreeData = this.#changed.event;
  }

  connect(tree: vscodeTypes.TreeDataProvider<TreeNode>): { dispose(): void } {
    this.#tree = tree;
    return tree.onDidChangeTreeData?.((node) => this.#changed.fire(node ?? undefined)) ?? { dispose: () => {} };
  }
  refresh(): void {
    this.#changed.fire(undefined);
  }
  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    const tree = this.#tree ?? (await this.#load());
    return (await tree?.getChildren(node)) ?? [];
  }
  getTreeItem(node: TreeNode): vscodeTypes.TreeItem | Thenable<vscodeTypes.TreeItem> {
    if (this.#tree === null) throw new Error('a row is drawn before there is one');
    return this.#tree.getTreeItem(node);
  }
  getParent(node: TreeNode): TreeNode | null {
    return node.parent;
  }
  resolveTreeItem(
    item: vscodeTypes.TreeItem,
    node: TreeNode,
    token: vscodeTypes.CancellationToken,
  ): vscodeTypes.ProviderResult<vscodeTypes.TreeItem> {
    return this.#tree?.resolveTreeItem?.(item, node, token) ?? item;
  }
}

/** Documents of trees that are open when a window is loaded again ask for their text before anything else is loaded. */
function lazyFiles(vscode: Vscode, load: () => Promise<HostApi>): vscodeTypes.FileSystemProvider {
  const none: vscodeTypes.Event<vscodeTypes.FileChangeEvent[]> = () => ({ dispose: () => {} });
  const refuse = (uri: vscodeTypes.Uri): never => {
    throw vscode.FileSystemError.NoPermissions(uri);
  };
  return {
    onDidChangeFile: none,
    watch: () => ({ dispose: () => {} }),
    stat: async (uri) => (await load()).files.stat(uri),
    readFile: async (uri) => (await load()).files.readFile(uri),
    readDirectory: () => [],
    createDirectory: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse,
  };
}
