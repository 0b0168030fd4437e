import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { errorText, type Log } from '../../base/log.ts';
import type { ProcessIdentity } from '../../core/ports/processes.ts';
import { endCell } from './endCell.ts';
import type { ProcessTable } from './processTable.ts';
import { parseWardenLine } from './wardenProtocol.ts';

export interface WardenOptions {
  /** What the engine says; its end is the engine's end. */
  readonly input: Readable;
  readonly table: ProcessTable;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly log: Log;
  /** How long after the engine's end its cells may be taken over, milliseconds. */
  readonly adoptMs: number;
  /** Between SIGTERM and SIGKILL, milliseconds. */
  readonly killGraceMs: number;
}

/**
 * Follows the engine until it says farewell or its pipe ends. In the second case waits for a new engine to take over (which stands
 * this process down by a signal) and then ends all cells on the list, side by side.
 */
export async function runWarden({ input, table, clock, log, adoptMs, killGraceMs }: WardenOptions): Promise<void> {
  const cells = new Map<string, ProcessIdentity | null>();
  if (await followEngine(input, cells, log)) return;

  if (cells.size === 0) return log.log('info', 'the engine ended without a farewell and without cells');
  log.log('warn', 'the engine ended without a farewell', { cells: [...cells.keys()], adoptMs });
  await clock.sleep(adoptMs);
  await Promise.all(
    [...cells].map(async ([cell, leader]) => {
      try {
        const report = await endCell({ table, clock }, cell, leader, killGraceMs);
        log.log(report.left.length > 0 ? 'error' : 'info', 'ended the processes of a cell', { cell, ...report });
      } catch (error) {
        log.log('error', 'the processes of a cell could not be ended', { cell, error: errorText(error) });
      }
    }),
  );
}

/** True when the engine said farewell. A line cut off by the engine's death is dropped. */
async function followEngine(input: Readable, cells: Map<string, ProcessIdentity | null>, log: Log): Promise<boolean> {
  let rest = '';
  input.setEncoding('utf8');
  try {
    for await (const chunk of input) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const message = parseWardenLine(line);
        if (message === null) log.log('warn', 'skipped a line that is no message', { length: line.length });
        else if ('bye' in message) return true;
        else if ('remove' in message) cells.delete(message.remove);
        else cells.set(message.add.cell, message.add.leader);
      }
    }
  } catch (error) {
    log.log('warn', 'the pipe to the engine broke', { error: errorText(error) });
  }
  return false;
}
