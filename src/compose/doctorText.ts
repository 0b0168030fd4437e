import process from 'node:process';
import { systemClock } from '../adapters/clock/systemClock.ts';
import { toDisposable } from '../base/lifecycle.ts';
import { localDay } from '../base/localDay.ts';
import type { CliHost } from '../cli/cliHost.ts';
import { doctorCommand } from '../cli/commands/doctor.ts';
import type { OutputStream, Terminal } from '../cli/terminal.ts';
import { programVersion } from './program.ts';

/** What `reactor doctor` prints about a folder, as plain text. */
export async function doctorText(host: CliHost, folder: string): Promise<string> {
  const parts: string[] = [];
  const stream: OutputStream = {
    isTTY: false,
    columns: 160,
    rows: 50,
    write: (text) => void parts.push(text),
    flush: () => Promise.resolve(),
    readerGone: new AbortController().signal,
    failure: null,
  };
  const terminal: Terminal = {
    argv: [],
    folder,
    environment: { ...process.env, NO_COLOR: '1' },
    version: programVersion(),
    stdout: stream,
    stderr: stream,
    stdinIsTTY: false,
    clock: systemClock,
    ask: () => Promise.resolve(null),
    readInput: () => Promise.resolve(''),
    onKey: () => toDisposable(() => {}),
    onInterrupt: () => toDisposable(() => {}),
    timeOfDay: (at) => new Date(at).toISOString().slice(11, 19),
    dayOf: localDay,
  };
  await doctorCommand({ terminal, host: () => Promise.resolve(host) }, {});
  return parts.join('');
}
