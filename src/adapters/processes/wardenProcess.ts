import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { CELL_MARKER, type ProcessIdentity } from '../../core/ports/processes.ts';

/** One running warden, seen from the engine. It does not keep the engine alive. */
export interface WardenProcess {
  readonly process: ProcessIdentity;
  /** Never throws: when the warden has gone, `exited` says so. */
  send(line: string): void;
  readonly exited: Promise<void>;
  /** From now on the engine's event loop goes on until the warden has ended. */
  keepEngineAlive(): void;
}

/**
 * Starts a warden in a session of its own, so that no signal to the engine's terminal or group reaches it, and waits until it listens.
 * @param argv the program and its arguments.
 * @throws Error when it ends before it listens, or `signal` aborts; then no warden is left.
 */
export async function startWardenProcess(
  argv: readonly string[],
  logFile: string,
  identify: (pid: number) => ProcessIdentity | null,
  signal: AbortSignal,
): Promise<WardenProcess> {
  const [program = '', ...args] = argv;
  const output = openSync(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(program, args, { detached: true, stdio: ['pipe', output, output, 'pipe'], env: wardenEnvironment(process.env) });
  } finally {
    closeSync(output);
  }
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const input = child.stdin as Writable;
  // A write to a warden that has just died; its end is reported by `exited`.
  input.on('error', () => {});
  try {
    await untilReady(child, exited, signal);
    const identity = child.pid === undefined ? null : identify(child.pid);
    if (identity === null) throw new Error('the warden ended while it started');
    child.unref();
    unrefPipe(input);
    return {
      process: identity,
      exited,
      send: (line) => {
        if (input.writable) input.write(line);
      },
      keepEngineAlive: () => child.ref(),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

async function untilReady(child: ChildProcess, exited: Promise<void>, signal: AbortSignal): Promise<void> {
  const ready = child.stdio[3] as Readable;
  try {
    const isReady = await Promise.race([once(ready, 'data', { signal }).then(() => true), exited.then(() => false)]);
    if (!isReady) throw new Error('the warden ended before it was ready');
  } finally {
    ready.destroy();
  }
}

/** Without the marker of a cell that Reactor itself may run in, and without what would load or debug other code in the warden. */
function wardenEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [CELL_MARKER]: _cell, NODE_OPTIONS: _options, ...rest } = env;
  return rest;
}

function unrefPipe(pipe: Writable): void {
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
}
