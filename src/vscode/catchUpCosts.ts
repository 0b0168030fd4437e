import type { Clock } from '../base/clock.ts';
import type { Entry } from '../core/journal/entry.ts';
import type { CostLedger } from '../core/projections/costs/costLedger.ts';

/** Entries read from the journal at a time. Between two pages the editor does other work. */
const PAGE = 1000;

/** Folds in what the journal has beyond what the ledger knows. @param isOver asked after each page: nobody wants the rest any more */
export async function catchUpCosts(
  ledger: CostLedger,
  model: { entries(query: { from: number; run: string | null; limit: number }): Promise<readonly Entry[]> },
  clock: Pick<Clock, 'sleep'>,
  isOver: () => boolean = () => false,
): Promise<void> {
  for (;;) {
    const entries = await model.entries({ from: ledger.seq + 1, run: null, limit: PAGE });
    for (const entry of entries) ledger.add(entry);
    if (entries.length < PAGE || isOver()) return;
    await clock.sleep(0);
  }
}
