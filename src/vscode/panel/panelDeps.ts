import type { EditorHost } from '../editorHost.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import type { Vscode } from '../vscodeValue.ts';

/** What the panel needs of a repository's model; the model itself, or less in tests. */
export type PanelModel = Pick<
  RepositoryModel,
  'place' | 'runs' | 'run' | 'open' | 'entries' | 'costs' | 'request' | 'onEntry' | 'onDidChangeRun' | 'onDidReset' | 'onLive'
>;

/** What the panel needs of the world beside the editor. */
export type PanelHost = Pick<EditorHost, 'clock' | 'log' | 'patch' | 'config' | 'dataFolder'>;

/** The editor as far as the panel touches it. */
export type PanelEditor = Pick<Vscode, 'window' | 'workspace' | 'commands' | 'Uri' | 'ViewColumn'>;
