import { computed, effect, signal } from '@preact/signals';
import * as z from 'zod/mini';
import type { HostMessage } from '../../src/protocol/panelMessages.ts';
import {
  type CommentThread,
  type ConversationItemShape,
  type CostReportShape,
  type Lane,
  PanelTab,
} from '../../src/protocol/panelShapes.ts';
import { noWork, ReviewWork } from './diff/reviewWork.ts';
import { connect, savedState, saveState, send } from './host.ts';
import { LaneStore } from './timeline/laneStore.ts';
import type { Viewport } from './timeline/viewport.ts';
import { afterPaint, setHostNow, setTicking } from './ui/browserClock.ts';

/** What the editor keeps with the panel over reloads: where the person was and what was begun there, nothing of what was shown. */
const Saved = z.object({
  folder: z.string(),
  tab: PanelTab,
  run: z.nullable(z.string()),
  view: z.nullable(z.object({ from: z.number(), to: z.number() })),
  sideBySide: z.boolean(),
  /** Share of the timeline beside the details, in percent. */
  timelineShare: z.optional(z.number()),
  work: z.optional(ReviewWork),
});
const saved = Saved.safeParse(savedState());
const before = saved.success ? saved.data : null;

export const folder = signal(before?.folder ?? '');
export const repository = signal('');
/** Why only what was recorded before is shown; null when all is well. */
export const readOnly = signal<string | null>(null);
export const tab = signal<PanelTab>(before?.tab ?? 'timeline');
export const lanes = signal<readonly Lane[]>([]);
export const olderRuns = signal(0);
/** The first snapshot has come. */
export const isLoaded = signal(false);
export const pickedRun = signal<string | null>(before?.run ?? null);
export const pickedSpan = signal<number | null>(null);
export const view = signal<Viewport | null>(before?.view ?? null);
export const isFollowing = signal(false);
/** Room for two columns of code beside each other, in pixels. */
const sideBySideFrom = 700;
export const isSideBySide = signal(before?.sideBySide ?? window.innerWidth >= sideBySideFrom);
export const standardTimelineShare = 72;
export const timelineShare = signal(before?.timelineShare ?? standardTimelineShare);
/** What was begun in reviews and not sent. */
export const reviewWork = signal<ReviewWork>(before?.work ?? noWork);
export const costs = signal<CostReportShape | null>(null);
/** Comments on the newest candidate of a run whose diff is shown. */
export const comments = signal<{ readonly run: string; readonly threads: readonly CommentThread[] } | null>(null);
export const problem = signal<string | null>(null);
/** Changes whenever spans of any lane have changed. */
export const spansVersion = signal(0);
/** Text that streams in and is not in the journal yet, by run. */
export const liveText = signal<ReadonlyMap<string, string>>(new Map());
/** Items said since the conversation was asked for. */
export const said = signal<{ readonly run: string; readonly items: readonly ConversationItemShape[] } | null>(null);

const stores = new Map<string, LaneStore>();
const nothing = new LaneStore();
export const storeOf = (run: string): LaneStore => stores.get(run) ?? nothing;

export const pickedLane = computed(() => lanes.value.find(({ run }) => run === pickedRun.value) ?? null);
export const isAnyRunning = computed(() => lanes.value.some(({ endedAt, status }) => endedAt === null && status === 'running'));

export function pickRun(run: string | null): void {
  if (pickedRun.value === run) return;
  pickedRun.value = run;
  pickedSpan.value = null;
}

/** Changes with every snapshot: what was read before may lack something. */
export const generation = signal(0);

/** Keeps so much of what streams in; the journal has the whole once it is finished. */
const mostLiveText = 20_000;

function receive(message: HostMessage): void {
  switch (message.type) {
    case 'snapshot':
      generation.value = message.generation;
      setHostNow(message.now);
      stores.clear();
      for (const { run } of message.lanes) stores.set(run, new LaneStore());
      folder.value = message.folder;
      repository.value = message.repository;
      readOnly.value = message.readOnly;
      lanes.value = message.lanes;
      olderRuns.value = message.olderRuns;
      liveText.value = new Map();
      if (message.tab !== null) tab.value = message.tab;
      if (message.run !== null) pickRun(message.run);
      else if (pickedLane.value === null) pickRun(message.lanes[0]?.run ?? null);
      isLoaded.value = true;
      spansVersion.value += 1;
      afterPaint(() => send({ type: 'painted', generation: message.generation }));
      break;
    case 'lanes': {
      if (message.generation !== generation.value) break;
      setHostNow(message.now);
      const fresh = new Map(message.lanes.map((lane) => [lane.run, lane]));
      const kept = lanes.value.map((lane) => fresh.get(lane.run) ?? lane);
      const known = new Set(kept.map(({ run }) => run));
      const added = message.lanes.filter(({ run }) => !known.has(run));
      for (const { run } of added) stores.set(run, new LaneStore());
      lanes.value = [...added, ...kept].sort((a, b) => b.requestedAt - a.requestedAt);
      if (pickedRun.value === null) pickRun(lanes.value[0]?.run ?? null);
      break;
    }
    case 'spans': {
      const store = message.generation === generation.value ? stores.get(message.run) : undefined;
      if (store === undefined) break;
      store.apply(message.columns);
      if (message.done) store.isComplete = true;
      spansVersion.value += 1;
      break;
    }
    case 'live':
      addLive(message.run, message.kind === 'text' ? message.text : `\n${message.text}\n`);
      break;
    case 'said':
      if (message.generation !== generation.value) break;
      liveText.value = new Map([...liveText.value].filter(([run]) => run !== message.run));
      said.value = { run: message.run, items: message.items };
      break;
    case 'costs':
      costs.value = message.report;
      break;
    case 'comments':
      comments.value = { run: message.run, threads: message.threads };
      break;
    case 'show':
      if (message.tab !== null) tab.value = message.tab;
      if (message.run !== null) pickRun(message.run);
      break;
    case 'failed':
      problem.value = message.message;
      break;
    default:
      break;
  }
}

function addLive(run: string, text: string): void {
  const next = new Map(liveText.value);
  next.set(run, ((next.get(run) ?? '') + text).slice(-mostLiveText));
  liveText.value = next;
}

/** Connects to the host and keeps what is worth keeping. Called once. */
export function startPanel(): void {
  effect(() => setTicking(isAnyRunning.value));
  document.addEventListener('visibilitychange', () => setTicking(isAnyRunning.value));
  effect(() => {
    if (folder.value === '') return;
    saveState({
      folder: folder.value,
      tab: tab.value,
      run: pickedRun.value,
      view: view.value,
      sideBySide: isSideBySide.value,
      timelineShare: timelineShare.value,
      work: reviewWork.value,
    });
  });
  connect(pickedRun.value, receive, (what) => {
    problem.value = `A message of the host could not be read (${what}). Close the panel and open it again.`;
  });
}
