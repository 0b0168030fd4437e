import type { Event } from '../../base/event.ts';
import type { CommentThread } from '../../protocol/panelShapes.ts';
import type { EditorHost } from '../editorHost.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import type { Vscode } from '../vscodeValue.ts';

/** What the panel needs of a repository's model; the model itself, or less in tests. */
export type PanelModel = Pick<
  RepositoryModel,
  'place' | 'readOnly' | 'runs' | 'run' | 'open' | 'entries' | 'costs' | 'request' | 'onEntry' | 'onDidChangeRun' | 'onDidReset' | 'onLive'
>;

/** What the panel needs of the world beside the editor. */
export type PanelHost = Pick<EditorHost, 'clock' | 'log' | 'patch' | 'config' | 'dataFolder'>;

/** Comments on candidates, as the editor keeps them. */
export interface PanelComments {
  readonly onDidChange: Event<{ readonly repository: string; readonly run: string }>;
  of(repository: string, run: string): readonly CommentThread[];
  /**
   * Begins a thread on a line, from 0.
   * @throws UserFacingError `notPossibleNow` when the tree is not that of the candidate that waits for review
   */
  add(
    at: { readonly repository: string; readonly run: string; readonly tree: string; readonly path: string; readonly line: number },
    body: string,
  ): Promise<void>;
  /** Does nothing when the thread is not there any more. */
  setResolved(id: string, resolved: boolean): Promise<void>;
}

/** The editor as far as the panel touches it. */
export type PanelEditor = Pick<Vscode, 'window' | 'workspace' | 'commands' | 'Uri' | 'ViewColumn'>;
