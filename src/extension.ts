import * as vscode from 'vscode';
import { hasReactorData } from './compose/hasReactorData.ts';
import { startEntry } from './vscode/entry.ts';

/** Called by the editor. Everything else is loaded when it is first used. */
export function activate(context: vscode.ExtensionContext): void {
  startEntry(vscode, context, {
    load: async (views) => (await import('./extensionHost.ts')).loadHost(vscode, context, views),
    hasData: hasReactorData,
  });
}
