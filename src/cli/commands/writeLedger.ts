import type { Charge } from '../../core/money/charge.ts';
import type { TimeRange } from '../../core/projections/costs/costTable.ts';
import { ledgerCsvHeader, ledgerCsvLine, ledgerJsonLine } from '../../core/report/ledgerRow.ts';
import { isWithin } from './charges.ts';

const linesAtOnce = 500;

/** Writes charges as lines, waiting for each `write`. @returns how many fell into the range */
export async function writeLedger(
  charges: Iterable<Charge>,
  options: {
    readonly format: 'ndjson' | 'csv';
    readonly range: TimeRange;
    readonly dayOf: (at: number) => string;
    readonly write: (part: string) => Promise<void>;
  },
): Promise<number> {
  const { format, range, dayOf, write } = options;
  const line = format === 'csv' ? ledgerCsvLine : ledgerJsonLine;
  if (format === 'csv') await write(ledgerCsvHeader);
  let count = 0;
  let lines: string[] = [];
  for (const charge of charges) {
    if (!isWithin(range, charge.at)) continue;
    count += 1;
    lines.push(line(charge, dayOf(charge.at)));
    if (lines.length < linesAtOnce) continue;
    await write(lines.join(''));
    lines = [];
  }
  if (lines.length > 0) await write(lines.join(''));
  return count;
}
