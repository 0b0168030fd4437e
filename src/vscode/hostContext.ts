import type * as vscodeTypes from 'vscode';
import type { EditorHost } from './editorHost.ts';
import type { Repositories } from './repositories.ts';
import type { Vscode } from './vscodeValue.ts';

/** What every part of the editor's side is made with. */
export interface HostContext {
  readonly vscode: Vscode;
  readonly extension: Pick<vscodeTypes.ExtensionContext, 'extensionUri' | 'workspaceState' | 'globalState' | 'subscriptions'>;
  readonly host: EditorHost;
  readonly repositories: Repositories;
}
