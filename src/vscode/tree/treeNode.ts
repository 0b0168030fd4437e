import type { Uri } from 'vscode';
import type { ChangedFile } from '../../core/journal/events.ts';
import type { TaskPlace } from '../editorHost.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import type { TaskGroup } from '../text/taskGroups.ts';

interface Common {
  /** Stable for the same thing over updates, windows and reloads. */
  readonly key: string;
  readonly model: RepositoryModel;
  readonly parent: TreeNode | null;
}

/** A row of the sidebar. Holds only what names the thing; how it looks comes from the model when it is drawn. */
export type TreeNode =
  | (Common & { readonly kind: 'repository' })
  | (Common & {
      readonly kind: 'ask';
      readonly run: string;
      readonly id: string /** The tree it was shown for. */;
      readonly tree: string | null;
    })
  | (Common & { readonly kind: 'cell'; readonly run: string })
  | (Common & { readonly kind: 'attempt' | 'branch' | 'port' | 'worktree' | 'serverLog'; readonly run: string })
  | (Common & {
      readonly kind: 'file';
      readonly run: string;
      readonly attempt: number;
      readonly base: string;
      readonly tree: string;
      readonly file: ChangedFile;
      /** Shown with a check box: the tree waits for a review. */
      readonly reviewable: boolean;
    })
  | (Common & { readonly kind: 'moreFiles'; readonly run: string; readonly count: number })
  | (Common & { readonly kind: 'group'; readonly group: TaskGroup })
  | (Common & { readonly kind: 'task'; readonly task: string })
  | (Common & { readonly kind: 'planned'; readonly place: TaskPlace; readonly file: string; readonly uri: Uri });

export type NodeOf<K extends TreeNode['kind']> = Extract<TreeNode, { kind: K }>;
