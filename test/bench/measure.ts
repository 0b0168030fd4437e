import type { Benchmark, Measured } from './benchmark.ts';
import { summarise } from './statistics.ts';

const fewestRounds = 7;

/**
 * Measures subject and baseline in the same rounds and changes which of them goes first, so that a machine that grows slower
 * treats both alike. One warm-up round is discarded. What was prepared is disposed of also when a round fails.
 */
export async function measure(benchmark: Benchmark): Promise<Measured> {
  const rounds = benchmark.rounds ?? fewestRounds;
  if (rounds < fewestRounds) throw new RangeError(`${benchmark.name}: ${rounds} rounds are fewer than ${fewestRounds}`);
  const prepared = await benchmark.prepare();
  try {
    const subject: number[] = [];
    const baseline: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const measureSubject = async () => subject.push(await prepared.subject());
      const measureBaseline = async () => prepared.baseline && baseline.push(await prepared.baseline());
      const order = round % 2 === 0 ? [measureSubject, measureBaseline] : [measureBaseline, measureSubject];
      for (const step of order) await step();
    }
    return summarise(benchmark, { subject: subject.slice(1), baseline: baseline.slice(1) });
  } finally {
    await prepared.dispose();
  }
}
