import { localDay } from '../../base/localDay.ts';
import { CostLedger } from '../../core/projections/costs/costLedger.ts';
import { type CostReport, costReport } from '../../core/projections/costs/costReport.ts';
import { catchUpCosts } from '../catchUpCosts.ts';
import type { PanelHost, PanelModel } from './panelDeps.ts';

/** Reckons the costs of all runs of a repository: what the journal keeps of them, also when the panel is closed meanwhile; then every entry. */
export class CostDesk {
  readonly #model: PanelModel;
  readonly #host: PanelHost;
  readonly #ledger = new CostLedger();
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
    return costReport(this.#ledger.runs, {
      now: this.#host.clock.now(),
      zone: localDay,
      budgets: config.budgets,
      ...(config.currency === undefined ? {} : { currency: config.currency }),
    });
  }

  async #catchUp(): Promise<void> {
    if (this.#ledger.seq === 0) this.#ledger.reset(await this.#model.costs());
    await catchUpCosts(this.#ledger, this.#model, this.#host.clock);
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
