import { z } from 'zod';
import { RunSpec } from '../model/runSpec.ts';
import { Usd } from '../model/usd.ts';
import { BudgetScope, ExceedAction } from '../money/budget.ts';
import { Charge } from '../money/charge.ts';
import { FinishedMessage } from './finishedMessage.ts';

const ProcessIdentity = z.object({ pid: z.number().int().positive(), startTime: z.string() });

/** What a command in a cell did; the whole output is in `outputFile` (relative to the data folder), its tail here. */
export const CommandEvidence = z.object({
  command: z.string(),
  exitCode: z.number().int().nullable(),
  /** `overLimit`: the cell used more of the machine than it may, and all in it was ended; `reason` says what. */
  end: z.enum(['exited', 'timedOut', 'aborted', 'serverGone', 'overLimit']),
  reason: z.string().optional(),
  durationMs: z.number(),
  outputFile: z.string(),
  outputBytes: z.number().int(),
  truncated: z.boolean(),
  tail: z.string(),
});
export type CommandEvidence = z.infer<typeof CommandEvidence>;

export const ChangedFile = z.object({
  status: z.enum(['added', 'modified', 'deleted', 'renamed', 'typeChanged']),
  path: z.string(),
  oldPath: z.string().optional(),
  added: z.number().int().nullable(),
  removed: z.number().int().nullable(),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/** Where a change would bring a secret in: what kind it is and the name under which a person may allow it. */
const AddedSecret = z.object({ path: z.string(), line: z.number().int(), name: z.string(), id: z.string() });

export const RunStatus = z.enum(['landed', 'committed', 'failed', 'parked', 'cancelled', 'error']);
export type RunStatus = z.infer<typeof RunStatus>;

export const ApprovalKind = z.enum(['review', 'permission', 'question']);
export type ApprovalKind = z.infer<typeof ApprovalKind>;

/** Why a run waits without a server. */
export const ParkCode = z.enum([
  'review',
  'permission',
  'question',
  'dirtyTarget',
  'conflict',
  'redMerge',
  'targetMoved',
  'budget',
  // Git would not commit: the signature could not be made, or a hook said no.
  'commitRefused',
  // The work was broken off again and again, or its cell could not be made again.
  'interrupted',
]);
export type ParkCode = z.infer<typeof ParkCode>;

/**
 * What a run waits for before it starts: others; others that all wait for a person; a place side by side; memory; or cells that are just
 * starting.
 */
export const QueueCode = z.enum(['after', 'person', 'limit', 'memory', 'starting']);
export type QueueCode = z.infer<typeof QueueCode>;

const attempt = z.number().int().positive();

/** What was spent rests on calls whose tokens were worked out, as far as this journal tells. Absent in older journals. */
const isEstimated = z.literal(true).optional();

const conclusion = {
  status: RunStatus,
  exitCode: z.number().int(),
  reason: z.string(),
  /** A person did not want the work. For programs such a run has failed, too; for people it was rejected. Absent in older journals. */
  rejected: z.literal(true).optional(),
  /** Whose word it was, where somebody rejected or cancelled the run: as the `actor` of an entry. Absent in older journals. */
  by: z.string().optional(),
};

/** Every type of entry this version writes, with the schema of its data. All are version 1. */
export const eventSchemas = {
  'engine/started': z.object({
    engine: z.string(),
    process: ProcessIdentity,
    warden: ProcessIdentity.nullable(),
    version: z.string(),
    token: z.number().int(),
    /** This start of the machine: pids and start times of another one mean nothing. Null where the system has no such id. */
    bootId: z.string().nullable().optional(),
  }),
  /** The warden had died and was replaced. */
  'engine/wardenReplaced': z.object({ engine: z.string(), warden: ProcessIdentity }),
  'engine/stopped': z.object({ engine: z.string(), reason: z.string() }),

  'run/requested': z.object({ run: z.string(), spec: RunSpec }),
  /** The run can't start yet; recorded when why changes, not when its place in line does. */
  'run/queued': z.object({ code: QueueCode, text: z.string() }),
  /** The base of a run that started after others: what they have made by then. */
  'run/baseSettled': z.object({ base: z.string(), baseTree: z.string() }),
  'run/started': z.object({}),
  'run/parked': z.object({
    code: ParkCode,
    reason: z.string(),
    exitCode: z.number().int(),
    /** The budget of a day, week or month that parked it, and the first day on which there is a new one, YYYY-MM-DD. */
    budget: z.object({ scope: BudgetScope, renewsOn: z.string() }).optional(),
  }),
  'run/resumed': z.object({
    why: z.string(),
    /** With a landing that was refused: what a person wants changed before it is tried again. */
    comment: z.string().optional(),
    /** What a person wants its commits to say from now on. */
    message: z.string().optional(),
  }),
  'run/recovered': z.object({
    outcome: z.enum(['resumed', 'reverted', 'adopted']),
    phase: z.string(),
    reason: z.string(),
    /** How long nothing happened to it for want of an engine, milliseconds. Absent in older journals and where it waited anyway. */
    awayMs: z.number().nonnegative().optional(),
  }),
  'run/cancelRequested': z.object({}),
  'run/timedOut': z.object({ afterMs: z.number() }),
  'run/budgetRaised': z.object({ budgetUsd: Usd.nullable() }),
  'run/concluded': z.object({ ...conclusion }),
  'run/finished': z.object({ ...conclusion, durationMs: z.number() }),
  /** A recovery code at work: R3 and BOOT_RETRY before each retry, RB when rolled back and halted, IG when warned and gone on. */
  'run/recoveryApplied': z.object({
    code: z.enum(['R3', 'BOOT_RETRY', 'RB', 'IG']),
    what: z.string(),
    retry: z.number().int(),
    delayMs: z.number(),
  }),

  /** Recorded before anything is made, so that whatever is found later has an owner. */
  'cell/planned': z.object({ worktree: z.string(), home: z.string(), branch: z.string(), base: z.string() }),
  'cell/worktreeCreated': z.object({}),
  'cell/filesIncluded': z.object({
    files: z.number().int(),
    bytes: z.number(),
    skipped: z.array(z.object({ path: z.string(), why: z.string() })),
    durationMs: z.number().optional(),
    /** Copy-on-write: the file system shares the content until one side changes it. */
    cloned: z.boolean().optional(),
  }),
  'cell/setupFinished': z.object({ evidence: CommandEvidence }),
  'cell/serverSpawned': z.object({
    process: ProcessIdentity,
    port: z.number().int(),
    start: z.number().int(),
    appPorts: z.array(z.number().int()).optional(),
    /** The operating system's boundary around the cell. Journals of earlier versions have none. */
    boundary: z.string().nullable().optional(),
  }),
  'cell/serverFailed': z.object({ code: z.string(), message: z.string(), logTail: z.string(), start: z.number().int() }),
  'cell/ready': z.object({
    url: z.string(),
    version: z.string(),
    session: z.string(),
    bootMs: z.number(),
    /** The sandbox that was preferred could not be had, and somebody agreed to go without. */
    unsandboxed: z.boolean().optional(),
  }),
  /** The cell used more of the machine than it may. All processes in it were ended; what is in its worktree stays. */
  'cell/limitExceeded': z.object({
    limit: z.enum(['processes', 'memoryMb', 'diskMb', 'files']),
    used: z.number(),
    most: z.number(),
    text: z.string(),
  }),
  /** The cell's control group kept these limits, and no longer does: the system, or somebody, has taken it what it kept them by. */
  'cell/limitsLost': z.object({ limits: z.array(z.enum(['memoryMb', 'processes', 'cpus'])) }),
  /** With `network: allowlist`: a command wanted to reach what is not on the list. Once in a run for each. */
  'network/refused': z.object({ host: z.string(), port: z.number().int(), more: z.boolean().optional() }),
  'cell/serverStopped': z.object({ killed: z.array(z.number()), left: z.array(z.number()) }),
  'cell/removed': z.object({}),

  'base/tested': z.object({ tree: z.string(), evidence: CommandEvidence, remembered: z.boolean() }),

  'attempt/started': z.object({
    attempt,
    prompt: z.string(),
    because: z.enum(['first', 'step', 'testsFailed', 'secret', 'comment', 'granted', 'conflict', 'interrupted']),
    /** The key under which the prompt is sent, so that it is sent once. Journals of earlier versions don't have it. */
    promptId: z.string().optional(),
  }),
  'message/finished': z.object({
    attempt,
    message: FinishedMessage,
    /** Its cost stands in `charge/recorded` entries. Absent in older journals, where the message itself is the charge. */
    charged: z.boolean().optional(),
  }),
  /** One model call in the ledger. `chargesOf` reads these and the messages of older journals alike. */
  'charge/recorded': z.object({ charge: Charge }),
  /** Money set aside before a prompt; replaces an earlier reservation with the same key. */
  'budget/reserved': z.object({
    key: z.string(),
    attempt,
    usd: Usd,
    /** What it was worked out from: earlier attempts with this model, the most one call can cost, or what was left. */
    basis: z.enum(['history', 'modelLimit', 'remainder']),
  }),
  /** The reservation is over; what was not spent of it is free again. */
  'budget/released': z.object({ key: z.string(), attempt, usd: Usd, spentUsd: Usd, reason: z.enum(['settled', 'recovered']) }),
  /** A share of a budget has been used; once for each share, period and limit. */
  'budget/threshold': z.object({
    scope: BudgetScope,
    period: z.string().nullable(),
    percent: z.number(),
    limitUsd: Usd,
    spentUsd: Usd,
    estimated: isEstimated,
  }),
  /** A budget is used up, or too little is left for the next call. */
  'budget/exceeded': z.object({
    scope: BudgetScope,
    period: z.string().nullable(),
    limitUsd: Usd,
    spentUsd: Usd,
    estimated: isEstimated,
    neededUsd: Usd.nullable(),
    action: ExceedAction,
  }),
  /** A run that was deferred goes on. */
  'budget/admitted': z.object({}),
  /** The run waits, because what is left of a budget is reserved by others. */
  'budget/deferred': z.object({ scope: BudgetScope, period: z.string().nullable(), leftUsd: Usd, neededUsd: Usd, reason: z.string() }),
  'attempt/executed': z.object({
    attempt,
    end: z.enum(['done', 'error', 'rejected', 'limit', 'aborted', 'serverGone']),
    limit: z.string().optional(),
    reason: z.string().optional(),
    steps: z.number().int(),
    durationMs: z.number(),
  }),
  'attempt/violated': z.object({ attempt, violations: z.array(z.object({ kind: z.string(), detail: z.string() })) }),
  'attempt/candidateBuilt': z.object({
    attempt,
    tree: z.string(),
    keptRef: z.string(),
    keptCommit: z.string(),
    files: z.array(ChangedFile),
    filesTotal: z.number().int(),
    added: z.number().int(),
    removed: z.number().int(),
    /** Secrets in added lines that nobody allowed: it can't be committed. Never their values. */
    secrets: z.array(AddedSecret).optional(),
    /** Changed files that decide what passes: a person looks at them, whatever the policy is. */
    protected: z.array(z.object({ path: z.string(), why: z.string() })).optional(),
  }),
  /** A person took only a part of the candidate, or edited it; the new candidate follows and is tested again. */
  'attempt/revised': z.object({
    attempt,
    from: z.string(),
    rejected: z.array(z.object({ path: z.string(), hunks: z.array(z.number().int().nonnegative()).nullable() })),
    /** Name and address of the person whose edits are in it; null when only parts were rejected. */
    coAuthor: z.string().nullable(),
  }),
  'attempt/tested': z.object({
    attempt,
    tree: z.string(),
    evidence: CommandEvidence,
    /** Files that are not as they were before the test ran; not committed. */
    changedByTest: z.array(z.string()),
  }),
  /** The message that the commit will bear, as the repository's hooks left it; its trailers are written anew then. */
  'attempt/messageSettled': z.object({ attempt, message: z.string() }),
  'attempt/reverted': z.object({ attempt, to: z.string(), reason: z.string() }),
  'attempt/interrupted': z.object({ attempt, reason: z.string(), keptRef: z.string().nullable() }),
  'attempt/committed': z.object({ attempt, commit: z.string(), tree: z.string(), branch: z.string() }),

  /** With `tcr: step`: the turn's tree passed its tests and is on the cell's branch; the gate comes when the agent has nothing left to do. */
  'attempt/stepCommitted': z.object({
    attempt,
    step: z.number().int().positive(),
    commit: z.string(),
    tree: z.string(),
    branch: z.string(),
  }),

  /** The written policy approved a green candidate; no person was asked. */
  'attempt/approvedByPolicy': z.object({ attempt, tree: z.string(), rule: z.string() }),

  'approval/requested': z.object({
    id: z.string(),
    kind: ApprovalKind,
    attempt,
    title: z.string(),
    detail: z.string(),
    /** The tree a review is for: an approval must name it. */
    tree: z.string().nullable(),
    permission: z.object({ permission: z.string(), patterns: z.array(z.string()) }).optional(),
    questions: z.array(z.object({ text: z.string(), header: z.string(), options: z.array(z.string()), multiple: z.boolean() })).optional(),
    /** The agent server's own id of what it asks. */
    ask: z.string().optional(),
  }),
  'approval/answered': z.object({
    id: z.string(),
    decision: z.enum(['approved', 'rejected']),
    tree: z.string().nullable(),
    comment: z.string().nullable(),
    answers: z.array(z.array(z.string())).optional(),
    /** Of a host: for all runs of the repository, until it is taken back. */
    always: z.boolean().optional(),
  }),
  'approval/withdrawn': z.object({ id: z.string(), reason: z.string() }),

  /** Committed and in the line of its target. Runs land one after the other, in this order. */
  'landing/queued': z.object({ target: z.string() }),
  /** With what the run would conflict if it landed as it is now; the whole list each time, empty when there is nothing any more. */
  'landing/conflictsPredicted': z.object({
    conflicts: z.array(z.object({ with: z.string(), run: z.string().nullable(), paths: z.array(z.string()) })),
  }),
  'landing/started': z.object({ target: z.string(), from: z.string(), mode: z.string() }),
  /** What would land: the candidate's own commit, or (`merged`) its merge with what the target has become. */
  'landing/prepared': z.object({
    commit: z.string(),
    tree: z.string(),
    onto: z.string(),
    merged: z.boolean(),
    /** With `steps: keep`: so many of them were made anew on what the target has become. */
    steps: z.number().int().positive().optional(),
    /** What the work stood on, where the target was moved away from that: only what came after it lands. */
    apart: z.string().optional(),
    /** A merge commit, and the repository has a hook that decides on those. */
    mergeHook: z.boolean().optional(),
  }),
  /** Lands together with others: `commit` follows on those of the runs before it in `runs`; the whole is tested in the leader's cell. */
  'landing/batched': z.object({
    target: z.string(),
    onto: z.string(),
    commit: z.string(),
    tree: z.string(),
    leader: z.string(),
    runs: z.array(z.string()),
  }),
  /** What git ignores and was made or changed since the agent began is gone before a merge is tested; the first of the paths. */
  'landing/cleared': z.object({ files: z.number(), paths: z.array(z.string()) }),
  'landing/tested': z.object({ tree: z.string(), evidence: CommandEvidence }),
  'landing/landed': z.object({
    target: z.string(),
    /** Zeros where the target had no commit. */
    from: z.string(),
    to: z.string(),
    tree: z.string(),
    checkout: z.enum(['followed', 'none']),
    /** In a batch: the tree of the target after the whole move, which is the one that passed the tests. */
    batchTree: z.string().optional(),
  }),
  'landing/refused': z.object({
    code: z.enum(['dirty', 'conflict', 'red', 'moved', 'gone', 'stopped']),
    message: z.string(),
    paths: z.array(z.string()),
    /** With `dirty`: nothing unfinished was in the way, but a lock of git on the target. */
    locked: z.literal(true).optional(),
  }),
  /** Sent back to the agent: the worktree was brought onto the target as it is now, with the agent's change merged into it. */
  'landing/reworked': z.object({
    /** Why: it conflicts, its merge is red, or a person asked for changes. */
    code: z.enum(['conflict', 'red', 'comment']),
    onto: z.string(),
    ontoTree: z.string(),
    /** Tree that the agent finds in the worktree; with conflict markers in `paths`. */
    tree: z.string(),
    keptRef: z.string(),
    paths: z.array(z.string()),
    text: z.string(),
  }),

  'restore/branchCreated': z.object({ attempt, branch: z.string(), commit: z.string() }),
  'clean/removed': z.object({
    kind: z.string(),
    name: z.string(),
    keptIn: z.string(),
    /** Why it could go although it is kept nowhere else: past its limit, or asked for by name. */
    because: z.string().optional(),
    /** What a removed ref pointed to. */
    oid: z.string().optional(),
  }),
} as const;

export type EventType = keyof typeof eventSchemas;
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;
/** A domain event before it is stamped and appended. */
export type DomainEvent = { [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType];

export const isEventType = (type: string): type is EventType => Object.hasOwn(eventSchemas, type);

/** Builds an event with its type and data checked by the compiler. */
export const event = <T extends EventType>(type: T, data: EventData<T>): DomainEvent => ({ type, data }) as DomainEvent;
