import type { Disposable } from '../../base/lifecycle.ts';
import type { Result } from '../../base/result.ts';
import type { Mount } from './sandbox.ts';

/** A full object name: 40 (SHA-1) or 64 (SHA-256) hexadecimal digits. */
export type Oid = string;

export type GitRefusal = {
  readonly code:
    | 'notARepository'
    | 'noCommit' // HEAD leads to no commit
    | 'unknownRef'
    | 'refMoved' // a compare-and-swap found another value
    | 'locked' // a lock file stayed held after retries
    | 'exists' // branch, ref or folder is already there
    | 'tooLarge' // more than a change may bring in; message says what
    | 'dirty' // unfinished changes in a checkout that would have to move
    | 'volume' // the disk is full, over quota or read-only
    | 'unsigned' // the signature that the user's settings ask for could not be made
    | 'failed'; // git said no; message has its words
  readonly message: string;
};

export type GitResult<T> = Result<T, GitRefusal>;

export interface RepositoryFacts {
  /** The common git directory, real path: identifies the repository for all its worktrees. */
  readonly commonDir: string;
  /** The checkout the folder lies in, real path; null in a bare repository. */
  readonly topLevel: string | null;
  /** Path of the folder below `topLevel`, with `/`, no leading or trailing slash; '' at the top. */
  readonly prefix: string;
  /** Branch checked out there, with a commit or without one yet, without refs/heads/; null when detached or bare. */
  readonly branch: string | null;
  /** Commit checked out there; null when there is none yet. */
  readonly head: Oid | null;
  /** The branch that HEAD names, also in a bare repository, when it has no commit yet; left out when it has one. */
  readonly unborn?: string;
}

export interface FileChange {
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed' | 'typeChanged';
  readonly path: string;
  /** The former path of a renamed file. */
  readonly oldPath?: string;
  /** Octal modes as git prints them, such as 100644, 120000 (symbolic link), 160000 (submodule); 000000 when absent. */
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldOid: Oid;
  readonly newOid: Oid;
  /** Lines; null for binary files. */
  readonly added: number | null;
  readonly removed: number | null;
}

export interface CreateWorktree {
  /** Absolute path that does not exist yet. */
  readonly path: string;
  /** New branch without refs/heads/; refused with `exists` when there. */
  readonly branch: string;
  readonly base: Oid;
  /** A branch that is there is taken as it is, whatever the base. */
  readonly takesBranch?: boolean;
  /** A checkout whose choice of files (sparse-checkout) the new one follows; the repository's own when left out or gone. */
  readonly checkout?: string | null;
  /** Called when git has begun: what the caller does meanwhile costs it no time. Not called where it is refused before. */
  readonly onBegun?: () => void;
}

