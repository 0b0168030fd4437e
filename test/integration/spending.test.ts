import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openSpending } from '../../src/adapters/journal/openSpending.ts';
import type { ProcessIdentity } from '../../src/core/ports/processes.ts';
import type { SharedMoney, Spending } from '../../src/core/ports/spending.ts';
import { temporaryFolder } from '../support/journalSamples.ts';

const holder = fileURLToPath(new URL('../support/spendingHolder.ts', import.meta.url));

describe('what is spent and set aside over all repositories', function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof temporaryFolder>;
  const open: Spending[] = [];
  const dead = new Set<number>();
  const of = (repository: string, pid: number): Spending => {
    const process: ProcessIdentity = { pid, startTime: '1' };
    const file = join(folder.path, 'spending.db');
    const made = openSpending({ file, repository, process, isAlive: (one) => !dead.has(one.pid), now: () => 1_790_000_000_000 });
    open.push(made);
    return made;
  };
  const sums = (spending: Spending): string =>
    spending.look((money: SharedMoney) =>
      (['repository', 'everything'] as const)
        .map((one) => `${money.spent(one, '2026-09-21', '2026-09-22')} + ${money.held(one)}`)
        .join(', '),
    );

  beforeEach(() => {
    folder = temporaryFolder();
    dead.clear();
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
    folder.remove();
  });

  it('counts a charge once, exactly, by the day, and remembers how far it has counted', () => {
    const [shop, docs] = [of('shop', 1), of('docs', 2)];
    const charge = (key: string, day: string, usd: string) => ({ key, day, usd });
    shop.count([charge('a', '2026-09-21', '0.1'), charge('b', '2026-09-22', '0.2')], 7);
    shop.count([charge('b', '2026-09-22', '0.2'), charge('c', '2026-09-23', '5')], 5);
    docs.count([charge('a', '2026-09-21', '0.000000000001')], 3);
    assert.deepEqual(
      [sums(shop), sums(docs), shop.cursor(), docs.cursor()],
      ['0.3 + 0, 0.300000000001 + 0', '0.000000000001 + 0, 0.300000000001 + 0', 7, 3],
    );
  });

  it('sees what others hold but not what the same prompt held before; the dead hold nothing', () => {
    const [shop, docs] = [of('shop', 1), of('docs', 2)];
    shop.hold('one', () => '1');
    docs.hold('one', () => '2');
    const seen: string[] = [];
    shop.hold('one', (money) => {
      seen.push(money.held('everything'));
      return '1.5';
    });
    shop.hold('two', (money) => {
      seen.push(money.held('repository'), money.held('everything'));
      return null;
    });
    dead.add(2);
    assert.deepEqual([seen, sums(shop)], [['2', '1.5', '3.5'], '0 + 1.5, 0 + 1.5']);
    dead.clear();
    docs.release('one');
    assert.deepEqual([shop.releaseAll(), sums(shop)], [['one'], '0 + 0, 0 + 0']);
  });

  it('takes what is counted from what was set aside for it, so that it is never both', () => {
    const [shop, docs] = [of('shop', 1), of('docs', 2)];
    shop.hold('one', () => '1');
    docs.hold('one', () => '4');
    const charge = { key: 'a', day: '2026-09-21', usd: '0.75' };
    const seen = [sums(docs)];
    shop.count([charge], 1, 'one');
    seen.push(sums(docs));
    shop.count([charge, { ...charge, key: 'b' }], 2, 'one');
    seen.push(sums(docs));
    shop.hold('two', (money) => {
      seen.push(`${money.held('repository', new Set(['one', 'two']))} ${money.held('everything', new Set(['x']))}`);
      return null;
    });
    assert.deepEqual(seen, ['0 + 4, 0 + 5', '0 + 4, 0.75 + 4.25', '0 + 4, 1.5 + 4', '0 0']);
  });

  it('tells a thing once, whoever asks', () => {
    assert.deepEqual([of('shop', 1).tellOnce('x'), of('docs', 2).tellOnce('x'), of('docs', 3).tellOnce('y')], [true, false, true]);
  });

  it('never sets more aside than there is, however many processes ask at once', async () => {
    of('shop', 1);
    const children: ChildProcess[] = [];
    const held = await Promise.all(
      Array.from({ length: 6 }, async (_, n) => {
        const file = join(folder.path, 'spending.db');
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', holder, file, `r${n}`, '17'], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        children.push(child);
        const [line]: unknown[] = await once(createInterface({ input: child.stdout }), 'line');
        return Number(line);
      }),
    );
    for (const child of children) child.stdin?.end();
    await Promise.all(children.map((child) => once(child, 'exit')));
    assert.equal(
      held.reduce((sum, n) => sum + n, 0),
      17,
    );
  });
});
