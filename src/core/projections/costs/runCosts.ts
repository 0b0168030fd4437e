import type { Entry } from '../../journal/entry.ts';
import type { EventData, RunStatus } from '../../journal/events.ts';
import { readEvent } from '../../journal/readEvent.ts';
import { type Category, categoryOf } from '../../model/category.ts';
import { type Charge, modelOf, type Operation } from '../../money/charge.ts';
import { chargeOf } from '../../money/chargeOf.ts';
import { type CostSum, noCosts } from './costSum.ts';
import { scopeOfPaths } from './fileScope.ts';
import { withCharge } from './sumOfCharges.ts';

/** Charges of so long a time are kept as one sum. Every time zone's days begin on such a boundary. */
export const slotMs = 900_000;

/** What one attempt spent with one model on one kind of call within one slot. */
export interface CostCell extends CostSum {
  /** The slot's first moment, milliseconds since the epoch. */
  readonly at: number;
  readonly attempt: number;
  /** provider/model */
  readonly model: string;
  readonly operation: Operation;
}

export type AttemptOutcome = 'open' | 'reverted' | 'interrupted' | 'committed';

export interface AttemptCosts {
  readonly attempt: number;
  readonly startedAt: number;
  readonly outcome: AttemptOutcome;
}

/** What one run cost and what came of it: small, whatever the number of its charges. Plain data, stored as JSON beside the journal. */
export interface RunCosts {
  readonly run: string;
  readonly task: string;
  readonly title: string;
  readonly category: Category;
  /** The model that was asked for; null for the one OpenCode is configured for. */
  readonly model: string | null;
  readonly test: string;
  readonly folder: string;
  /** Folders of the files that its last candidate changed. */
  readonly scope: readonly string[];
  readonly requestedAt: number;
  /** Time of its last charge or change. */
  readonly lastAt: number;
  readonly endedAt: number | null;
  readonly status: RunStatus | null;
  readonly landedAt: number | null;
  /** Lines added and removed by its last candidate. */
  readonly changedLines: number;
  readonly attempts: readonly AttemptCosts[];
  readonly cells: readonly CostCell[];
}

const watched: ReadonlySet<string> = new Set([
  'attempt/started',
  'attempt/candidateBuilt',
  'attempt/reverted',
  'attempt/interrupted',
  'attempt/committed',
  'landing/landed',
  'run/finished',
]);

/**
 * Folds one entry of a run into its costs. Pure; entries of a run in order. Days and weeks are for the reader, who knows the time zone.
 * @returns null before `run/requested`; the same object when the entry tells nothing of money.
 */
export function foldRunCosts(before: RunCosts | null, entry: Entry): RunCosts | null {
  if (before === null) {
    const event = entry.type === 'run/requested' ? readEvent(entry) : null;
    return event?.type === 'run/requested' ? begin(event.data, entry.at) : null;
  }
  const charge = chargeOf(entry, () => before);
  if (charge !== null) return { ...before, lastAt: Math.max(before.lastAt, charge.at), cells: charged(before.cells, charge) };
  if (!watched.has(entry.type)) return before;
  const after = outcome(before, entry);
  return after === before ? before : { ...after, lastAt: Math.max(after.lastAt, entry.at) };
}

const begin = ({ run, spec }: EventData<'run/requested'>, at: number): RunCosts => ({
  run,
  task: spec.task,
  title: spec.title,
  category: categoryOf(spec),
  model: spec.model,
  test: spec.test,
  folder: spec.folder,
  scope: [],
  requestedAt: at,
  lastAt: at,
  endedAt: null,
  status: null,
  landedAt: null,
  changedLines: 0,
  attempts: [],
  cells: [],
});

function outcome(run: RunCosts, entry: Entry): RunCosts {
  const event = readEvent(entry);
  const closed = (attempt: number, how: AttemptOutcome): RunCosts => ({
    ...run,
    attempts: run.attempts.map((one) => (one.attempt === attempt ? { ...one, outcome: how } : one)),
  });
  switch (event?.type) {
    case 'attempt/started':
      return { ...run, attempts: [...run.attempts, { attempt: event.data.attempt, startedAt: entry.at, outcome: 'open' }] };
    case 'attempt/candidateBuilt': {
      const { files, added, removed } = event.data;
      return { ...run, scope: scopeOfPaths(files.map(({ path }) => path)), changedLines: added + removed };
    }
    case 'attempt/reverted':
      return closed(event.data.attempt, 'reverted');
    case 'attempt/interrupted':
      return closed(event.data.attempt, 'interrupted');
    case 'attempt/committed':
      return closed(event.data.attempt, 'committed');
    case 'landing/landed':
      return { ...run, landedAt: entry.at };
    case 'run/finished':
      return { ...run, endedAt: entry.at, status: event.data.status };
    default:
      return run;
  }
}

function charged(cells: readonly CostCell[], charge: Charge): readonly CostCell[] {
  const at = Math.floor(charge.at / slotMs) * slotMs;
  const { attempt, operation } = charge;
  const model = modelOf(charge);
  const index = cells.findLastIndex((c) => c.at === at && c.attempt === attempt && c.operation === operation && c.model === model);
  const known = cells[index];
  if (known === undefined) return [...cells, { at, attempt, model, operation, ...withCharge(noCosts, charge) }];
  return cells.with(index, { ...known, ...withCharge(known, charge) });
}
