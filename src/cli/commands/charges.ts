import { UserFacingError } from '../../base/userFacingError.ts';
import type { Charge } from '../../core/money/charge.ts';
import { type ChargedRun, chargeOf } from '../../core/money/chargeOf.ts';
import type { JournalReader } from '../../core/ports/journal.ts';
import type { TimeRange } from '../../core/projections/costs/costTable.ts';
import { timeRange } from '../../core/projections/costs/timeRange.ts';
import type { Terminal } from '../terminal.ts';

const page = 5000;
const types = ['run/requested', 'charge/recorded', 'message/finished'];

/** The charges of a journal in the order in which they were recorded, or those of one run. */
export function* chargesOf(reader: Pick<JournalReader, 'read'>, run?: string): Generator<Charge> {
  const specs = new Map<string, ChargedRun>();
  for (let from = 1; ; ) {
    const entries = reader.read({ from, types, limit: page, ...(run === undefined ? {} : { run }) });
    for (const entry of entries) {
      if (entry.type === 'run/requested' && entry.run !== null) specs.set(entry.run, (entry.data as { readonly spec: ChargedRun }).spec);
      const charge = chargeOf(entry, (name) => specs.get(name) ?? null);
      if (charge !== null) yield charge;
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < page) return;
    from = last.seq + 1;
  }
}

/** What `--since` and `--until` say. @throws UserFacingError `configuration` */
export function rangeOf(terminal: Terminal, options: { readonly since?: string; readonly until?: string }): TimeRange {
  const range = timeRange(options.since, options.until, { now: terminal.clock.now(), dayOf: terminal.dayOf });
  if (range.ok) return range.value;
  const given = range.error.option === 'since' ? options.since : options.until;
  throw new UserFacingError('configuration', `--${range.error.option} ${given ?? ''} ${range.error.problem}.`, {
    actions: ['for example: --since 2026-05-01 --until yesterday'],
  });
}

export const isWithin = ({ from, to }: TimeRange, at: number): boolean => (from === null || at >= from) && (to === null || at < to);
