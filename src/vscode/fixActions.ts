import type * as vscodeTypes from 'vscode';
import type { Vscode } from './vscodeValue.ts';

/** Fix with Reactor, on any problem the editor shows. Part of the entry: it is asked at each move of the cursor and must load nothing. */
export const fixActions = (vscode: Vscode): vscodeTypes.CodeActionProvider => ({
  provideCodeActions({ uri }, _range, { diagnostics }) {
    const problems = diagnostics.filter(({ severity }) => severity <= vscode.DiagnosticSeverity.Warning);
    const [first] = problems;
    if (first === undefined) return [];
    const action = new vscode.CodeAction('Fix with Reactor', vscode.CodeActionKind.QuickFix);
    action.diagnostics = [...problems];
    action.command = {
      command: 'reactor.fixDiagnostic',
      title: 'Fix with Reactor',
      arguments: [uri, first.range, problems.map(({ message, source }) => (source === undefined ? message : `${message} (${source})`))],
    };
    return [action];
  },
});
