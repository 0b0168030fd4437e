import * as vscode from 'vscode';
import { hasReactorData } from './compose/hasReactorData.ts';
import { startEntry } from './vscode/entry.ts';

/** Called by the editor. Everything else is loaded when it is first used. */
export function activate(context: vscode.ExtensionContext): void {
  startEntry(vscode, context, {
    load: async (views) => {
      // After the activation, not in it: the editor reads and compiles a module while it is asked for.
      await new Promise((resolve) => setImmediate(resolve));
      return (await import('./extensionHost.ts')).loadHost(vscode, context, views);
    },
    hasData: hasReactorData,
  });
}
