import { Emitter } from '../../../src/base/event.ts';
import type { Entry } from '../../../src/core/journal/entry.ts';
import { CostLedger } from '../../../src/core/projections/costs/costLedger.ts';
import { evolveRun } from '../../../src/core/run/evolve.ts';
import type { RunState } from '../../../src/core/run/state.ts';
import type { LiveMessage } from '../../../src/protocol/messages.ts';
import type { PanelModel } from '../../../src/vscode/panel/panelDeps.ts';

const fail = (error: unknown): never => {
  throw error;
};

/** A repository's model over entries in memory: what was there at first, and what is appended after. */
export class FakePanelModel implements PanelModel {
  readonly place: PanelModel['place'];
  readonly runs = new Map<string, RunState>();
  readonly requests: { readonly method: string; readonly params: unknown }[] = [];
  readonly #entries: Entry[] = [];
  readonly #byRun = new Map<string, Entry[]>();
  readonly #entry = new Emitter<Entry>(fail);
  readonly #run = new Emitter<RunState>(fail);
  readonly #reset = new Emitter<void>(fail);
  readonly #live = new Emitter<LiveMessage>(fail);
  readonly onEntry = this.#entry.event;
  readonly onDidChangeRun = this.#run.event;
  readonly onDidReset = this.#reset.event;
  readonly onLive = this.#live.event;
  readOnly: string | null = null;
  /** How often entries were read, and from which sequence number each time. */
  reads = 0;
  readonly asked: number[] = [];
  refusal: Error | null = null;

  constructor(entries: readonly Entry[] = [], folder = '/repo') {
    this.place = { id: `${folder}/.git`, name: 'sample', folder };
    for (const entry of entries) this.#keep(entry);
  }

  run(name: string): RunState | null {
    return this.runs.get(name) ?? null;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  entries({ from, run, limit }: { readonly from: number; readonly run: string | null; readonly limit: number }): Promise<readonly Entry[]> {
    this.reads += 1;
    this.asked.push(from);
    const all = run === null ? this.#entries : (this.#byRun.get(run) ?? []);
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((all[middle]?.seq ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return Promise.resolve(all.slice(low, low + limit));
  }

  costs(): ReturnType<PanelModel['costs']> {
    const ledger = new CostLedger();
    for (const entry of this.#entries) ledger.add(entry);
    return Promise.resolve({ seq: ledger.seq, runs: ledger.runs });
  }

  readonly request: PanelModel['request'] = (method, params) => {
    this.requests.push({ method, params });
    if (this.refusal !== null) return Promise.reject(this.refusal);
    return Promise.resolve({ run: '', tree: '', seq: 0 } as never);
  };

  /** Appends entries as an engine would. */
  append(...entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#keep(entry);
      this.#entry.fire(entry);
      const state = entry.run === null ? undefined : this.runs.get(entry.run);
      if (state !== undefined) this.#run.fire(state);
    }
  }

  /** What another process has appended is found in the journal. */
  find(...entries: readonly Entry[]): void {
    for (const entry of entries) this.#keep(entry);
    this.#reset.fire();
  }

  live(message: LiveMessage): void {
    this.#live.fire(message);
  }

  get listeners(): number {
    return this.#entry.size + this.#run.size + this.#reset.size + this.#live.size;
  }

  #keep(entry: Entry): void {
    this.#entries.push(entry);
    if (entry.run === null) return;
    const ofRun = this.#byRun.get(entry.run) ?? [];
    ofRun.push(entry);
    this.#byRun.set(entry.run, ofRun);
    const state = evolveRun(this.runs.get(entry.run) ?? null, entry);
    if (state !== null) this.runs.set(entry.run, state);
  }
}
