import { spawn } from 'node:child_process';
import { closeSync, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs';
import { createServer } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { BootFailure } from '../../core/ports/agent.ts';
import { lateText } from './lateText.ts';

const LISTENING = 'opencode server listening on';
/** Where the system tells of changes of a file, in case one is missed; else all there is. */
const LOOK_EVERY_MS = { watched: 100, unwatched: 10 };
const LOOK_BYTES = 65_536;
const TAIL_BYTES = 4_096;

export interface ServerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  /** What the server has printed since it started, its last 4 kB. */
  logTail(): string;
  /** Resolves when the server says that it listens: a request made before that is never answered. */
  listening(clock: Clock, limitMs: number, signal: AbortSignal): Promise<Result<void, BootFailure>>;
}

/**
 * Starts `opencode serve` in a process group of its own, printing into a file, so that it neither dies nor blocks when the
 * process that started it ends.
 */
export async function spawnServer(options: {
  readonly executable: string;
  readonly worktree: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Put in front of the executable. */
  readonly boundary: readonly string[];
  /** File that the boundary reads as descriptor 3. */
  readonly descriptor?: string | null;
}): Promise<Result<ServerProcess, BootFailure>> {
  const log = openSync(options.logFile, 'a', 0o600);
  const given = options.descriptor == null ? null : openSync(options.descriptor, 'r');
  const start = fstatSync(log).size;
  const command = [...options.boundary, options.executable];
  const args = command.slice(1);
  const child = spawn(command[0] ?? options.executable, [...args, 'serve', '--hostname', '127.0.0.1', '--port', String(options.port)], {
    cwd: options.worktree,
    env: options.env,
    detached: true,
    stdio: ['ignore', log, log, ...(given === null ? [] : [given])],
  });
  closeSync(log);
  if (given !== null) closeSync(given);
  const exited = new Promise<ServerExit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const failure = await new Promise<Error | null>((resolve) => {
    child.once('spawn', () => resolve(null));
    child.once('error', resolve);
  });
  const { pid } = child;
  if (failure !== null || pid === undefined)
    return err({ code: 'spawnFailed', message: `the agent server can't be started: ${failure?.message ?? 'no process'}`, logTail: '' });
  child.unref();
  let ended = false;
  exited.then(
    () => {
      ended = true;
    },
    () => {},
  );
  const logTail = (): string => readPart(options.logFile, start, TAIL_BYTES, 'last').text;
  let looked = start;
  let saysSo = false;
  /** Reads on from where the last look ended, with what may be the beginning of the words. */
  const isListening = (): boolean => {
    const { text, end } = readPart(options.logFile, looked, LOOK_BYTES, 'first');
    saysSo ||= text.includes(LISTENING);
    looked = Math.max(looked, end - LISTENING.length);
    return saysSo;
  };
  const listening = async (clock: Clock, limitMs: number, signal: AbortSignal): Promise<Result<void, BootFailure>> => {
    const until = clock.monotonic() + limitMs;
    let wake = (): void => {};
    const watcher = watchFile(options.logFile, () => wake());
    exited.then(
      () => wake(),
      () => wake(),
    );
    try {
      for (;;) {
        const changed = new AbortController();
        wake = () => changed.abort();
        if (isListening()) return ok(undefined);
        if (ended) return err(await earlyExit(exited, options.port, logTail()));
        if (clock.monotonic() > until) return err({ code: 'unhealthy', message: lateText('did not listen', limitMs), logTail: logTail() });
        const waitMs = watcher === null ? LOOK_EVERY_MS.unwatched : LOOK_EVERY_MS.watched;
        await clock.sleep(waitMs, AbortSignal.any([signal, changed.signal])).catch(() => signal.throwIfAborted());
      }
    } finally {
      watcher?.close();
    }
  };
  return ok({ pid, exited, logTail, listening });
}

/** Null where the system does not tell of changes. */
function watchFile(file: string, onChange: () => void): FSWatcher | null {
  try {
    const watcher = watch(file, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** The first or last so many bytes of what is behind `start`, and where they end. */
function readPart(file: string, start: number, most: number, which: 'first' | 'last'): { readonly text: string; readonly end: number } {
  const handle = openSync(file, 'r');
  try {
    const bytes = Math.max(0, fstatSync(handle).size - start);
    const from = which === 'first' ? start : start + Math.max(0, bytes - most);
    const buffer = Buffer.alloc(Math.min(most, bytes));
    const read = readSync(handle, buffer, 0, buffer.length, from);
    return { text: buffer.toString('utf8', 0, read), end: from + read };
  } finally {
    closeSync(handle);
  }
}

export async function earlyExit(exited: Promise<ServerExit>, port: number, logTail: string): Promise<BootFailure> {
  const { code, signal } = await exited;
  // The server itself only says that it could not serve.
  if (/ServeError|EADDRINUSE/.test(logTail) || (await isTaken(port))) {
    return { code: 'portTaken', message: `port ${port} is held by another process`, logTail };
  }
  return { code: 'exited', message: `the agent server ended at once (${signal ?? `exit code ${code}`})`, logTail };
}

const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(true));
    probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(false)));
  });
