import type { Benchmark, Measured } from './benchmark.ts';
import { summarise } from './statistics.ts';

const fewestRounds = 7;
const fewestLongRounds = 3;

/**
 * Measures subject and baseline in the same rounds and changes which of them goes first, so that a machine that grows slower
 * treats both alike. One warm-up round is discarded. What was prepared is disposed of also when a round fails.
 * @param asked so many rounds, in place of the benchmark's own, for a quick look
 */
export async function measure(benchmark: Benchmark, asked?: number): Promise<Measured> {
  const rounds = asked ?? benchmark.rounds ?? fewestRounds;
  const fewest = benchmark.long === true ? fewestLongRounds : fewestRounds;
  if (asked === undefined && rounds < fewest) throw new RangeError(`${benchmark.name}: ${rounds} rounds are fewer than ${fewest}`);
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
