import type { Entry } from '../../core/journal/entry.ts';
import { CostFold, type DayOf } from '../../core/projections/costFold.ts';
import type { CostReport } from '../../core/projections/costReport.ts';
import type { PanelHost, PanelModel } from './panelDeps.ts';

const PAGE = 1000;

/** The day a moment falls on where this editor runs. */
export const localDay: DayOf = (at) => {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

/** Reckons the costs of all runs of a repository: the journal once, page by page, then every entry. */
export class CostDesk {
  readonly #model: PanelModel;
  readonly #host: PanelHost;
  readonly #fold = new CostFold(localDay);
  #seq = 0;
  #reading: Promise<void> | null = null;

  constructor(model: PanelModel, host: PanelHost) {
    this.#model = model;
    this.#host = host;
  }

  /** What the journal says now. @throws UserFacingError when the journal can't be read */
  async report(signal: AbortSignal): Promise<CostReport> {
    this.#reading ??= this.#catchUp(signal).finally(() => {
      this.#reading = null;
    });
    await this.#reading;
    const { config } = await this.#host.config(this.#model.place.folder);
    const budget = config.budgets.perDayUsd;
    return this.#fold.report(this.#host.clock.now(), budget === undefined ? null : String(budget));
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const entries = await this.#model.entries({ from: this.#seq + 1, run: null, limit: PAGE });
      for (const entry of entries) this.#add(entry);
      if (entries.length < PAGE) return;
      await this.#host.clock.sleep(0);
    }
  }

  #add(entry: Entry): void {
    this.#seq = entry.seq;
    this.#fold.add(entry);
  }
}
