import { sha256 } from '../../src/adapters/journal/sha256.ts';
import { SecretGuard } from '../../src/core/policy/secrets/secretGuard.ts';
import { message } from '../support/journalSamples.ts';
import type { Benchmark } from './benchmark.ts';

const known = Array.from({ length: 12 }, (_, index) => ({ name: `KEY_${index}`, value: sha256(String(index)).slice(0, 30) }));
const guard = new SecretGuard(known, sha256);
const line = '    at Object.<anonymous> (/home/ada/shop/test/orders.test.ts:41:12) expected 3 to equal 4\n';

/** Microseconds for one call of `work`, the mean of many, since one is shorter than the clock can tell. */
function microseconds(calls: number, work: () => unknown): Promise<number> {
  const started = performance.now();
  for (let call = 0; call < calls; call += 1) work();
  return Promise.resolve(((performance.now() - started) * 1000) / calls);
}

const dispose = (): Promise<void> => Promise.resolve();

/** What it costs that nothing with a secret in it is recorded. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: 'secrets/line',
    unit: 'us',
    target: { of: 'median', atMost: 2 },
    prepare: () => {
      const output = line.repeat(1000);
      return Promise.resolve({ subject: async () => (await microseconds(20, () => guard.redact(output))) / 1000, dispose });
    },
  },
  {
    name: 'secrets/entry',
    unit: 'us',
    target: { of: 'median', atMost: 50 },
    prepare: () => {
      const entry = message('r1', 1, 'Some words of a model about what it did and why. '.repeat(20));
      return Promise.resolve({ subject: () => microseconds(5000, () => guard.redactIn(entry.data)), dispose });
    },
  },
];
