import type { ApprovalKind, ChangedFile, CommandEvidence, EventData, QueueCode } from '../journal/events.ts';
import type { PermissionRule } from '../model/permissionRule.ts';
import type { RunSpec } from '../model/runSpec.ts';
import type { TokenCounts } from '../model/tokens.ts';
import type { CostTotal } from '../model/usd.ts';
import type { ProtectedChange } from '../policy/protectedPaths.ts';
import type { AddedSecret } from '../policy/secrets/addedSecrets.ts';
import type { ProcessIdentity } from '../ports/processes.ts';

export interface CellState {
  /** Also the value of CELL_MARKER in the environment of all its processes. */
  readonly id: string;
  readonly worktree: string;
  /** The cell's own folder for server data, beside the worktree. */
  readonly home: string;
  readonly branch: string;
  readonly hasWorktree: boolean;
  readonly port: number | null;
  /** Leased for the app under test while the server lives. */
  readonly appPorts: readonly number[];
  /** The server's process from its start until it was seen to have ended. */
  readonly server: ProcessIdentity | null;
  readonly url: string | null;
  /** The agent's conversation. Survives a restart of the server. */
  readonly session: string | null;
  readonly ready: boolean;
  readonly setupDone: boolean;
  /** The operating system's boundary around the cell, such as bubblewrap; null when it has none. */
  readonly boundary: string | null;
  /**
   * Up to when what git ignores in the worktree is not the agent's: set-up had ended, or a person has approved what it was then. Null before the agent
   * first worked there.
   */
  readonly handedOverAt: number | null;
  /** When the agent first worked in this worktree; null before. */
  readonly agentSince: number | null;
  /** When the last candidate was looked at. */
  readonly lookedAt: number | null;
}

export interface CandidateState {
  readonly tree: string;
  readonly keptRef: string;
  readonly keptCommit: string;
  readonly files: readonly ChangedFile[];
  readonly filesTotal: number;
  readonly added: number;
  readonly removed: number;
  /** Secrets that it would bring in and nobody allowed. While there is one it is neither tested nor committed. */
  readonly secrets: readonly AddedSecret[];
  /** Changed files for which a person is asked also with `approve: auto`. */
  readonly protected: readonly ProtectedChange[];
}

export interface AttemptState {
  readonly attempt: number;
  readonly startedAt: number;
  readonly prompt: string;
  readonly because: EventData<'attempt/started'>['because'];
  readonly promptId: string | null;
  readonly tokens: TokenCounts;
  readonly cost: CostTotal;
  readonly executed: Omit<EventData<'attempt/executed'>, 'attempt'> | null;
  readonly violations: readonly { readonly kind: string; readonly detail: string }[];
  readonly candidate: CandidateState | null;
  readonly test: { readonly evidence: CommandEvidence; readonly changedByTest: readonly string[]; readonly tree: string } | null;
  /** The message of its commit as the repository's hooks left it; null while they have not seen it, and without them. */
  readonly message: string | null;
  /** What the candidate was before a person took a part of it or edited it, oldest first. Each stays kept. */
  readonly former: readonly Omit<CandidateState, 'files'>[];
  /** Set when a person changed the candidate: the worktree may not be laid out as it yet. */
  readonly revised: { readonly coAuthor: string | null } | null;
  /** A person's or a policy's word on the candidate. */
  readonly review: { readonly decision: 'approved' | 'rejected'; readonly by: string; readonly comment: string | null } | null;
  /** `keptRef`: what an interrupted attempt had done, which never became a candidate. */
  readonly closed: {
    readonly how: 'reverted' | 'interrupted';
    readonly reason: string;
    readonly at: number;
    readonly keptRef: string | null;
  } | null;
  /** With `tcr: step`: the commit of this turn on the cell's branch; it has not passed the gate. */
  readonly stepCommit: string | null;
  readonly commit: string | null;
}

export interface PendingApproval {
  readonly id: string;
  readonly kind: ApprovalKind;
  readonly attempt: number;
  readonly title: string;
  readonly detail: string;
  readonly tree: string | null;
  readonly permission: { readonly permission: string; readonly patterns: readonly string[] } | null;
  readonly questions: EventData<'approval/requested'>['questions'] | null;
  /** The agent server's own id of it. */
  readonly ask: string | null;
  readonly at: number;
}

