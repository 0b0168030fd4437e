import { appendFileSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

const MAX_BYTES = 8 * 1024 * 1024;

/** One JSON object per line, with time and level. At 8 MB the file becomes `<file>.1`, so that two files are the most there is. */
export function createFileLog(file: string, clock: Clock): Log {
  let written = sizeOf(file);
  return {
    log(level, message, fields) {
      const line = `${JSON.stringify({ at: new Date(clock.now()).toISOString(), level, message, ...fields })}\n`;
      try {
        if (written > MAX_BYTES) {
          renameSync(file, `${file}.1`);
          written = 0;
        }
        appendFileSync(file, line, { mode: 0o600 });
        written += Buffer.byteLength(line);
      } catch {
        // A full disk must not stop the work that the log is about.
      }
    },
  };
}

const sizeOf = (file: string): number => {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
};
