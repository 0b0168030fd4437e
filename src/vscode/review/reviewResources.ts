import type * as vscodeTypes from 'vscode';
import type { FileChange } from '../../core/ports/git.ts';
import { bytesText } from '../../core/projections/figures.ts';
import type { Vscode } from '../vscodeValue.ts';
import { type TreeFile, treeUri } from './treeUri.ts';

/** Larger files are named, not shown, among many; alone they can be opened. */
export const MOST_SHOWN_BYTES = 2_000_000;

export interface Sides {
  readonly repository: string;
  readonly run: string;
  readonly base: string;
  readonly tree: string;
}

/** Label, left and right side of one file for the editor of many diffs; a side that is not there is undefined. */
export type ReviewResource = [vscodeTypes.Uri, vscodeTypes.Uri | undefined, vscodeTypes.Uri | undefined];

const isSubmodule = ({ oldMode, newMode }: FileChange): boolean => oldMode === '160000' || newMode === '160000';

/** Why a file is named and not shown: no text, or too much of it. Null when it can be shown. */
function noticeOf(change: FileChange, mode: string, oid: string, bytes: number | null): string | null {
  if (mode === '000000') return null;
  if (isSubmodule(change)) return `Submodule at commit ${oid}`;
  const size = bytes === null ? '' : `, ${bytesText(bytes)}`;
  if (change.added === null && change.oldOid !== change.newOid)
    return `Binary file ${oid.slice(0, 10)}${size}. Open it from the list of files to see it.`;
  if (bytes !== null && bytes > MOST_SHOWN_BYTES)
    return `File ${oid.slice(0, 10)}${size}, too large to show among others. Open it from the list of files.`;
  // Nothing else differs: the change of mode would not be seen.
  if (change.oldOid === change.newOid && change.oldMode !== change.newMode) return `Mode ${mode}, content ${oid.slice(0, 10)}${size}`;
  return null;
}

/** The blobs that are shown, or named with their size, for a change. */
export const blobsOf = (change: FileChange): readonly string[] => (isSubmodule(change) ? [] : [change.oldOid, change.newOid]);

/** @param sizes bytes of the blobs of the change that are there */
export function reviewResource(vscode: Vscode, sides: Sides, change: FileChange, sizes: ReadonlyMap<string, number>): ReviewResource {
  const { repository, run, base, tree } = sides;
  const side = (which: TreeFile['side'], at: string, path: string, mode: string, oid: string): vscodeTypes.Uri | undefined => {
    if (mode === '000000') return undefined;
    const notice = noticeOf(change, mode, oid, isSubmodule(change) ? null : (sizes.get(oid) ?? null));
    return treeUri(vscode, { repository, tree: at, path, run, side: which, ...(notice === null ? {} : { notice }) });
  };
  const left = side('base', base, change.oldPath ?? change.path, change.status === 'added' ? '000000' : change.oldMode, change.oldOid);
  const right = side('candidate', tree, change.path, change.status === 'deleted' ? '000000' : change.newMode, change.newOid);
  return [treeUri(vscode, { repository, tree, path: change.path, run, side: 'candidate' }), left, right];
}
