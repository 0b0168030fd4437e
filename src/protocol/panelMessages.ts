import * as z from 'zod/mini';
import {
  CommentThread,
  ConversationItemShape,
  CostReportShape,
  type Frozen,
  Lane,
  PanelTab,
  PatchFileShape,
  SpanColumns,
  SpanDetailShape,
} from './panelShapes.ts';

/** Raised when a message changes in a way the other side of an older build can't read. */
export const PANEL_PROTOCOL = 1;

/** A change of what is picked: sent when a command asks the open panel for another tab. */
const Show = z.object({ type: z.literal('show'), tab: z.nullable(PanelTab), run: z.nullable(z.string()) });

/** What the host tells the panel. `generation` tells one snapshot's messages from those of the one before. */
export const HostMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    protocol: z.literal(PANEL_PROTOCOL),
    generation: z.number(),
    /** Identity of the repository, kept with the panel so that it is found again after a reload, and its name for people. */
    folder: z.string(),
    repository: z.string(),
    /** Why only what was recorded before can be shown; null when all is well. */
    readOnly: z.nullable(z.string()),
    /** By the host's clock, so that the panel's need not agree. */
    now: z.number(),
    tab: z.nullable(PanelTab),
    run: z.nullable(z.string()),
    /** Newest first. */
    lanes: z.array(Lane),
    /** Older runs that are not among the lanes. */
    olderRuns: z.number(),
  }),
  z.object({ type: z.literal('lanes'), generation: z.number(), now: z.number(), lanes: z.array(Lane) }),
  /** New and changed spans of a lane; `done` when what the journal had is all there. */
  z.object({ type: z.literal('spans'), generation: z.number(), run: z.string(), columns: SpanColumns, done: z.boolean() }),
  z.object({ type: z.literal('live'), run: z.string(), kind: z.enum(['text', 'toolStarted', 'retrying', 'note']), text: z.string() }),
  z.object({ type: z.literal('said'), generation: z.number(), run: z.string(), items: z.array(ConversationItemShape) }),
  z.object({ type: z.literal('costs'), report: CostReportShape }),
  /** Every thread on the run's newest candidate, whenever one has changed. */
  z.object({ type: z.literal('comments'), run: z.string(), threads: z.array(CommentThread) }),
  Show,
  z.object({ type: z.literal('span'), request: z.number(), detail: SpanDetailShape }),
  z.object({
    type: z.literal('conversation'),
    request: z.number(),
    run: z.string(),
    items: z.array(ConversationItemShape),
    /** More lies before the first item: ask with its sequence number. */
    more: z.boolean(),
  }),
  z.object({ type: z.literal('diff'), request: z.number(), files: z.array(PatchFileShape), truncated: z.boolean() }),
  z.object({ type: z.literal('done'), request: z.number(), message: z.string() }),
  z.object({ type: z.literal('failed'), request: z.nullable(z.number()), message: z.string() }),
]);
export type HostMessage = Frozen<z.infer<typeof HostMessage>>;

/** What the panel asks of the host. Requests with a number are answered by one message with that number, or `failed`. */
export const PanelMessage = z.discriminatedUnion('type', [
  /** The page is there and shows nothing yet. `run` is the one that was picked when it was last seen. */
  z.object({ type: z.literal('ready'), protocol: z.number(), run: z.optional(z.nullable(z.string())) }),
  /** The lanes of a snapshot are on the screen: their spans may come now, so that the first picture never waits for them. */
  z.object({ type: z.literal('painted'), generation: z.number() }),
  z.object({ type: z.literal('span'), request: z.number(), run: z.string(), index: z.number() }),
  z.object({
    type: z.literal('conversation'),
    request: z.number(),
    run: z.string(),
    /** Items before this sequence number; null for the last ones. */
    before: z.nullable(z.number()),
    /** Words that must occur; '' for all. */
    query: z.string(),
  }),
  z.object({ type: z.literal('diff'), request: z.number(), run: z.string(), from: z.string(), to: z.string() }),
  /** The costs tab is shown: they are reckoned and kept up to date from now on. */
  z.object({ type: z.literal('costs') }),
  /** The diff of a run is shown: its comments are told now, and each time they change. */
  z.object({ type: z.literal('comments'), run: z.string() }),
  /** Begins a thread on a line, from 0, of the candidate that waits for review. */
  z.object({
    type: z.literal('comment'),
    request: z.number(),
    run: z.string(),
    tree: z.string(),
    path: z.string(),
    line: z.number(),
    body: z.string(),
  }),
  z.object({ type: z.literal('resolveComment'), request: z.number(), id: z.string(), resolved: z.boolean() }),
  /** Sends a candidate back without some of its hunks: it is built anew and tested again. `hunks: null` leaves out the whole file. */
  z.object({
    type: z.literal('revise'),
    request: z.number(),
    run: z.string(),
    tree: z.string(),
    rejected: z.array(z.object({ path: z.string(), hunks: z.nullable(z.array(z.number())) })),
  }),
  /** Runs one of the editor's own commands on a run. */
  z.object({
    type: z.literal('command'),
    command: z.enum(['run', 'review', 'requestChanges', 'showOlder']),
    run: z.nullable(z.string()),
    /** The candidate that was seen when it was pressed. */
    tree: z.nullable(z.string()),
  }),
  /** Opens the whole output of a command in an editor. */
  z.object({ type: z.literal('output'), request: z.number(), run: z.string(), index: z.number() }),
  z.object({ type: z.literal('export'), request: z.number(), name: z.string(), text: z.string() }),
]);
export type PanelMessage = Frozen<z.infer<typeof PanelMessage>>;
