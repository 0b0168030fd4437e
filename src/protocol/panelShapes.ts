import * as z from 'zod/mini';

/** Shapes that host and panel exchange, checked by both. Small enough for the panel's bundle: no classic zod here. */

/** A message as it is handled: nothing changes what was sent. */
export type Frozen<T> = T extends ArrayBufferView
  ? T
  : T extends readonly (infer U)[]
    ? readonly Frozen<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

export const PanelTab = z.enum(['timeline', 'diff', 'costs', 'conversation']);
export type PanelTab = z.infer<typeof PanelTab>;

/** `estimatedCalls`: so many rest on tokens that were not reported but worked out; absent for none. */
export const Total = z.object({ usd: z.string(), unpricedCalls: z.number(), estimatedCalls: z.optional(z.number()) });
export const Tokens = z.object({
  input: z.number(),
  output: z.number(),
  reasoning: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
});
export type Tokens = Frozen<z.infer<typeof Tokens>>;

/** Comments on lines of a candidate. Lines count from 0, the last one included. */
export const CommentThread = z.object({
  id: z.string(),
  path: z.string(),
  tree: z.string(),
  line: z.number(),
  endLine: z.number(),
  /** open, sent, outdated or resolved. */
  word: z.string(),
  comments: z.array(z.object({ author: z.string(), body: z.string(), at: z.number() })),
});
export type CommentThread = Frozen<z.infer<typeof CommentThread>>;

/** One run as a lane of the timeline and a choice of the other tabs. */
export const Lane = z.object({
  run: z.string(),
  task: z.string(),
  title: z.string(),
  phase: z.string(),
  /** Where it stands or how it ended, in the one word people see. */
  word: z.string(),
  /** running, or how it ended. */
  status: z.string(),
  /** What it waits for or why it ended; '' while it goes on. */
  reason: z.string(),
  /** What is out of the ordinary about its cell's boundary; '' when nothing is. */
  boundary: z.string(),
  unsandboxed: z.boolean(),
  requestedAt: z.number(),
  startedAt: z.nullable(z.number()),
  endedAt: z.nullable(z.number()),
  /** Since when it is parked: its time stands still. */
  parkedAt: z.nullable(z.number()),
  attempts: z.number(),
  attemptLimit: z.number(),
  tokens: z.number(),
  cost: Total,
  budgetUsd: z.nullable(z.string()),
  baseTree: z.string(),
  /** What a candidate that waits for review is compared with. */
  greenTree: z.string(),
  candidates: z.array(z.object({ attempt: z.number(), tree: z.string(), green: z.nullable(z.boolean()), fate: z.string() })),
  /** The tree a review waits for; null when none does. */
  reviewTree: z.nullable(z.string()),
});
export type Lane = Frozen<z.infer<typeof Lane>>;

const Numbers = z.instanceof(Float64Array);
const Bytes = z.instanceof(Uint8Array);

/** Spans of one lane in columns: cheap to copy between processes. Row i describes the span with index `index[i]`. */
export const SpanColumns = z
  .object({
    index: z.instanceof(Uint32Array),
    /** Place in `spanKinds` and `spanStatuses`. */
    kind: Bytes,
    status: Bytes,
    start: Numbers,
    /** NaN while it goes on. */
    end: Numbers,
    attempt: z.instanceof(Uint32Array),
    /** NaN when it has no price. */
    cost: Numbers,
    /** 1 where the cost rests on tokens that were worked out, else 0. */
    estimated: Bytes,
    label: z.array(z.string()),
  })
  .check(
    z.refine((columns) => {
      const { index, kind, status, start, end, attempt, cost, estimated, label } = columns;
      return [kind, status, start, end, attempt, cost, estimated, label].every((column) => column.length === index.length);
    }, 'columns of unequal length'),
  );
export type SpanColumns = Frozen<z.infer<typeof SpanColumns>>;

const File = z.object({
  status: z.string(),
  path: z.string(),
  oldPath: z.optional(z.string()),
  added: z.nullable(z.number()),
  removed: z.nullable(z.number()),
});

