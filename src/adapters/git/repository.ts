import type { GitRepository } from '../../core/ports/git.ts';
import { adoptWorktree } from './adoptWorktree.ts';
import { checkoutTree, populateWorktree, resetWorktree } from './cellState.ts';
import { checkoutOf, checkoutPathOf, fastForwardCheckout, takeBackCheckout } from './checkouts.ts';
import { clearLocks } from './clearLocks.ts';
import { commitsWithTrailer, identity, mergeTrees, writeCommit } from './commits.ts';
import { createWorktree } from './createWorktree.ts';
import { blobSizes, changes, filesIn, patch, readFile } from './diffs.ts';
import { diskUsage } from './diskUsage.ts';
import { hooks } from './hooks.ts';
import { ignoredIn } from './ignoredPaths.ts';
import { includeIgnored } from './includeIgnored.ts';
import { missingFilters } from './missingFilters.ts';
import { countFiles, emptyCommit } from './noCommit.ts';
import { privateView } from './privateView.ts';
import { deleteRef, isAncestor, listRefs, mergeBase, moveRef, readRef, renamedTo, resolveCommit, treeOf, wasAt } from './refs.ts';
import { moveWorktreeAway, removeWorktree } from './removeWorktree.ts';
import type { RepositoryContext } from './repositoryContext.ts';
import { snapshot } from './snapshot.ts';
import { watchBranch } from './watchBranch.ts';
import { withoutChanges } from './withoutChanges.ts';
import { listWorktrees } from './worktreeList.ts';

export const createRepository = (context: RepositoryContext): GitRepository => ({
  facts: context.facts,
  resolveCommit: (name, signal) => resolveCommit(context, name, signal),
  readRef: (ref, signal) => readRef(context, ref, signal),
  treeOf: (commit, signal) => treeOf(context, commit, signal),
  emptyCommit: (signal) => emptyCommit(context, signal),
  countFiles: (signal) => countFiles(context, signal),
  isAncestor: (ancestor, descendant, signal) => isAncestor(context, ancestor, descendant, signal),
  mergeBase: (a, b, signal) => mergeBase(context, a, b, signal),
  wasAt: (branch, commit, signal) => wasAt(context, branch, commit, signal),
  renamedTo: (branch, sinceMs, signal) => renamedTo(context, branch, sinceMs, signal),
  commitsWithTrailer: (range, trailer, signal) => commitsWithTrailer(context, range, trailer, signal),
  createWorktree: (request, signal) => createWorktree(context, request, signal),
  adoptWorktree: (request, signal) => adoptWorktree(context, request, signal),
  populateWorktree: (path, signal) => populateWorktree(context, path, signal),
  commandsForFiles: () => context.git.commandsForFiles(context.facts.commonDir),
  missingFilters: (commit, signal) => missingFilters(context, commit, signal),
  privateView: (worktree, folder, options) => privateView(context, worktree, folder, options),
  includeIgnored: (request, signal) => includeIgnored(context, request, signal),
  ignoredIn: (worktree, signal) => ignoredIn(context, worktree, signal),
  snapshot: (worktree, signal) => snapshot(context, worktree, signal),
  resetWorktree: (worktree, commit, signal) => resetWorktree(context, worktree, commit, signal),
  checkoutTree: (worktree, tree, signal) => checkoutTree(context, worktree, tree, signal),
  clearLocks: (worktree) => clearLocks(context, worktree),
  removeWorktree: (path, signal) => removeWorktree(context, path, signal),
  moveWorktreeAway: (path, to, signal) => moveWorktreeAway(context, path, to, signal),
  listWorktrees: (signal) => listWorktrees(context, signal),
  changes: (from, to, signal) => changes(context, from, to, signal),
  patch: (range, signal) => patch(context, range, signal),
  withoutChanges: (request, signal) => withoutChanges(context, request, signal),
  readFile: (tree, path, signal) => readFile(context, tree, path, signal),
  filesIn: (tree, below, signal) => filesIn(context, tree, below, signal),
  blobSizes: (blobs, signal) => blobSizes(context, blobs, signal),
  hooks: (signal) => hooks(context, signal),
  identity: (signal) => identity(context, signal),
  writeCommit: (request, signal) => writeCommit(context, request, signal),
  moveRef: (request, signal) => moveRef(context, request, signal),
  deleteRef: (request, signal) => deleteRef(context, request, signal),
  listRefs: (prefix, signal) => listRefs(context, prefix, signal),
  diskUsage: (commits, beside, signal) => diskUsage(context, commits, beside, signal),
  watchBranch: (branch, listener) => watchBranch(context, branch, listener),
  mergeTrees: (request, signal) => mergeTrees(context, request, signal),
  checkoutOf: (branch, signal) => checkoutOf(context, branch, signal),
  checkoutPathOf: (branch, signal) => checkoutPathOf(context, branch, signal),
  fastForwardCheckout: (request, signal) => fastForwardCheckout(context, request, signal),
  takeBackCheckout: (request, signal) => takeBackCheckout(context, request, signal),
});
