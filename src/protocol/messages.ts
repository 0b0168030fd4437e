import { z } from 'zod';
import { RunRequest } from '../core/model/runRequest.ts';
import { Usd } from '../core/model/usd.ts';
import type { RunState } from '../core/run/state.ts';

/** Raised when a message changes in a way an older peer can't read. */
export const PROTOCOL_VERSION = 1;

export const EntryMessage = z.object({
  seq: z.number().int(),
  at: z.number(),
  run: z.string().nullable(),
  cell: z.string().nullable(),
  actor: z.string(),
  type: z.string(),
  version: z.number().int(),
  data: z.unknown(),
  prevHash: z.string(),
  hash: z.string(),
});

/** A run's state as the engine folded it. Checked for its key fields; the rest is as src/core/run/state.ts says. */
export const RunStateMessage = z.custom<RunState>(
  (value) =>
    z.looseObject({ run: z.string(), task: z.string(), phase: z.string(), seq: z.number(), spec: z.looseObject({}) }).safeParse(value)
      .success,
  'not a run state',
);

export const CellMessage = z.object({
  cell: z.string(),
  run: z.string(),
  task: z.string(),
  phase: z.string(),
  port: z.number().nullable(),
  /** Leased for the app under test. */
  appPorts: z.array(z.number()).default([]),
  pid: z.number().nullable(),
  branch: z.string(),
  worktree: z.string(),
  rssBytes: z.number().nullable(),
  /** It has a server and no boundary. */
  unsandboxed: z.boolean().default(false),
});
export type CellMessage = z.infer<typeof CellMessage>;

export const InboxItem = z.object({
  run: z.string(),
  task: z.string(),
  id: z.string(),
  kind: z.enum(['review', 'permission', 'question', 'parked']),
  title: z.string(),
  detail: z.string(),
  tree: z.string().nullable(),
  at: z.number(),
});
export type InboxItem = z.infer<typeof InboxItem>;

export const Status = z.object({
  runs: z.array(RunStateMessage),
  cells: z.array(CellMessage),
  inbox: z.array(InboxItem),
  head: z.number().int(),
});
export type Status = z.infer<typeof Status>;

const OrphanKind = z.enum(['process', 'worktree', 'branch', 'folder', 'port', 'keptRef', 'log', 'cache']);
export type OrphanKind = z.infer<typeof OrphanKind>;

/** In place of where the content of an orphan is kept, when it has none. */
export const NOTHING_TO_KEEP = 'nothing to keep';

export const Orphan = z.object({
  kind: OrphanKind,
  name: z.string(),
  /** For people: why it counts as an orphan. */
  why: z.string(),
  /** Where its content is kept, or null when removing it would lose something: then it is not removed. */
  keptIn: z.string().nullable(),
  /** The limit of reactor.yaml that it is past; then it may go although it is kept nowhere else. */
  limit: z.string().nullable().optional(),
  removed: z.boolean(),
});
export type Orphan = z.infer<typeof Orphan>;

export const CleanRequest = z.object({
  dryRun: z.boolean(),
  /** Also what is past its limit. */
  pastLimits: z.boolean().optional(),
  /** Only these; what a person names may go although it is kept nowhere else. */
  names: z.array(z.string()).optional(),
  /** Only these kinds. */
  kinds: z.array(OrphanKind).optional(),
  /** Only what a person has been shown. Unlike `names` it lets nothing go that would stay. */
  shown: z.array(z.object({ kind: OrphanKind, name: z.string() })).optional(),
});
export type CleanRequest = z.infer<typeof CleanRequest>;

const Run = z.object({ run: z.string() });

