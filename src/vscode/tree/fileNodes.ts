import type * as vscodeTypes from 'vscode';
import { plural } from '../../core/projections/figures.ts';
import { type RunState, startOf } from '../../core/run/state.ts';
import type { lastCandidate } from '../text/runWords.ts';
import type { Vscode } from '../vscodeValue.ts';
import type { NodeOf, TreeNode } from './treeNode.ts';

/** Rows of a candidate's files as far as the journal lists them, and one that counts the rest. */
export function fileNodes(
  parent: TreeNode,
  state: RunState,
  { attempt, candidate }: NonNullable<ReturnType<typeof lastCandidate>>,
  reviewable: boolean,
): (NodeOf<'file'> | NodeOf<'moreFiles'>)[] {
  const { model } = parent;
  const { run } = state;
  const key = `${parent.key}/${attempt.attempt}/${candidate.tree}`;
  const common = {
    kind: 'file',
    model,
    parent,
    run,
    attempt: attempt.attempt,
    base: startOf(state, attempt.attempt),
    tree: candidate.tree,
    reviewable,
  } as const;
  const files = candidate.files.map((file) => ({ ...common, key: `${key}/${file.path}`, file }));
  const more = candidate.filesTotal - files.length;
  return more > 0 ? [...files, { kind: 'moreFiles', key: `${key}/`, model, parent, run, count: more }] : files;
}

export function moreFilesItem(vscode: Vscode, node: NodeOf<'moreFiles'>): vscodeTypes.TreeItem {
  const drawn = new vscode.TreeItem(`… and ${plural(node.count, 'more file')}`);
  drawn.id = node.key;
  drawn.command = { command: 'reactor.reviewChanges', title: 'Review Changes', arguments: [node] };
  return drawn;
}
