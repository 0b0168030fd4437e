import { Emitter, type Event } from '../../base/event.ts';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { Entry } from '../../core/journal/entry.ts';
import { CostLedger } from '../../core/projections/costs/costLedger.ts';
import type { RunCosts } from '../../core/projections/costs/runCosts.ts';
import { catchUpCosts } from '../catchUpCosts.ts';
import type { EditorHost } from '../editorHost.ts';
import type { RepositoryModel } from '../repositoryModel.ts';
import { dayStart } from './spending.ts';

/** The costs of the runs of one repository that were charged since midnight: what the journal keeps of them, then each new entry. */
export class TodaysCosts implements Disposable {
  readonly #model: RepositoryModel;
  readonly #host: Pick<EditorHost, 'clock' | 'log'>;
  readonly #store = new DisposableStore();
  readonly #changed: Emitter<void>;
  readonly #ledger = new CostLedger();
  #reading: Promise<void> | null = null;
  #isBehind = false;
  #mustReset = true;

  constructor(model: RepositoryModel, host: Pick<EditorHost, 'clock' | 'log'>) {
    this.#model = model;
    this.#host = host;
    this.#changed = this.#store.add(new Emitter<void>((error) => host.log.log('error', 'a view failed', { error: errorText(error) })));
    this.#store.add(model.onEntry((entry) => this.#receive(entry)));
    this.#store.add(model.onDidReset(() => this.#catchUp()));
    this.#catchUp();
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  get runs(): readonly RunCosts[] {
    return this.#ledger.runs;
  }

  #receive(entry: Entry): void {
    // A run from before this day that spends again: its costs so far were left out.
    if (entry.type === 'charge/recorded' && entry.run !== null && !this.#ledger.has(entry.run)) this.#mustReset = true;
    if (this.#mustReset || this.#reading !== null || entry.seq !== this.#ledger.seq + 1) return this.#catchUp();
    if (this.#ledger.add(entry)) this.#changed.fire();
  }

  /** Reads what the journal has beyond what is known, one reading at a time. Without a run there is nothing to read. */
  #catchUp(): void {
    if (this.#model.runs.size === 0) return;
    this.#isBehind = true;
    this.#reading ??= this.#read()
      .catch((error: unknown) => this.#host.log.log('warn', 'what was spent today could not be read', { error: errorText(error) }))
      .finally(() => {
        this.#reading = null;
      });
  }

  async #read(): Promise<void> {
    while (this.#isBehind && !this.#store.isDisposed) {
      this.#isBehind = false;
      if (this.#mustReset) this.#ledger.reset(await this.#model.costs(dayStart(this.#host.clock.now())));
      this.#mustReset = false;
      await catchUpCosts(this.#ledger, this.#model, this.#host.clock, () => this.#store.isDisposed);
    }
    if (!this.#store.isDisposed) this.#changed.fire();
  }

  dispose(): void {
    this.#store.dispose();
  }
}
