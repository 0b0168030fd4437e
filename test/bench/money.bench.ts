import { join } from 'node:path';
import { openSpending } from '../../src/adapters/journal/openSpending.ts';
import { event } from '../../src/core/journal/events.ts';
import type { Charge } from '../../src/core/money/charge.ts';
import { costOf } from '../../src/core/money/unitPrices.ts';
import { sonnet } from '../support/costs/costStory.ts';
import { message, openSampleJournal, requested, stamped, temporaryFolder } from '../support/journalSamples.ts';
import { type Benchmark, timeMs } from './benchmark.ts';

const COUNT = 100;
const chargeOf = (n: number): Charge => {
  const tokens = { input: 1000 + n, output: 50, reasoning: 5, cacheRead: 200, cacheWrite: 0 };
  return {
    key: `msg_${n}/0`,
    at: 1_790_000_000_000 + n,
    run: 'r1',
    attempt: 1,
    task: 'TASK-001',
    category: 'fix',
    cell: 'c1',
    messageId: `msg_${n}`,
    sessionId: 'session',
    provider: 'scripted',
    model: 'm1',
    agent: 'build',
    operation: 'tool',
    tokens,
    price: sonnet,
    costUsd: costOf(tokens, sonnet),
    estimated: false,
  };
};

/** Messages recorded per second, one at a time and durable as money is: with their charges, budgets looked at, against without. */
const recording: Benchmark = {
  name: 'money/chargesRecorded',
  unit: '/s',
  target: { of: 'ratio', atLeast: 0.6 },
  rounds: 7,
  async prepare() {
    const folder = temporaryFolder();
    const { journal } = openSampleJournal(join(folder.path, 'journal.db'));
    await journal.append({ entries: [requested('r1')], durability: 'full' });
    const self = { pid: process.pid, startTime: '1' };
    const spending = openSpending({
      file: join(folder.path, 'spending.db'),
      repository: 'shop',
      process: self,
      isAlive: () => true,
      now: () => 1_790_000_000_000,
    });
    let n = 0;
    const heard = () => stamped('r1', message('r1', 1, `message ${n}`));
    const perSecond = (ms: number) => (COUNT / ms) * 1000;
    const withCharge = async (): Promise<void> => {
      n += 1;
      const charge = chargeOf(n);
      const [, last] = await journal.append({
        entries: [heard(), stamped('r1', event('charge/recorded', { charge }))],
        durability: 'full',
      });
      spending.count([{ key: charge.key, day: '2026-09-21', usd: charge.costUsd ?? '0' }], last?.seq ?? 0, 'r1');
      spending.hold('r1', (money) => (money.spent('repository', '2026-09-01', '2026-09-31') === '' ? null : money.held('everything')));
    };
    const without = async (): Promise<void> => {
      n += 1;
      await journal.append({ entries: [heard()], durability: 'full' });
    };
    const measure = (one: () => Promise<void>) => async () =>
      perSecond(
        await timeMs(async () => {
          for (let done = 0; done < COUNT; done += 1) await one();
        }),
      );
    return {
      subject: measure(withCharge),
      baseline: measure(without),
      dispose: async () => {
        spending.close();
        journal.close();
        folder.remove();
      },
    };
  },
};

/** What accounting adds to one model call: everything between a message that was heard and the decision to go on. */
const perCall: Benchmark = {
  ...recording,
  name: 'money/perCall',
  unit: 'ms',
  // A model call takes a second at least: under one percent of it.
  target: { of: 'median', atMost: 10 },
  async prepare() {
    const { subject, baseline, dispose } = await recording.prepare();
    const ms = async (rate: (() => Promise<number>) | undefined) => (rate === undefined ? 0 : 1000 / (await rate()));
    return { subject: async () => (await ms(subject)) - (await ms(baseline)), dispose };
  },
};

export const benchmarks: readonly Benchmark[] = [recording, perCall];