export interface LandingState {
  readonly target: string;
  /** The commit that would land: the candidate's own, or its merge with the moved target. */
  readonly commit: string;
  readonly tree: string;
  /** Where the target stood when the landing was prepared; it moves only from there. */
  readonly onto: string;
  readonly prepared: boolean;
  /** The tree has passed the tests. */
  readonly tested: boolean;
  /** The repository's hook for merges has to agree before the target moves. */
  readonly mergeHook: boolean;
  /** Entry that put the run in the line of its target; null in journals of before there was a line. */
  readonly queuedSeq: number | null;
  /** How often this landing was begun; more than once when the target moved meanwhile. */
  readonly starts: number;
  /** Lands with others, led by one of them. */
  readonly batch: { readonly leader: string; readonly runs: readonly string[] } | null;
  /** The last test of a merged tree. */
  readonly test: { readonly tree: string; readonly evidence: CommandEvidence } | null;
  readonly refused: EventData<'landing/refused'> | null;
  /** What a person wants changed since it was refused. */
  readonly comment: string | null;
  readonly landed: EventData<'landing/landed'> | null;
}

/** Where a run stands, in the words people see. */
export type Phase =
  | 'queued'
  | 'bootstrapping'
  | 'ready'
  | 'executing'
  | 'testing'
  | 'waiting'
  | 'committing'
  | 'landing'
  | 'reverting'
  | 'parked'
  | 'ending'
  | 'ended';

/** A fold of all entries of one run. Plain data; stored as JSON beside the journal. */
export interface RunState {
  readonly run: string;
  readonly task: string;
  readonly spec: RunSpec;
  readonly phase: Phase;
  /** Sequence number of the last entry folded in. */
  readonly seq: number;
  readonly requestedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Time spent waiting for a person, in the line of a landing or for want of an engine so far, milliseconds, and since when it waits now. */
  readonly waitedMs: number;
  readonly waitingSince: number | null;
  /** Why it has not started, or not started again; null once it has a place. */
  readonly queued: { readonly code: QueueCode; readonly text: string } | null;
  readonly cell: CellState | null;
  readonly base: { readonly evidence: CommandEvidence; readonly remembered: boolean } | null;
  readonly attempts: readonly AttemptState[];
  /** Attempts added to the limit because a person or a landing asked for more work. */
  readonly grantedAttempts: number;
  /** Attempts that had come to an end when it was last resumed: interruptions of before count no more. */
  readonly attemptsAtResume: number;
  /** The last state that passed the gate: a commit. The base at first. */
  readonly gated: { readonly commit: string; readonly tree: string };
  /** The last state that was green: a commit, of a step or of what passed the gate. The base at first. */
  readonly lastGreen: { readonly commit: string; readonly tree: string };
  readonly pending: readonly PendingApproval[];
  /** Rules a person added by answering asks of this run. */
  readonly grantedPermissions: readonly PermissionRule[];
  readonly landing: LandingState | null;
  /** With what it would conflict if it landed now, as far as was looked. */
  readonly predicted: EventData<'landing/conflictsPredicted'>['conflicts'];
  /** How often a landing sent the agent back to work, and the last time: the target it works on since, and where it found conflicts. */
  readonly reworks: number;
  readonly reworked: { readonly commit: string; readonly tree: string; readonly paths: readonly string[]; readonly after: number } | null;
  readonly cancelledBy: string | null;
  readonly timedOut: boolean;
  /** Most the run may cost now; starts as the limit of its spec. */
  readonly budgetUsd: string | null;
  /** Set aside for the attempt that is under way or about to begin. */
  readonly reserved: { readonly attempt: number; readonly usd: string } | null;
  /** Why it waits for money that others hold; null when it does not. */
  readonly deferred: string | null;
  /** What a person said of models without a known price: whether they may work under a budget. */
  readonly unpricedModels: Readonly<Record<string, boolean>>;
  readonly parked: Readonly<EventData<'run/parked'>> | null;
  readonly concluded: Readonly<EventData<'run/concluded'>> | null;
  readonly tokens: TokenCounts;
  readonly cost: CostTotal;
  readonly messages: number;
  /** What went wrong without stopping the run; the last 20. */
  readonly warnings: readonly string[];
  /** Message that the next attempt's prompt carries beside the task: test output, a comment, a conflict. */
  readonly feedback: { readonly because: EventData<'attempt/started'>['because']; readonly text: string } | null;
}

/** The commit that an attempt's work stands on, the last one's by default: where the cell started, or the target that a landing brought it onto. */
export const startOf = ({ reworked, spec }: RunState, attempt = Number.POSITIVE_INFINITY): string =>
  reworked !== null && attempt > reworked.after ? reworked.commit : spec.base;
/** The permission that a person is asked for before a model without a known price works under a budget. */
export const UNPRICED = 'unpriced';

export const currentAttempt = (state: RunState): AttemptState | null => state.attempts.at(-1) ?? null;
/** Passing means: ended by itself with code 0. */
export const isGreen = (evidence: CommandEvidence): boolean => evidence.end === 'exited' && evidence.exitCode === 0;
