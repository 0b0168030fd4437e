import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createProcesses } from '../../src/adapters/processes/processes.ts';
import { silentLog } from '../../src/base/log.ts';
import { CELL_MARKER, type ProcessIdentity } from '../../src/core/ports/processes.ts';

/** A grace time that no test survives: to return at all, the code has to notice that waiting is over. */
export const NEVER_WAITED_OUT_MS = 3_600_000;

export const processes = createProcesses({ clock: systemClock, log: silentLog });

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = systemClock.monotonic() + 60_000;
  while (!(await condition())) {
    if (systemClock.monotonic() > deadline) throw new Error(`waited in vain until ${what}`);
    await systemClock.sleep(10);
  }
}

/** Everything one test starts and writes; ended and removed by `close`. */
export class ProcessLab {
  readonly cell = `cell-${randomUUID()}`;
  readonly #cells = [this.cell];
  readonly #children: ChildProcess[] = [];
  readonly #strangers: ProcessIdentity[] = [];
  #folder: Promise<string> | undefined;

  get folder(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'reactor-processes-'));
    return this.#folder;
  }

  anotherCell(id: string = `cell-${randomUUID()}`): string {
    this.#cells.push(id);
    return id;
  }

  /** Runs a shell script in a session and group of its own, marked as the cell's, and resolves with it once it printed `ready`. */
  async shell(script: string, options: { readonly cell?: string | null } = {}): Promise<ProcessIdentity> {
    const cell = options.cell === undefined ? this.cell : options.cell;
    const child = spawn('/bin/sh', ['-c', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'], ...(cell === null ? {} : { [CELL_MARKER]: cell }) },
    });
    return this.#ready(child);
  }

  /** Runs a module that may import Reactor's sources as `src/…` and resolves with it once it printed a line, which is returned too. */
  async module(code: string, env: NodeJS.ProcessEnv = {}): Promise<{ process: ProcessIdentity; line: string; child: ChildProcess }> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', withSources(code)], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    const lines = firstLine(child);
    const identity = await this.#ready(child, lines);
    return { process: identity, line: await lines, child };
  }

  /** Also ended by `close`, though nobody's child here. */
  adopt(process: ProcessIdentity): void {
    this.#strangers.push(process);
  }

  async close(): Promise<void> {
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    for (const stranger of this.#strangers) if (processes.isAlive(stranger)) process.kill(stranger.pid, 'SIGKILL');
    for (const cell of this.#cells) await processes.endCell(cell, null, 0);
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true });
  }

  /** The identity is taken before the line is awaited: some processes end right after it. */
  async #ready(child: ChildProcess, line: Promise<string> = firstLine(child)): Promise<ProcessIdentity> {
    this.#children.push(child);
    const identity = processes.identify(child.pid ?? 0);
    await line;
    if (identity === null) throw new Error('the test process ended too early');
    return identity;
  }
}

/** All that a process prints, once it has ended. */
export const outputOf = async (code: string, env: NodeJS.ProcessEnv = {}): Promise<string> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', withSources(code)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  return text(child.stdout);
};

function withSources(code: string): string {
  return code.replaceAll("'src/", `'${pathToFileURL(join(import.meta.dirname, '..', '..', 'src'))}/`);
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
      if (printed.includes('\n')) resolve(printed.slice(0, printed.indexOf('\n')));
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`ended before it printed a line: ${printed}`)));
  });
}
