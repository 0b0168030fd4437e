/** The editor's API as a value that is handed in, so that everything here runs against a fake one too. Only the entry imports it. */
export type Vscode = typeof import('vscode');

/** Names for what else the entries handle of the editor. */
export type EditorContext = import('vscode').ExtensionContext;
export type LogChannel = import('vscode').LogOutputChannel;
