import type { ExtensionContext, WebviewPanel } from 'vscode';
import type { PanelTab } from '../../protocol/panelShapes.ts';
import { PANEL_TYPE } from '../commandIds.ts';
import type { PanelComments, PanelEditor, PanelHost, PanelModel } from './panelDeps.ts';
import { panelHtml } from './panelHtml.ts';
import { PanelSession } from './panelSession.ts';

export interface PanelDeps {
  readonly vscode: PanelEditor;
  readonly context: Pick<ExtensionContext, 'extensionUri'>;
  readonly model: PanelModel;
  readonly host: PanelHost;
  readonly comments: PanelComments;
}

interface OpenedPanel {
  readonly panel: WebviewPanel;
  readonly session: PanelSession;
  readonly model: PanelModel;
}

/** Open panels by the extension's context and the repository's folder: one per repository. */
const opened = new WeakMap<object, Map<string, OpenedPanel>>();

/**
 * Opens the panel of the model's repository, or brings it to the front when it is open, on a tab (the one it was on when absent) and
 * a run. @returns the session, which ends with the panel
 */
export function openPanel(deps: PanelDeps, tab?: PanelTab, run?: string): PanelSession {
  const { vscode, model } = deps;
  const known = panelsOf(deps).get(model.place.id);
  if (known?.model === model) {
    known.session.show(tab ?? null, run ?? null);
    return known.session;
  }
  // Its folder left the workspace and came back: nothing is heard any more of what it shows.
  known?.panel.dispose();
  const panel = vscode.window.createWebviewPanel(PANEL_TYPE, titleOf(model), vscode.ViewColumn.Active, {});
  const session = adopt(deps, panel, tab ?? null);
  if (run !== undefined) session.show(tab ?? null, run);
  return session;
}

/**
 * Brings a panel back after a reload of the window.
 * @param state what its page kept with it
 * @param modelOf the model of the repository a folder lies in, or null when that is not part of the workspace any more: then the panel is closed
 */
export async function restorePanel(
  deps: Omit<PanelDeps, 'model'>,
  panel: WebviewPanel,
  state: unknown,
  modelOf: (folder: string) => Promise<PanelModel | null>,
): Promise<void> {
  const folder = folderOf(state);
  const model = folder === null ? null : await modelOf(folder);
  if (model === null) panel.dispose();
  else adopt({ ...deps, model }, panel, null);
}

/** The folder that the page kept with the panel. */
const folderOf = (state: unknown): string | null => {
  const folder: unknown = typeof state === 'object' && state !== null && 'folder' in state ? state.folder : null;
  return typeof folder === 'string' && folder !== '' ? folder : null;
};

function adopt(deps: PanelDeps, panel: WebviewPanel, tab: PanelTab | null): PanelSession {
  const { vscode, context, model, host, comments } = deps;
  const files = vscode.Uri.joinPath(context.extensionUri, 'dist', 'webview');
  const at = (name: string) => panel.webview.asWebviewUri(vscode.Uri.joinPath(files, name)).toString();
  const icon = (on: string) => vscode.Uri.joinPath(context.extensionUri, 'media', `reactor-${on}.svg`);
  panel.iconPath = { light: icon('light'), dark: icon('dark') };
  panel.webview.options = { enableScripts: true, localResourceRoots: [files], enableForms: false, enableCommandUris: false };
  const session = new PanelSession(panel, { editor: vscode, model, host, comments }, tab);
  const panels = panelsOf(deps);
  panels.set(model.place.id, { panel, session, model });
  panel.onDidDispose(() => {
    session.dispose();
    if (panels.get(model.place.id)?.panel === panel) panels.delete(model.place.id);
  });
  panel.webview.html = panelHtml({
    cspSource: panel.webview.cspSource,
    script: at('panel.js'),
    styles: at('panel.css'),
    icons: at('codicon.css'),
    title: titleOf(model),
  });
  return session;
}

const titleOf = (model: PanelModel): string => `Reactor: ${model.place.name}`;

function panelsOf(deps: Pick<PanelDeps, 'context'>): Map<string, OpenedPanel> {
  const known = opened.get(deps.context) ?? new Map<string, OpenedPanel>();
  opened.set(deps.context, known);
  return known;
}
