import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { acquireLease } from '../../src/adapters/journal/lease.ts';
import { holderNamed, isAlive } from './journalSamples.ts';

/** A process that asks for the lease of the file named first for the engine named second, says what it got, and lives on until killed. */
const [, , file = '', engine = ''] = process.argv;
const answer = acquireLease({ file, clock: systemClock, holder: holderNamed(engine), isAlive });
process.stdout.write(answer.ok ? `token ${answer.token}\n` : 'held\n');
process.stdin.resume();
