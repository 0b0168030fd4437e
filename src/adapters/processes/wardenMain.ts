import { closeSync, writeSync } from 'node:fs';
import { scheduler } from 'node:timers/promises';
import { errorText, type Log } from '../../base/log.ts';
import { runWarden } from './runWarden.ts';
import { thisProcessTable } from './thisProcessTable.ts';

/**
 * The warden's program: `wardenMain ADOPT_MS KILL_GRACE_MS`. Standard input is the engine, standard output the log file, descriptor 3
 * is written once when it listens. It has a clock of its own, as it is built without the rest of Reactor.
 */
const [adoptMs = Number.NaN, killGraceMs = Number.NaN] = process.argv.slice(2).map(Number);
const clock = { monotonic: () => performance.now(), sleep: (ms: number) => scheduler.wait(ms) };
const log: Log = {
  log: (level, message, fields) => {
    const at = new Date(performance.timeOrigin + performance.now()).toISOString();
    try {
      writeSync(1, `${JSON.stringify({ at, level, message, warden: process.pid, ...fields })}\n`);
    } catch {
      // A full disk must not keep the warden from its work.
    }
  },
};

// A new engine has taken the cells over: nothing is ended, whatever was under way.
process.on('SIGUSR2', () => process.exit(0));
// Meant for the engine or its terminal. The warden has to outlive both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {});
// One mishap must not cost all cells their end.
process.on('uncaughtException', (error) => log.log('error', 'unexpected', { error: errorText(error) }));

process.title = 'reactor-warden';
process.chdir('/');
if (!(adoptMs >= 0 && killGraceMs >= 0)) {
  log.log('error', 'started without its two durations');
  process.exit(1);
}
writeSync(3, 'ready\n');
closeSync(3);
await runWarden({ input: process.stdin, table: thisProcessTable(), clock, log, adoptMs, killGraceMs });
process.exit(0);
