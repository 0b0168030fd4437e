import type { Entry } from '../../core/journal/entry.ts';
import { CostFold } from '../../core/projections/costFold.ts';
import type { CostReport } from '../../core/projections/costReport.ts';
import { localDay } from '../localDay.ts';
import type { PanelHost, PanelModel } from './panelDeps.ts';

const PAGE = 1000;

/** Reckons the costs of all runs of a repository: the journal once, page by page, also when the panel is closed meanwhile; then what is new. */
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
  async report(): Promise<CostReport> {
    this.#reading ??= this.#catchUp().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
    const { config } = await this.#host.config(this.#model.place.folder);
    const budget = config.budgets.perDayUsd;
    return this.#fold.report(this.#host.clock.now(), budget === undefined ? null : String(budget));
  }

  async #catchUp(): Promise<void> {
    for (;;) {
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

const desks = new WeakMap<PanelModel, CostDesk>();

/** The one desk of a repository's model: it outlives the panel, so that one opened again reads only what is new. */
export function costDeskOf(model: PanelModel, host: PanelHost): CostDesk {
  const known = desks.get(model);
  if (known !== undefined) return known;
  const fresh = new CostDesk(model, host);
  desks.set(model, fresh);
  return fresh;
}
