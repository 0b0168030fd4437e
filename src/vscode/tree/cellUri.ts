import type * as vscodeTypes from 'vscode';
import type { Vscode } from '../vscodeValue.ts';

const SCHEME = 'reactor-cell';

/** Stands for the row of a cell without a boundary, so that the row has a mark, which no long title hides. */
export const unsandboxedUri = (vscode: Vscode, run: string): vscodeTypes.Uri => vscode.Uri.from({ scheme: SCHEME, path: `/${run}` });

export const isUnsandboxedUri = (uri: vscodeTypes.Uri): boolean => uri.scheme === SCHEME;
