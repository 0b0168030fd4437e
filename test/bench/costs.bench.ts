import { join } from 'node:path';
import { openJournalReader } from '../../src/adapters/journal/openJournalReader.ts';
import type { NewEntry } from '../../src/core/journal/entry.ts';
import { event } from '../../src/core/journal/events.ts';
import { allTime, costTable } from '../../src/core/projections/costs/costTable.ts';
import { usDollars } from '../../src/core/projections/costs/currency.ts';
import type { RunCosts } from '../../src/core/projections/costs/runCosts.ts';
import { costHtml } from '../../src/core/report/costHtml.ts';
import { evolveRun } from '../../src/core/run/evolve.ts';
import { chargeOf, utcDay } from '../support/costs/costStory.ts';
import { finished, openSampleJournal, requested, stamped, temporaryFolder } from '../support/journalSamples.ts';
import type { Benchmark } from './benchmark.ts';

const MILLION = 1_000_000;
const CHARGES_A_RUN = 100;
const YEAR_MS = 365 * 86_400_000;
const started = Date.UTC(2025, 0, 1);
const operations = ['prompt', 'tool', 'tool', 'tool', 'subagent'] as const;

/** A run of 25 minutes in two attempts, with two models, one of them dearer than the other. */
function runEntries(number: number): NewEntry[] {
  const run = `r${number}`;
  const begun = started + Math.floor((number / (MILLION / CHARGES_A_RUN)) * YEAR_MS);
  const charges = Array.from({ length: CHARGES_A_RUN }, (_, index) => {
    const at = begun + index * 15_000;
    const attempt = index < CHARGES_A_RUN / 2 ? 1 : 2;
    const operation = operations[index % operations.length] ?? 'tool';
    const model = index % 9 === 0 ? 'haiku' : 'sonnet';
    return stamped(run, event('charge/recorded', { charge: chargeOf({ run, at, key: `${run}/${index}`, attempt, operation, model }) }), at);
  });
  return [requested(run, `TASK-${number}`), ...charges, finished(run)];
}

/** A journal of a million charges in ten thousand runs. Made once per process. */
let large: Promise<string> | undefined;
async function makeLarge(): Promise<string> {
  const folder = temporaryFolder();
  process.once('exit', () => folder.remove());
  const file = join(folder.path, 'journal.db');
  const { journal } = openSampleJournal(file);
  for (let number = 1; number <= MILLION / CHARGES_A_RUN; number += 1)
    await journal.append({ entries: runEntries(number), durability: 'normal' });
  journal.close();
  return file;
}

/** Processor time of `work` on what the journal keeps, in milliseconds: that of other processes does not count. */
async function workMs(work: (runs: readonly RunCosts[]) => void): Promise<number> {
  large ??= makeLarge();
  const file = await large;
  const before = process.cpuUsage();
  const reader = openJournalReader({ file, evolve: evolveRun });
  const { runs } = reader.costs();
  reader.close();
  work(runs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const report = (name: string, atMost: number, work: (runs: readonly RunCosts[]) => void): Benchmark => ({
  name,
  unit: 'ms',
  target: { of: 'median', atMost },
  async prepare() {
    return { subject: () => workMs(work), dispose: async () => {} };
  },
});

export const benchmarks: readonly Benchmark[] = [
  report('costs/tableOfMillion', 1000, (runs) => {
    const { total } = costTable(runs, 'model', allTime, utcDay);
    if (total.sum.calls !== MILLION || total.sum.usd !== '4500') throw new Error(JSON.stringify(total.sum));
  }),
  report('costs/pageOfMillion', 1000, (runs) => {
    const page = costHtml({
      runs,
      range: allTime,
      now: started + YEAR_MS,
      dayOf: utcDay,
      budgets: {},
      currency: usDollars,
      repository: 'large',
      version: '0',
    });
    if (!page.includes('$4500.00')) throw new Error(page.slice(-2000));
  }),
];