export const SpanDetailShape = z.object({
  facts: z.array(z.object({ name: z.string(), value: z.string() })),
  texts: z.array(z.object({ title: z.string(), text: z.string(), preformatted: z.boolean() })),
  files: z.array(File),
  tokens: z.nullable(Tokens),
  /** What it cost; null for what costs nothing by its nature. */
  cost: z.nullable(Total),
  outputFile: z.nullable(z.string()),
  tree: z.nullable(z.string()),
});
export type SpanDetailShape = Frozen<z.infer<typeof SpanDetailShape>>;

export const ConversationItemShape = z.object({
  seq: z.number(),
  at: z.number(),
  attempt: z.number(),
  kind: z.enum(['prompt', 'message', 'tests', 'asked', 'answered', 'note']),
  who: z.string(),
  title: z.string(),
  text: z.string(),
  tools: z.array(z.object({ tool: z.string(), title: z.string(), failed: z.boolean(), error: z.string(), durationMs: z.number() })),
  failed: z.boolean(),
  cost: z.nullable(Total),
});
export type ConversationItemShape = Frozen<z.infer<typeof ConversationItemShape>>;

export const PatchFileShape = z.object({
  path: z.string(),
  oldPath: z.nullable(z.string()),
  status: z.enum(['added', 'modified', 'deleted', 'renamed']),
  binary: z.boolean(),
  modeChange: z.nullable(z.string()),
  added: z.number(),
  removed: z.number(),
  hunks: z.array(
    z.object({
      oldStart: z.number(),
      oldLines: z.number(),
      newStart: z.number(),
      newLines: z.number(),
      section: z.string(),
      lines: z.array(z.string()),
    }),
  ),
});
export type PatchFileShape = Frozen<z.infer<typeof PatchFileShape>>;

const Cost = z.object({
  usd: z.string(),
  estimatedUsd: z.string(),
  estimatedCalls: z.number(),
  unpricedCalls: z.number(),
  calls: z.number(),
  tokens: z.number(),
});

const CostRow = z.object({
  key: z.string(),
  title: z.string(),
  cost: Cost,
  wasted: Cost,
  runs: z.number(),
  attempts: z.number(),
  landed: z.number(),
  changedLines: z.number(),
  share: z.nullable(z.number()),
});

const TrendPoint = z.object({
  period: z.string(),
  cost: Cost,
  wasted: Cost,
  landed: z.number(),
  models: z.array(z.object({ model: z.string(), cost: Cost })),
});
const Trend = z.array(TrendPoint);

/** What `costReport` of the core says. */
export const CostReportShape = z.object({
  currency: z.object({ symbol: z.string(), perUsd: z.number() }),
  now: z.number(),
  today: z.string(),
  figures: z.array(
    z.object({
      name: z.enum(['today', 'month', 'perLanding', 'perLine', 'perAttempt', 'wasted']),
      cost: z.nullable(Cost),
      share: z.nullable(z.number()),
      comparedUsd: z.nullable(z.string()),
      beforeUsd: z.nullable(z.string()),
    }),
  ),
  budgets: z.array(z.object({ over: z.enum(['day', 'week', 'month']), limitUsd: z.string(), spent: Cost, leftUsd: z.string() })),
  burn: z.object({
    budgetUsd: z.nullable(z.string()),
    spent: Cost,
    perHourUsd: z.nullable(z.string()),
    projectedUsd: z.nullable(z.string()),
    reachedAt: z.nullable(z.number()),
    from: z.number(),
    to: z.number(),
    points: z.array(z.object({ at: z.number(), usd: z.number(), unpricedCalls: z.number() })),
  }),
  trend: z.object({ day: Trend, week: Trend, month: Trend }),
  by: z.object({ task: z.array(CostRow), model: z.array(CostRow), category: z.array(CostRow), operation: z.array(CostRow) }),
  total: CostRow,
});
export type CostReportShape = Frozen<z.infer<typeof CostReportShape>>;
