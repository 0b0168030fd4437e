import { JournalRefused } from '../../src/core/ports/journal.ts';
import { finished, openSampleJournal, requested, started, warned } from './journalSamples.ts';
import { SeededRandom } from './seededRandom.ts';

/**
 * A process that takes the lease of the journal named first for the engine named second, whoever holds it, and appends for ever what the
 * seed given third decides. It says `token N` first, `confirmed SEQ` for each append that was confirmed, and `fenced` when it has lost the lease.
 */
const [, , file = '', engine = '', seed = '1'] = process.argv;
const random = new SeededRandom(Number(seed));
/** True in one case of `cases`. */
const oneIn = (cases: number) => random.below(cases) === 0;
const say = (line: string) => process.stdout.write(`${line}\n`);

const { journal, token } = openSampleJournal(file, engine);
say(`token ${token}`);
const runs: string[] = [];

async function appendOnce(): Promise<void> {
  const known = runs.length === 0 ? undefined : random.pick(runs);
  const begin = known === undefined || oneIn(10);
  const run = begin ? `${engine}-${seed}-${runs.length}` : known;
  if (begin) runs.push(run);
  const more = Array.from({ length: random.below(5) }, () => warned(run, 'x'.repeat(random.below(3000))));
  const ending = oneIn(20) ? [finished(run)] : [];
  const entries = [begin ? requested(run, `TASK-${runs.length}`) : started(run), ...more, ...ending].map((one) => ({
    ...one,
    actor: `person:${token}`,
  }));
  const stored = await journal.append({ entries, durability: oneIn(3) ? 'full' : 'normal' });
  say(`confirmed ${stored.at(-1)?.seq}`);
}

try {
  while (true) await Promise.all(Array.from({ length: 1 + random.below(8) }, appendOnce));
} catch (error) {
  say(error instanceof JournalRefused ? error.refusal.code : String(error));
}
