import type { Entry } from '../../../src/core/journal/entry.ts';
import { event } from '../../../src/core/journal/events.ts';
import type { RunSpec } from '../../../src/core/model/runSpec.ts';
import type { Charge } from '../../../src/core/money/charge.ts';
import { foldRunCosts, type RunCosts } from '../../../src/core/projections/costs/runCosts.ts';
import { PanelJournal } from '../panel/panelJournal.ts';

export const utcDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
export const day = 86_400_000;
/** A Wednesday. */
export const noon = Date.UTC(2026, 4, 20, 12);

/** Prices per million of a model that is told about. */
export const sonnet: NonNullable<Charge['price']> = {
  input: '3',
  output: '15',
  reasoning: '15',
  cacheRead: '0.3',
  cacheWrite: '3.75',
  source: 'server',
  from: null,
  aboveTokens: null,
};

/** A charge of 1,000 input and 100 output tokens at $3 and $15 a million: $0.0045. */
export const chargeOf = (change: Partial<Charge> & Pick<Charge, 'run' | 'at'>): Charge => ({
  key: `${change.run}/${change.at}/0`,
  attempt: 1,
  task: change.run.replace(/-r\d+$/, ''),
  category: null,
  cell: change.run,
  messageId: `m${change.at}`,
  sessionId: 's',
  provider: 'anthropic',
  model: 'sonnet',
  agent: 'build',
  operation: 'prompt',
  tokens: { input: 1000, output: 100, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
  price: sonnet,
  costUsd: '0.0045',
  estimated: false,
  ...change,
});

/** Runs that spent money, told one by one, and their costs as the journal keeps them. */
export class CostStory {
  readonly journal = new PanelJournal(0);

  get entries(): readonly Entry[] {
    return this.journal.entries;
  }

  charge(run: string, change: Partial<Charge> = {}): this {
    this.journal.tell(run, event('charge/recorded', { charge: chargeOf({ run, at: this.journal.at, ...change }) }));
    return this;
  }

  /** A run at a moment: attempts with a charge of `usd` each (null: unpriced), all but the last reverted, the last landed unless told. */
  run(at: number, task: string, costs: readonly (string | null)[], change: Partial<RunSpec> & { ends?: 'landed' | 'failed' } = {}): this {
    const { ends = 'landed', ...spec } = change;
    const run = `${task}-r${this.entries.length + 1}`;
    const { journal } = this;
    journal.at = at;
    journal.boot(run, { task, title: `Title of ${task}`, ...spec });
    for (const [index, costUsd] of costs.entries()) {
      const attempt = index + 1;
      journal.at = at;
      journal.start(run, attempt, 'Do it.');
      this.charge(run, {
        task,
        attempt,
        at,
        costUsd,
        key: `${run}/${attempt}`,
        ...(costUsd === null ? { price: null, model: 'free' } : {}),
      });
      const isLast = attempt === costs.length && ends === 'landed';
      journal.finish(run, attempt, 'tree', isLast ? 0 : 1, '', 1000);
      if (!isLast) journal.revert(run, attempt);
    }
    if (ends === 'landed') journal.land(run, costs.length, 'tree');
    else journal.end(run, 'failed', 2, 'never green');
    return this;
  }

  get runs(): RunCosts[] {
    const runs = new Map<string, RunCosts>();
    for (const entry of this.entries) {
      const costs = foldRunCosts(runs.get(entry.run ?? '') ?? null, entry);
      if (costs !== null) runs.set(costs.run, costs);
    }
    return [...runs.values()];
  }
}
