import { Emitter, type Event } from '../../base/event.ts';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { errorText } from '../../base/log.ts';
import type { Entry } from '../../core/journal/entry.ts';
import { readEvent } from '../../core/journal/readEvent.ts';
import { DaySpending, type Spending } from '../../core/projections/daySpending.ts';
import type { EditorHost } from '../editorHost.ts';
import { dayStart, localDay } from '../localDay.ts';
import type { RepositoryModel } from '../repositoryModel.ts';

/** Entries read from the journal at a time. Between two pages the editor does other work. */
const PAGE = 1000;

/** What the model calls of one repository have cost since midnight: read from the journal's entries of this day only, then from each new one. */
export class SpendingToday implements Disposable {
  readonly #model: RepositoryModel;
  readonly #host: Pick<EditorHost, 'clock' | 'log'>;
  readonly #store = new DisposableStore();
  readonly #changed: Emitter<void>;
  readonly #spending = new DaySpending(localDay);
  /** The last entry that was looked at; 0 before any. */
  #seq = 0;
  #reading: Promise<void> | null = null;
  #isBehind = false;

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

  get now(): Spending {
    return this.#spending.on(localDay(this.#host.clock.now()));
  }

  #receive(entry: Entry): void {
    if (this.#reading !== null || entry.seq !== this.#seq + 1) return this.#catchUp();
    if (this.#add(entry)) this.#changed.fire();
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
      if (this.#seq === 0) this.#seq = (await this.#model.firstSince(dayStart(this.#host.clock.now()))) - 1;
      for (;;) {
        const entries = await this.#model.entries({ from: this.#seq + 1, run: null, limit: PAGE });
        for (const entry of entries) this.#add(entry);
        if (entries.length < PAGE || this.#store.isDisposed) break;
        await this.#host.clock.sleep(0);
      }
    }
    if (!this.#store.isDisposed) this.#changed.fire();
  }

  /** @returns whether it was a model call */
  #add(entry: Entry): boolean {
    this.#seq = entry.seq;
    const event = entry.run === null ? null : readEvent(entry);
    if (event?.type !== 'message/finished' || entry.run === null) return false;
    this.#spending.add(this.#model.run(entry.run)?.task ?? entry.run, event.data.message);
    return true;
  }

  dispose(): void {
    this.#store.dispose();
  }
}
