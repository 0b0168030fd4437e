import { z } from 'zod';
import { RunSpec } from '../model/runSpec.ts';
import { TokenCounts } from '../model/tokens.ts';
import { Usd } from '../model/usd.ts';

const ProcessIdentity = z.object({ pid: z.number().int().positive(), startTime: z.string() });

/** What a command in a cell did; the whole output is in `outputFile` (relative to the data folder), its tail here. */
export const CommandEvidence = z.object({
  command: z.string(),
  exitCode: z.number().int().nullable(),
  end: z.enum(['exited', 'timedOut', 'aborted', 'serverGone']),
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

const ToolUse = z.object({
  callId: z.string(),
  tool: z.string(),
  title: z.string(),
  status: z.enum(['completed', 'error']),
  error: z.string().optional(),
  /** When the call began, milliseconds since the epoch. Journals of earlier versions don't have it. */
  startedAt: z.number().optional(),
  durationMs: z.number(),
});

const FinishedMessage = z.object({
  messageId: z.string(),
  sessionId: z.string(),
  subagent: z.boolean(),
  agent: z.string(),
  provider: z.string(),
  model: z.string(),
  tokens: TokenCounts,
  costUsd: Usd.nullable(),
  text: z.string(),
  tools: z.array(ToolUse),
  finish: z.string().nullable(),
  error: z.string().nullable(),
  startedAt: z.number(),
  endedAt: z.number(),
});

export const RunStatus = z.enum(['landed', 'committed', 'failed', 'parked', 'cancelled', 'error']);
export type RunStatus = z.infer<typeof RunStatus>;

export const ApprovalKind = z.enum(['review', 'permission', 'question']);
export type ApprovalKind = z.infer<typeof ApprovalKind>;

/** Why a run waits without a server. */
export const ParkCode = z.enum(['review', 'permission', 'question', 'dirtyTarget', 'conflict', 'redMerge', 'targetMoved', 'budget']);
export type ParkCode = z.infer<typeof ParkCode>;

const attempt = z.number().int().positive();

/** Every type of entry this version writes, with the schema of its data. All are version 1. */
export const eventSchemas = {
  'engine/started': z.object({
    engine: z.string(),
    process: ProcessIdentity,
    warden: ProcessIdentity.nullable(),
    version: z.string(),
    token: z.number().int(),
  }),
  /** The warden had died and was replaced. */
  'engine/wardenReplaced': z.object({ engine: z.string(), warden: ProcessIdentity }),
  'engine/stopped': z.object({ engine: z.string(), reason: z.string() }),

  'run/requested': z.object({ run: z.string(), spec: RunSpec }),
  'run/started': z.object({}),
  'run/parked': z.object({ code: ParkCode, reason: z.string(), exitCode: z.number().int() }),
  'run/resumed': z.object({ why: z.string() }),
  'run/recovered': z.object({ outcome: z.enum(['resumed', 'reverted']), phase: z.string(), reason: z.string() }),
  'run/cancelRequested': z.object({}),
  'run/timedOut': z.object({ afterMs: z.number() }),
  'run/budgetRaised': z.object({ budgetUsd: Usd.nullable() }),
  'run/concluded': z.object({ status: RunStatus, exitCode: z.number().int(), reason: z.string() }),
  'run/finished': z.object({ status: RunStatus, exitCode: z.number().int(), reason: z.string(), durationMs: z.number() }),
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
  }),
  'cell/setupFinished': z.object({ evidence: CommandEvidence }),
  'cell/serverSpawned': z.object({
    process: ProcessIdentity,
    port: z.number().int(),
    start: z.number().int(),
    /** The operating system's boundary around the cell. Journals of earlier versions have none. */
    boundary: z.string().nullable().optional(),
  }),
  'cell/serverFailed': z.object({ code: z.string(), message: z.string(), logTail: z.string(), start: z.number().int() }),
  'cell/ready': z.object({ url: z.string(), version: z.string(), session: z.string(), bootMs: z.number() }),
  'cell/serverStopped': z.object({ killed: z.array(z.number()), left: z.array(z.number()) }),
  'cell/removed': z.object({}),

  'base/tested': z.object({ tree: z.string(), evidence: CommandEvidence, remembered: z.boolean() }),

  'attempt/started': z.object({
    attempt,
    prompt: z.string(),
    because: z.enum(['first', 'step', 'testsFailed', 'comment', 'granted', 'conflict', 'interrupted']),
  }),
  'message/finished': z.object({ attempt, message: FinishedMessage }),
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
  }),
  'approval/answered': z.object({
    id: z.string(),
    decision: z.enum(['approved', 'rejected']),
    tree: z.string().nullable(),
    comment: z.string().nullable(),
    answers: z.array(z.array(z.string())).optional(),
  }),
  'approval/withdrawn': z.object({ id: z.string(), reason: z.string() }),

  'landing/started': z.object({ target: z.string(), from: z.string(), mode: z.string() }),
  /** What would land: the candidate's own commit, or (`merged`) its merge with what the target has become. */
  'landing/prepared': z.object({ commit: z.string(), tree: z.string(), onto: z.string(), merged: z.boolean() }),
  'landing/tested': z.object({ tree: z.string(), evidence: CommandEvidence }),
  'landing/landed': z.object({
    target: z.string(),
    from: z.string(),
    to: z.string(),
    tree: z.string(),
    checkout: z.enum(['followed', 'none']),
  }),
  'landing/refused': z.object({
    code: z.enum(['dirty', 'conflict', 'red', 'moved', 'gone']),
    message: z.string(),
    paths: z.array(z.string()),
  }),

  'restore/branchCreated': z.object({ attempt, branch: z.string(), commit: z.string() }),
  'clean/removed': z.object({ kind: z.string(), name: z.string(), keptIn: z.string() }),
} as const;

export type EventType = keyof typeof eventSchemas;
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;
/** A domain event before it is stamped and appended. */
export type DomainEvent = { [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType];

export const isEventType = (type: string): type is EventType => Object.hasOwn(eventSchemas, type);

/** Builds an event with its type and data checked by the compiler. */
export const event = <T extends EventType>(type: T, data: EventData<T>): DomainEvent => ({ type, data }) as DomainEvent;
