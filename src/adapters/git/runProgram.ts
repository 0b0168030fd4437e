import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of it; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Standard input; empty when left out. */
  readonly input?: string | Uint8Array | undefined;
  readonly stdout: 'pipe' | 'ignore';
  /** A number is an open file. */
  readonly stderr: 'pipe' | number;
  /** Of each output; at more the program is ended. */
  readonly maxBytes: number;
  /** Then it is ended; no limit when left out. */
  readonly timeoutMs?: number | undefined;
}

export interface ProgramEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Cut off at the limit; empty for what went elsewhere. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly truncated: boolean;
  readonly timedOut: boolean;
}

/** From the request to end until it is made to. */
const KILL_AFTER_MS = 5_000;

/** What this process has started and would leave behind. */
const running = new Set<ChildProcess>();
let endsThem = false;

/**
 * Runs a program without a shell, to its end and that of its outputs. An abort ends it; then, too, this resolves when it has ended.
 * @throws what the system says when it can't be started.
 */
export function runProgram(clock: Clock, call: ProgramCall, signal?: AbortSignal): Promise<ProgramEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramEnd>();
  const { cwd, env, input, maxBytes, timeoutMs } = call;
  const stdio = [input === undefined ? 'ignore' : 'pipe', call.stdout, call.stderr] as const;
  const child = spawn(call.program, call.args, { cwd, env, stdio: [...stdio], windowsHide: true });
  let isEnding = false;
  let truncated = false;
  let timedOut = false;
  const timers: { dispose(): void }[] = [];
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    child.kill();
    timers.push(clock.schedule(KILL_AFTER_MS, () => child.kill('SIGKILL')));
  };
  const cut = (): void => {
    truncated = true;
    end();
  };
  const outputs = [collect(child.stdout, maxBytes, cut), collect(child.stderr, maxBytes, cut)] as const;
  if (timeoutMs !== undefined) {
    const overdue = (): void => {
      timedOut = !isEnding;
      end();
    };
    timers.push(clock.schedule(timeoutMs, overdue));
  }
  signal?.addEventListener('abort', end, { once: true });
  endWithThisProcess(child);
  const settle = (): void => {
    running.delete(child);
    signal?.removeEventListener('abort', end);
    for (const timer of timers) timer.dispose();
  };
  child.once('error', (error) => {
    // Also told of a signal that could not be sent: its end is still to come.
    if (child.pid !== undefined) return;
    settle();
    reject(error);
  });
  child.once('exit', () => {
    // Whoever else holds the outputs of a program that was ended may do so for ever.
    if (isEnding) for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  });
  child.once('close', (exitCode, killedBy) => {
    settle();
    const [stdout, stderr] = outputs.map((output) => output());
    if (stdout !== undefined && stderr !== undefined) resolve({ exitCode, signal: killedBy, stdout, stderr, truncated, timedOut });
  });
  if (child.stdin !== null) {
    // A program may end without having read it.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  }
  return promise;
}

/** Gathers a stream. @returns what gives the bytes so far. */
function collect(stream: Readable | null, maxBytes: number, onTooMuch: () => void): () => Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (size >= maxBytes && chunk.length > 0) return onTooMuch();
    const left = maxBytes - size;
    chunks.push(chunk.length > left ? chunk.subarray(0, left) : chunk);
    size += Math.min(chunk.length, left);
    if (chunk.length > left) onTooMuch();
  });
  stream?.on('error', () => {});
  return () => {
    const whole = Buffer.concat(chunks, size);
    return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
  };
}

function endWithThisProcess(child: ChildProcess): void {
  running.add(child);
  if (endsThem) return;
  endsThem = true;
  process.once('exit', () => {
    for (const one of running) one.kill();
  });
}
