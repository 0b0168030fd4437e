/** What a span of a run's timeline stands for. The order is the number each has on the wire; only append. */
export const spanKinds = [
  'attempt',
  'queued',
  'boot',
  'setup',
  'baseTest',
  'execute',
  'model',
  'tool',
  'test',
  'gate',
  'parked',
  'commit',
  'landing',
  'revert',
  'teardown',
] as const;
export type SpanKind = (typeof spanKinds)[number];

/** How a span went. `running` has no end yet. The order is the number each has on the wire; only append. */
export const spanStatuses = ['running', 'done', 'good', 'bad', 'waiting', 'interrupted'] as const;
export type SpanStatus = (typeof spanStatuses)[number];

/** A stretch of time in the life of one run. `index` is its place in the lane and never changes. */
export interface Span {
  readonly index: number;
  readonly kind: SpanKind;
  readonly status: SpanStatus;
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Null while it goes on. */
  readonly end: number | null;
  /** The attempt it belongs to; 0 outside of attempts. */
  readonly attempt: number;
  /** Sequence numbers of the entry it began with and of the last one that changed it: between them they tell all about it. */
  readonly firstSeq: number;
  readonly seq: number;
  /** One line, at most 120 characters: the model, the tool and what it was used for, what was asked. */
  readonly label: string;
  /** US dollars of a model call; null when it has no price; 0 for all other kinds. */
  readonly costUsd: number | null;
  /** The cost rests on tokens that were not reported but worked out. */
  readonly isEstimated?: true;
}

/** The line a span is drawn on inside its lane: attempts above, phases, model calls, tool calls. */
export const spanRow = (kind: SpanKind): 0 | 1 | 2 | 3 => (kind === 'attempt' ? 0 : kind === 'model' ? 2 : kind === 'tool' ? 3 : 1);

const titles: Readonly<Record<SpanKind, string>> = {
  attempt: 'attempt',
  queued: 'queued',
  boot: 'boot',
  setup: 'setup',
  baseTest: 'test of the base',
  execute: 'execute',
  model: 'model call',
  tool: 'tool call',
  test: 'test',
  gate: 'gate',
  parked: 'parked',
  commit: 'commit',
  landing: 'landing',
  revert: 'revert',
  teardown: 'teardown',
};
/** The kind in the words people see. */
export const spanTitle = (kind: SpanKind): string => titles[kind];
