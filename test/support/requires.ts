import type { Context } from 'mocha';

/** Ends the test as skipped, which the totals count, unless the machine has what it needs. @param what is needed, for people */
export function requires(test: Context, isThere: boolean, what: string): void {
  if (isThere) return;
  process.stdout.write(`      needs ${what}\n`);
  test.skip();
}
