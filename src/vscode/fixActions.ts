import type * as vscodeTypes from 'vscode';
import type { Vscode } from './vscodeValue.ts';

/** Errors and warnings, without hints. */
export const seriousProblems = (vscode: Vscode, problems: readonly vscodeTypes.Diagnostic[]): vscodeTypes.Diagnostic[] =>
  problems.filter(({ severity }) => severity <= vscode.DiagnosticSeverity.Warning);

/** 'Expected 2 arguments (ts)' */
export const problemText = ({ message, source }: vscodeTypes.Diagnostic): string =>
  source === undefined ? message : `${message} (${source})`;

/** Fix with Reactor, on any problem the editor shows. Part of the entry: it is asked at each move of the cursor and must load nothing. */
export const fixActions = (vscode: Vscode): vscodeTypes.CodeActionProvider => ({
  provideCodeActions({ uri }, _range, { diagnostics }) {
    const problems = seriousProblems(vscode, diagnostics);
    const [first] = problems;
    if (first === undefined) return [];
    const action = new vscode.CodeAction('Fix with Reactor', vscode.CodeActionKind.QuickFix);
    action.diagnostics = problems;
    action.command = {
      command: 'reactor.fixDiagnostic',
      title: 'Fix with Reactor',
      arguments: [uri, first.range, problems.map(problemText)],
    };
    return [action];
  },
});