/** Every request: its parameters and its result. */
export const methods = {
  hello: {
    params: z.object({
      protocol: z.number().int(),
      version: z.string(),
      client: z.enum(['cli', 'editor', 'test']),
      /** Who answers, for the journal. */
      person: z.string(),
      /** A person sits at this client and sees what waits for them. */
      attends: z.boolean(),
    }),
    result: z.object({ protocol: z.number().int(), version: z.string(), engine: z.string(), pid: z.number(), head: z.number().int() }),
  },
  submit: {
    params: z.object({
      requests: z.array(RunRequest).min(1),
      /** Most of them at work at once; by default only the repository's limit holds. */
      parallel: z.number().int().positive().optional(),
      /**
       * Names this submission, unique for ever. With `again`, runs that the journal has of it are given back and only the rest is accepted,
       * so that a client whose engine died before it answered can ask once more.
       */
      submission: z.string().min(1).max(64).optional(),
      again: z.boolean().optional(),
    }),
    result: z.object({ runs: z.array(z.object({ run: z.string(), task: z.string(), seq: z.number().int() })), notes: z.array(z.string()) }),
  },
  /** Entries after `after` arrive as `entry` notifications, in order, without gaps; `live` adds what is not journaled. */
  subscribe: {
    params: z.object({ after: z.number().int().nonnegative(), runs: z.array(z.string()).nullable(), live: z.boolean() }),
    result: z.object({ head: z.number().int() }),
  },
  /** A sign of life. */
  ping: { params: z.object({}), result: z.object({}) },
  status: { params: z.object({}), result: Status },
  /** Newest first, for lists: without prompts, outputs, lists of files and what else is long. */
  runs: { params: z.object({ limit: z.number().int().positive() }), result: z.object({ runs: z.array(RunStateMessage) }) },
  /** By run id, or by task id: then the task's last run. Null when unknown. */
  run: { params: Run, result: z.object({ state: RunStateMessage.nullable() }) },
  entries: {
    params: z.object({ from: z.number().int().positive(), run: z.string().nullable(), limit: z.number().int().positive() }),
    result: z.object({ entries: z.array(EntryMessage) }),
  },
  /**
   * Answers what waits: one approval by id, or the only one of the run. An approval of a review must name the tree it is for.
   * Refused with `notPossibleNow` when nothing waits or the tree is no longer the candidate.
   */
  answer: {
    params: z.object({
      run: z.string(),
      id: z.string().nullable(),
      decision: z.enum(['approved', 'rejected']),
      tree: z.string().nullable(),
      comment: z.string().nullable(),
      answers: z.array(z.array(z.string())).optional(),
      /** Of a host that commands want to reach: for all runs of the repository, until it is taken back. Refused of anything else. */
      always: z.boolean().optional(),
    }),
    result: z.object({ run: z.string(), seq: z.number().int() }),
  },
  /**
   * Takes a part of the candidate that waits for review: without the rejected files and hunks, or with what a person edited in the
   * worktree. The new candidate is tested again and then waits for review. Refused with `notPossibleNow` when `tree` is not the candidate.
   */
  revise: {
    params: z.object({
      run: z.string(),
      tree: z.string(),
      rejected: z.array(z.object({ path: z.string(), hunks: z.array(z.number().int().nonnegative()).nullable() })),
      /** Take the worktree as the person left it in place of the candidate; `rejected` must be empty. */
      edited: z.boolean().default(false),
    }),
    result: z.object({ run: z.string(), tree: z.string(), seq: z.number().int() }),
  },
  cancel: { params: Run, result: z.object({ run: z.string(), seq: z.number().int() }) },
  resume: {
    params: z.object({
      run: z.string(),
      budgetUsd: Usd.nullable().optional(),
      /** What its commits shall say from now on, in place of the setting `message`. */
      message: z.string().regex(/\S/).optional(),
    }),
    result: z.object({ run: z.string(), seq: z.number().int() }),
  },
  /**
   * Makes a branch of a reverted (or any) attempt's kept state. The last attempt when null. A tree names what the attempt was before a
   * person took a part of it or edited it.
   */
  restore: {
    params: z.object({ run: z.string(), attempt: z.number().int().positive().nullable(), tree: z.string().nullable().default(null) }),
    result: z.object({ branch: z.string(), commit: z.string(), attempt: z.number().int() }),
  },
  clean: { params: CleanRequest, result: z.object({ orphans: z.array(Orphan) }) },
  /** Ends the engine: at once when nothing runs, else after the present runs have ended (drain) or been parked. */
  shutdown: { params: z.object({ drain: z.boolean() }), result: z.object({}) },
} as const;

export type Method = keyof typeof methods;
export type Params<M extends Method> = z.input<(typeof methods)[M]['params']>;
export type Reply<M extends Method> = z.output<(typeof methods)[M]['result']>;

export const RequestMessage = z.object({ id: z.number().int(), method: z.string(), params: z.unknown() });
export const ErrorMessage = z.object({ code: z.string(), message: z.string(), actions: z.array(z.string()) });

/** What happens in a cell between journal entries. */
export const LiveMessage = z.object({
  run: z.string(),
  kind: z.enum(['text', 'toolStarted', 'retrying', 'note', 'queued']),
  text: z.string(),
});
export type LiveMessage = z.infer<typeof LiveMessage>;

export const EngineMessage = z.union([
  z.object({ id: z.number().int(), result: z.unknown() }),
  z.object({ id: z.number().int(), error: ErrorMessage }),
  z.object({ entry: EntryMessage }),
  z.object({ live: LiveMessage }),
]);