export interface IncludeReport {
  readonly files: number;
  readonly bytes: number;
  /** Copied by sharing content until one side changes it; false when nothing was copied or the file system can't. */
  readonly cloned: boolean;
  /** Paths matched by a glob but left out, with why (tracked by git, leads out of the repository, unreadable). */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

export interface CandidateSnapshot {
  /** Tree of everything in the worktree that git does not ignore, untracked files included. */
  readonly tree: Oid;
  /**
   * Only when there are repositories in the worktree (submodules with changes, ones an agent made) whose content `tree` can't hold:
   * the same state with their files as ordinary files. Keep this one (INV-008).
   */
  readonly keep?: Oid;
  /** Only when there are any: tracked files in whose place is now what git can't hold. In the tree they are absent. */
  readonly unrecorded?: readonly Unrecorded[];
}

export interface Unrecorded {
  readonly path: string;
  /** For people: "a named pipe". */
  readonly is: string;
}

export interface CommitRequest {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly message: string;
  /** Follow commit.gpgsign of the user's configuration. */
  readonly sign: boolean;
}

export interface MoveRef {
  /** Full ref name. */
  readonly ref: string;
  readonly to: Oid;
  /** The value it must have now; null: it must not exist. */
  readonly expected: Oid | null;
  /** Reflog message. */
  readonly reason: string;
}

export type MergeOutcome =
  | { readonly kind: 'clean'; readonly tree: Oid }
  /** `tree` is the merge with conflict markers in the files of `paths`. */
  | { readonly kind: 'conflicts'; readonly tree: Oid; readonly paths: readonly string[]; readonly message: string };

/** A change that a reviewer does not take. */
export interface RejectedChange {
  /** The path as it is in the candidate (the new one of a renamed file, the old one of a deleted file). */
  readonly path: string;
  /** Numbers of the hunks, from 0 in the order in which `patch` shows them; null for the whole file. */
  readonly hunks: readonly number[] | null;
}

export interface CheckoutState {
  /** Real path of the worktree that has the branch checked out. */
  readonly path: string;
  readonly clean: boolean;
  /** What is unfinished, for people: 'staged or changed files', 'a merge in progress', … Empty when clean. */
  readonly unfinished: readonly string[];
}

export interface WorktreeEntry {
  readonly path: string;
  readonly head: Oid | null;
  readonly branch: string | null;
  readonly prunable: boolean;
  readonly locked: boolean;
}

export interface RefEntry {
  readonly ref: string;
  readonly oid: Oid;
  /** Committer time, milliseconds since the epoch. */
  readonly at: number;
}

/** The hooks that the user's own git would run. */
export interface Hooks {
  /** Absolute; there or not. */
  readonly folder: string;
  /** Names of those that are there and can be run, in order. */
  readonly names: readonly string[];
}

export interface PrivateView {
  /** What is laid over the repository's git folder in the cell, or what is seen of it there. */
  readonly mounts: readonly Mount[];
  /** Settled once there is a folder to lay, with the places for what is laid in it. @throws Error when it can't be made */
  readonly placed: Promise<void>;
  /** Settled once all of it is there, the worktree's entry too: before then nothing may look at git in the cell. */
  readonly laid: Promise<GitResult<void>>;
}

/**
 * One repository. Mutations are serialised inside the adapter per common directory; lock errors are retried with backoff.
 * Nothing here writes the user's configuration, index, HEAD, stash or hooks, except `fastForwardCheckout` and what takes it back.
 * Every method takes an AbortSignal last; abort ends the git process and rejects with the signal's reason.
 * A refusal is a value; a thrown error is a bug or an abort.
 */
export interface GitRepository {
  readonly facts: RepositoryFacts;

  /** The commit a name leads to. */
  resolveCommit(name: string, signal?: AbortSignal): Promise<GitResult<Oid>>;
  /** The value of a full ref name, or null when it does not exist. */
  readRef(ref: string, signal?: AbortSignal): Promise<Oid | null>;
  treeOf(commit: Oid, signal?: AbortSignal): Promise<Oid>;
  /** Writes a commit without files and parents, which stands for having no commit: the same one each time. No ref keeps it. */
  emptyCommit(signal?: AbortSignal): Promise<GitResult<Oid>>;
  /** How many files of the user's checkout git tracks or would track; 0 without a checkout. */
  countFiles(signal?: AbortSignal): Promise<number>;
  isAncestor(ancestor: Oid, descendant: Oid, signal?: AbortSignal): Promise<boolean>;
  /** The last commit that two histories have in common; null when there is none. */
  mergeBase(a: Oid, b: Oid, signal?: AbortSignal): Promise<Oid | null>;
  /** Whether a branch was at a commit lately, by what git has noted of its moves; false where nothing is noted, as in bare repositories. */
  wasAt(branch: string, commit: Oid, signal?: AbortSignal): Promise<boolean>;
  /** What a branch that is gone is called now, if it was renamed since a moment and git has noted it; null where nothing is known. */
  renamedTo(branch: string, sinceMs: number, signal?: AbortSignal): Promise<string | null>;
  /** Commits reachable from `tip` and not from `base` whose message has this trailer with this value; newest first. */
  commitsWithTrailer(
    range: { readonly base: Oid | null; readonly tip: Oid },
    trailer: { readonly key: string; readonly value: string },
    signal?: AbortSignal,
  ): Promise<readonly Oid[]>;

