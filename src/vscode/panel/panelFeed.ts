import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { Entry } from '../../core/journal/entry.ts';
import { conversationItem, conversationTypes } from '../../core/projections/conversation.ts';
import type { Span } from '../../core/projections/timelineSpan.ts';
import type { RunState } from '../../core/run/state.ts';
import { type HostMessage, PANEL_PROTOCOL } from '../../protocol/panelMessages.ts';
import type { PanelTab } from '../../protocol/panelShapes.ts';
import { laneOf } from './laneOf.ts';
import type { PanelHost, PanelModel } from './panelDeps.ts';
import { RunRecord } from './runRecord.ts';
import { spanColumns } from './spanColumns.ts';

/** Lanes a snapshot has; older runs are left out until asked for. */
const FIRST_LANES = 50;
const MORE_LANES = 100;
/** What happens within this time is sent together. */
const BATCH_MS = 50;
/** Spans of one message. */
const CHUNK = 5000;

/**
 * Keeps one panel up to date: a snapshot when its page is there, then what changes. While the panel is hidden nothing is
 * sent; its page asks anew when it is shown, and then one snapshot brings it up to date.
 */
export class PanelFeed implements Disposable {
  readonly #model: PanelModel;
  readonly #host: PanelHost;
  readonly #post: (message: HostMessage) => void;
  readonly #store = new DisposableStore();
  readonly #records = new Map<string, RunRecord>();
  readonly #dirtyRuns = new Set<string>();
  readonly #dirtyLanes = new Map<string, RunState>();
  readonly #live = new Map<string, string>();
  readonly #closing = new AbortController();
  #abort = new AbortController();
  #generation = 0;
  #lanes = new Set<string>();
  /** Lanes of the last snapshot whose spans the page has not asked for yet. */
  #unsent: readonly string[] = [];
  #most = FIRST_LANES;
  /** Older runs that a person asked to see. */
  readonly #wanted = new Set<string>();
  #active = false;
  #batch: Disposable | null = null;

  constructor(model: PanelModel, host: PanelHost, post: (message: HostMessage) => void) {
    this.#model = model;
    this.#host = host;
    this.#post = post;
    this.#store.add(model.onEntry((entry) => this.#receive(entry)));
    this.#store.add(model.onDidChangeRun((state) => this.#changed(state)));
    this.#store.add(model.onDidReset(() => this.#reread()));
    this.#store.add(model.onLive(({ run, kind, text }) => this.#receiveLive(run, kind === 'queued' ? 'note' : kind, text)));
  }

  /** Whether the page has been told of a run. */
  hasLane(run: string): boolean {
    return this.#lanes.has(run);
  }

  /** A run has a lane from the next snapshot on, however old it is. */
  include(run: string): void {
    this.#wanted.add(run);
  }

