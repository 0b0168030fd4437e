import { UserFacingError } from '../../src/base/userFacingError.ts';
import { openSampleJournal, requested, warned } from './journalSamples.ts';

/**
 * A process that appends batches of ten entries for ever to the journal named by its argument, and says `appended` for each; ends with the
 * code of the error that stopped it.
 */
const { journal } = openSampleJournal(process.argv[2] ?? '');
await journal.append({
  entries: Array.from({ length: 10 }, (_, index) => (index === 0 ? requested('filler') : warned('filler', 'x'.repeat(2000)))),
  durability: 'full',
});
process.stdout.write('appended\n');
try {
  while (true) {
    await journal.append({ entries: Array.from({ length: 10 }, () => warned('filler', 'x'.repeat(2000))), durability: 'full' });
    process.stdout.write('appended\n');
  }
} catch (error) {
  process.stdout.write(`${error instanceof UserFacingError ? error.code : String(error)}\n`);
}