  /** Makes branch and worktree without files (fast). An undone half is removed again. */
  createWorktree(request: CreateWorktree, signal?: AbortSignal): Promise<GitResult<void>>;
  /** Gives a worktree that nobody worked in another branch, made at `base`, and its files; its former branch goes. */
  adoptWorktree(
    request: CreateWorktree & { readonly from: string; readonly fromBase: Oid },
    signal?: AbortSignal,
  ): Promise<GitResult<void>>;
  /** Fills a worktree made by `createWorktree` with the files of its commit, and its submodules from what the user has. */
  populateWorktree(path: string, signal?: AbortSignal): Promise<GitResult<void>>;
  /** Commands that the user's settings have git start for files of a repository: filters, drivers of merges and diffs. */
  commandsForFiles(): Promise<readonly string[]>;
  /** Names of the filters, such as lfs, that attributes in the commit ask for and that git has no command for: such files stay as stored. */
  missingFilters(commit: Oid, signal?: AbortSignal): Promise<readonly string[]>;
  /**
   * Makes a git folder that a cell sees in place of the repository's, in which its own git writes end, and keeps it in step with what is done to
   * the worktree from here. A view that is there is used again.
   * @param folder where it is kept; outside the worktree, made on demand.
   * @param options.isMounted false where nothing can be laid over the repository's git folder in the cell.
   * @param options.made settled when the worktree is there; left out when it is.
   */
  privateView(
    worktree: string,
    folder: string,
    options?: { readonly isMounted?: boolean; readonly made?: Promise<unknown> },
  ): Promise<PrivateView>;
  /** Copies files that git ignores and a glob names from the user's checkout; copy-on-write where the file system can. Links are copied as links. */
  includeIgnored(
    request: {
      readonly from: string;
      readonly to: string;
      readonly globs: readonly string[];
      /** These files alone, where they match and are there. */
      readonly only?: readonly string[];
      /** Called before a whole folder is copied. */
      readonly onFolder?: (path: string, files: number, bytes: number) => void;
    },
    signal?: AbortSignal,
  ): Promise<IncludeReport>;
  /** What git ignores in a cell's worktree, below it; a folder of which all is ignored is told as a whole, with a slash at its end. */
  ignoredIn(worktree: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** The worktree's whole state as a tree, through an index of its own. Touches neither the worktree nor its index. */
  snapshot(worktree: string, signal?: AbortSignal): Promise<GitResult<CandidateSnapshot>>;
  /** Makes files and index of the worktree equal to the commit; untracked files that are not ignored go. Keep first. */
  resetWorktree(worktree: string, commit: Oid, signal?: AbortSignal): Promise<GitResult<void>>;
  /** Makes files and index of the worktree equal to a tree, without moving HEAD or branch; untracked, not ignored files go. Keep first. */
  checkoutTree(worktree: string, tree: Oid, signal?: AbortSignal): Promise<GitResult<void>>;
  /**
   * Removes the locks that a killed git has left in git's folder of a cell's worktree. Only when no process of the cell lives; never in a
   * worktree that Reactor did not make, nor for what worktrees share.
   * @returns the locks that were there.
   */
  clearLocks(worktree: string): Promise<readonly string[]>;
  /** Removes the folder and git's entry for it. Succeeds when either is already gone. Keep first. */
  removeWorktree(path: string, signal?: AbortSignal): Promise<GitResult<void>>;
  /** As `removeWorktree`, but at once: the folder is renamed to `to`, on the same file system and not there yet, for the caller to delete. */
  moveWorktreeAway(path: string, to: string, signal?: AbortSignal): Promise<GitResult<void>>;
  listWorktrees(signal?: AbortSignal): Promise<readonly WorktreeEntry[]>;

  changes(from: Oid, to: Oid, signal?: AbortSignal): Promise<readonly FileChange[]>;
  /** Unified diff of two trees or commits, cut at `maxBytes` on a line end. `asText`: also of files that git or the attributes take for binary. */
  patch(
    range: {
      readonly from: Oid;
      readonly to: Oid;
      readonly paths?: readonly string[];
      readonly maxBytes: number;
      readonly asText?: boolean;
    },
    signal?: AbortSignal,
  ): Promise<{ readonly text: string; readonly truncated: boolean }>;
  /** A tree as it is but for some of its changes against `base`. `failed` when a path or hunk named is not there. */
  withoutChanges(
    request: { readonly base: Oid; readonly tree: Oid; readonly rejected: readonly RejectedChange[] },
    signal?: AbortSignal,
  ): Promise<GitResult<Oid>>;
  /** Content of a blob in a tree or commit; null when there is no such file. */
  readFile(tree: Oid, path: string, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** Paths of all files of a tree or commit that are one of these, or lie below one. */
  filesIn(tree: Oid, below: readonly string[], signal?: AbortSignal): Promise<readonly string[]>;
  /** Bytes of each of these blobs, without reading them; one that is not there is left out. */
  blobSizes(blobs: readonly Oid[], signal?: AbortSignal): Promise<ReadonlyMap<Oid, number>>;

  /** The hooks of the user's own checkout and settings (`core.hooksPath`), never those of a cell. */
  hooks(signal?: AbortSignal): Promise<Hooks>;
  /** The user's identity as git has it, 'Name <address>'; null when git has none. */
  identity(signal?: AbortSignal): Promise<string | null>;
  /** Writes a commit object with the user's identity (or Reactor's, when git has none). No hook runs and no ref moves. */
  writeCommit(request: CommitRequest, signal?: AbortSignal): Promise<GitResult<Oid>>;
  /** Compare-and-swap of one ref. */
  moveRef(request: MoveRef, signal?: AbortSignal): Promise<GitResult<void>>;
  deleteRef(request: { readonly ref: string; readonly expected: Oid }, signal?: AbortSignal): Promise<GitResult<void>>;
  listRefs(prefix: string, signal?: AbortSignal): Promise<readonly RefEntry[]>;
  /** Bytes on disk, about, of what these commits reach and no branch, tag, remote branch or commit of `beside` does. One that is not there counts nothing. */
  diskUsage(commits: readonly Oid[], beside: readonly Oid[], signal?: AbortSignal): Promise<number>;

  /** Calls `listener` after the branch may have moved, by whomever, until disposed. Where the file system can't tell, it never does. */
  watchBranch(branch: string, listener: () => void): Disposable;
  /**
   * Three-way merge of two commits without a worktree. `base`: both are compared with this one, whatever they have in common. `unrelated`: they may have no
   * commit in common; then both are compared with no files at all.
   */
  mergeTrees(
    request: { readonly ours: Oid; readonly theirs: Oid; readonly base?: Oid | undefined; readonly unrelated?: boolean },
    signal?: AbortSignal,
  ): Promise<GitResult<MergeOutcome>>;
  /** Where the branch is checked out, or null. */
  checkoutOf(branch: string, signal?: AbortSignal): Promise<CheckoutState | null>;
  /** As `checkoutOf`, without a look at the state it is in. */
  checkoutPathOf(branch: string, signal?: AbortSignal): Promise<string | null>;
  /**
   * Moves a checked-out branch and its clean working tree forward to a descendant commit, as `git merge --ff-only` would, hooks included; a branch
   * that has no commit yet (`expected: null`) to its first one, as `git checkout -b` would.
   * Refuses with `refMoved` when the branch is not at `expected`, `dirty` when files would be overwritten; then nothing has changed.
   * Where the same move was cut short before, and all that differs there is what it had to write, it is finished.
   */
  fastForwardCheckout(request: CheckoutMove, signal?: AbortSignal): Promise<GitResult<void>>;
  /** Takes back what such a move that was cut short has left, on the same conditions. @returns false when nothing was touched. */
  takeBackCheckout(request: CheckoutMove, signal?: AbortSignal): Promise<boolean>;
}

export interface CheckoutMove {
  readonly path: string;
  readonly branch: string;
  readonly to: Oid;
  readonly expected: Oid | null;
}

export interface Git {
  /** Version such as '2.39.5', or null when git can't be started. */
  version(signal?: AbortSignal): Promise<string | null>;
  open(folder: string, signal?: AbortSignal): Promise<GitResult<GitRepository>>;
}
