import { readFileSync } from 'node:fs';
import { openSpending } from '../../src/adapters/journal/openSpending.ts';
import { addUsd, compareUsd } from '../../src/core/model/usd.ts';

// node test/support/spendingHolder.ts FILE REPOSITORY LIMIT: sets 1 aside for each of ten prompts while LIMIT allows it, says how often it could, and
// keeps it until its input ends.
const [, , file = '', repository = '', limit = '0'] = process.argv;
const startTime = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\)/, '').split(' ')[20] ?? '';
const spending = openSpending({
  file,
  repository,
  process: { pid: process.pid, startTime },
  isAlive: () => true,
  now: () => 1_790_000_000_000,
});
let held = 0;
for (let n = 0; n < 10; n += 1) {
  spending.hold(`run-${n}`, (money) => {
    if (compareUsd(addUsd(money.held('everything'), '1'), limit) > 0) return null;
    held += 1;
    return '1';
  });
}
process.stdout.write(`${held}\n`);
process.stdin.resume().on('end', () => spending.close());