  /** Sends the lanes, that of `run` among them from now on; their spans follow when the page shows them. */
  snapshot(tab: PanelTab | null, run: string | null): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#generation += 1;
    this.#active = true;
    if (run !== null) this.include(run);
    const states = this.#choose();
    this.#lanes = new Set(states.map((state) => state.run));
    this.#dirtyLanes.clear();
    this.#dirtyRuns.clear();
    this.#live.clear();
    this.#post({
      type: 'snapshot',
      protocol: PANEL_PROTOCOL,
      generation: this.#generation,
      folder: this.#model.place.folder,
      repository: this.#model.place.name,
      readOnly: this.#model.readOnly,
      now: this.#host.clock.now(),
      tab,
      run,
      lanes: states.map(laneOf),
      olderRuns: Math.max(0, this.#model.runs.size - states.length),
    });
    const first = states.find((state) => state.run === run);
    const order = first === undefined ? states : [first, ...states.filter((state) => state !== first)];
    this.#unsent = order.map((state) => state.run);
  }

  /** The page shows the lanes of a snapshot: it gets their spans. */
  painted(generation: number): void {
    if (generation !== this.#generation || !this.#active) return;
    const runs = this.#unsent;
    this.#unsent = [];
    this.#run(this.#feed(runs, generation, this.#abort.signal));
  }

  /** The page is gone or can't be seen. */
  pause(): void {
    this.#active = false;
    this.#abort.abort();
    this.#batch?.dispose();
    this.#batch = null;
  }

  showOlder(): void {
    this.#most += MORE_LANES;
    this.snapshot(null, null);
  }

  /** What is kept of a run, up to date; null when the run is not known. */
  async record(run: string): Promise<RunRecord | null> {
    if (this.#model.run(run) === null) return null;
    const record = this.#recordOf(run);
    while (!record.isRead && !this.#store.isDisposed) {
      await record.catchUp(
        () => {},
        () => this.pauseWork(),
        this.#closing.signal,
      );
      if (!record.isRead) await this.#shortWhile();
    }
    return record;
  }

  /** Lets the editor do other work. */
  pauseWork(): Promise<void> {
    return this.#host.clock.sleep(0);
  }

  #choose(): RunState[] {
    const newest = [...this.#model.runs.values()].reverse();
    const open = newest.filter(({ phase }) => phase !== 'ended');
    const wanted = [...this.#wanted].flatMap((run) => this.#model.run(run) ?? []);
    const chosen = new Set([...open, ...newest.slice(0, this.#most), ...wanted]);
    return [...chosen].sort((a, b) => b.requestedAt - a.requestedAt);
  }

  #recordOf(run: string): RunRecord {
    const known = this.#records.get(run);
    if (known !== undefined) return known;
    const fresh = new RunRecord(run, this.#model);
    this.#records.set(run, fresh);
    return fresh;
  }

  async #feed(runs: readonly string[], generation: number, signal: AbortSignal): Promise<void> {
    for (const run of runs) {
      if (signal.aborted) return;
      const record = this.#recordOf(run);
      // The page has nothing yet: what was read for an earlier one is sent in whole.
      record.timeline.takeChanged();
      for (let start = 0; start < record.timeline.spans.length && !signal.aborted; start += CHUNK) {
        this.#sendSpans(run, record.timeline.spans.slice(start, start + CHUNK), false);
        await this.pauseWork();
      }
      const send = (): void => {
        if (generation === this.#generation) this.#sendSpans(run, record.timeline.takeChanged(), record.isRead);
      };
      do await record.catchUp(send, () => this.pauseWork(), signal);
      while (!record.isRead && !signal.aborted && (await this.#shortWhile()));
      send();
    }
  }

  /** Someone else reads the same record. */
  async #shortWhile(): Promise<true> {
    await this.#host.clock.sleep(BATCH_MS);
    return true;
  }

  #sendSpans(run: string, spans: readonly Span[], done: boolean): void {
    if (!this.#active || (spans.length === 0 && !done)) return;
    this.#post({ type: 'spans', generation: this.#generation, run, columns: spanColumns(spans), done });
  }

  #receive(entry: Entry): void {
    if (entry.run === null) return;
    const record = this.#records.get(entry.run);
    if (record === undefined) return;
    const isNew = entry.seq > record.timeline.seq;
    const isFolded = record.add(entry);
    if (!this.#active) return;
    if (isFolded) {
      this.#dirtyRuns.add(entry.run);
      this.#schedule();
    }
    // Said also while the journal is being read: the page may have what lies before it already.
    const item = isNew && conversationTypes.has(entry.type) ? conversationItem(entry) : null;
    if (item !== null) this.#post({ type: 'said', generation: this.#generation, run: entry.run, items: [item] });
  }

  #changed(state: RunState): void {
    if (!this.#active) return;
    this.#dirtyLanes.set(state.run, state);
    this.#schedule();
  }

  /** The journal was read anew, without entries: each lane catches up from the journal, also of a panel that is hidden now. */
  #reread(): void {
    for (const record of this.#records.values()) record.outdate();
    if (this.#active) this.snapshot(null, null);
  }

  #receiveLive(run: string, kind: 'text' | 'toolStarted' | 'retrying' | 'note', text: string): void {
    if (!this.#active) return;
    if (kind === 'text') {
      this.#live.set(run, (this.#live.get(run) ?? '') + text);
      this.#schedule();
    } else {
      this.#sendText(run);
      this.#post({ type: 'live', run, kind, text });
    }
  }

  #sendText(run: string): void {
    const text = this.#live.get(run);
    this.#live.delete(run);
    if (text !== undefined) this.#post({ type: 'live', run, kind: 'text', text });
  }

  #schedule(): void {
    this.#batch ??= this.#host.clock.schedule(BATCH_MS, () => {
      this.#batch = null;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#active) return;
    const states = [...this.#dirtyLanes.values()];
    this.#dirtyLanes.clear();
    if (states.length > 0) {
      this.#post({ type: 'lanes', generation: this.#generation, now: this.#host.clock.now(), lanes: states.map(laneOf) });
    }
    for (const { run } of states) {
      if (this.#lanes.has(run)) continue;
      this.#lanes.add(run);
      this.#run(this.#feed([run], this.#generation, this.#abort.signal));
    }
    for (const run of this.#dirtyRuns)
      if (!this.#unsent.includes(run)) this.#sendSpans(run, this.#recordOf(run).timeline.takeChanged(), true);
    this.#dirtyRuns.clear();
    for (const run of [...this.#live.keys()]) this.#sendText(run);
  }

  #run(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#host.log.log('error', 'the timeline could not be read', { error: errorText(error) });
      this.#post({ type: 'failed', request: null, message: `The timeline could not be read: ${errorText(error)}` });
    });
  }

  dispose(): void {
    this.pause();
    this.#closing.abort();
    this.#store.dispose();
  }
}
