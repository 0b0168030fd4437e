import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A charge as the journal has it. */
export interface JournaledCharge {
  readonly key: string;
  /** Decimal text; null for a model without a price. */
  readonly usd: string | null;
}

const DECIMALS = 24;

/** An amount as a whole number of the smallest parts. */
function parts(usd: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(usd);
  if (match === null) throw new Error(`not an amount: ${usd}`);
  const [, sign, whole = '0', fraction = ''] = match;
  if (fraction.length > DECIMALS) throw new Error(`too fine an amount: ${usd}`);
  const value = BigInt(whole + fraction.padEnd(DECIMALS, '0'));
  return sign === '-' ? -value : value;
}

const sum = (amounts: readonly string[]): bigint => amounts.reduce((total, usd) => total + parts(usd), 0n);

interface Counted {
  readonly keys: readonly string[];
  readonly total: bigint;
}

/** What the file that all engines share has counted for a repository, read in one instant with plain SQL. */
export function readCounted(file: string, repository: string): Counted {
  if (!existsSync(file)) return { keys: [], total: 0n };
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    database.exec('BEGIN');
    const hasTables = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'cursors'").get() !== undefined;
    if (!hasTables) return { keys: [], total: 0n };
    const keys = database.prepare('SELECT key FROM counted WHERE repository = ?').all(repository);
    const days = database.prepare('SELECT usd FROM days WHERE repository = ?').all(repository);
    return { keys: keys.map(({ key }) => String(key)), total: sum(days.map(({ usd }) => String(usd))) };
  } finally {
    database.close();
  }
}

/**
 * Each charge of the journal is counted once in the sums that budgets look at.
 * @param counted was read before the journal: what it has, the journal has too
 * @param isAtRest then nothing may be missing, either
 */
export function checkCounted(counted: Counted, charges: readonly JournaledCharge[], isAtRest: boolean): string[] {
  const amounts = new Map(charges.map(({ key, usd }) => [key, usd ?? '0']));
  const strange = counted.keys.filter((key) => !amounts.has(key));
  const missing = isAtRest ? [...amounts.keys()].filter((key) => !counted.keys.includes(key)) : [];
  const expected = sum(counted.keys.map((key) => amounts.get(key) ?? '0'));
  return [
    ...strange.map((key) => `charge ${key} is counted and not in the journal`),
    ...missing.map((key) => `charge ${key} is in no day's sum`),
    ...(strange.length === 0 && expected !== counted.total
      ? [`the days sum up to ${counted.total}, the charges in them to ${expected}`]
      : []),
  ];
}
