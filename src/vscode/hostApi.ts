import type * as vscodeTypes from 'vscode';
import type { Disposable } from '../base/lifecycle.ts';
import type { CommandId, ViewId } from './commandIds.ts';
import type { TreeNode } from './tree/treeNode.ts';

/** The views as the entry made them; what is in them comes from the host. */
export type Views = Readonly<Record<ViewId, vscodeTypes.TreeView<TreeNode>>>;

/** What the entry needs of everything that is loaded only when it is used. */
export interface HostApi extends Disposable {
  /** Runs a command; failures are shown, never thrown. */
  run(command: CommandId, args: readonly unknown[]): Promise<unknown>;
  tree(view: ViewId): vscodeTypes.TreeDataProvider<TreeNode>;
  /** Fills a panel that was open when the window was left, from what its page kept. */
  restorePanel(panel: vscodeTypes.WebviewPanel, state: unknown): Promise<void>;
  readonly files: vscodeTypes.FileSystemProvider;
  lenses(document: vscodeTypes.TextDocument): Promise<vscodeTypes.CodeLens[]>;
  readonly onDidChangeLenses: vscodeTypes.Event<void>;
  completions(document: vscodeTypes.TextDocument, position: vscodeTypes.Position): Promise<vscodeTypes.CompletionItem[]>;
}
