import { execFileSync } from 'node:child_process';
import { isBeingWritten } from '../../src/adapters/journal/connection.ts';
import { until } from './reactor.ts';

/** Stops an engine (SIGSTOP) at an instant at which it does not write to its journal: it would keep the file locked for all others. */
export async function stopUnlocked(pid: number, journal: string): Promise<void> {
  for (;;) {
    process.kill(pid, 'SIGSTOP');
    await until('the engine stands still', () =>
      execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T'),
    );
    if (!isBeingWritten(journal)) return;
    process.kill(pid, 'SIGCONT');
  }
}
