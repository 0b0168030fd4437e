import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, linkSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ShellRequest, ShellResult } from '../../core/ports/agent.ts';
import type { CommandEnclosure } from '../../core/ports/sandbox.ts';
import { outputTail, TAIL_BYTES } from './commandText.ts';
import { DEATH_IS_KNOWN_MS, endedWithin } from './endedWithin.ts';
import { hasGateHome, layGateHome } from './gateHome.ts';
import { COMMAND_MARKER, endMarked } from './markedProcesses.ts';
import { endNested } from './nestedProcesses.ts';
import { ServerCallFailed, type ServerConnection } from './serverConnection.ts';
import { shellQuote } from './serverFolders.ts';
import { isSilent, watchForSilence } from './serverSilence.ts';

const ABORT_LIMIT_MS = 5_000;
const DRAIN_LIMIT_MS = 2_000;
const DRAIN_LOOK_EVERY_MS = 5;

export interface ShellContext {
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly log: Log;
  readonly worktree: string;
  readonly commandFolder: string;
  readonly outputFolder: string;
  readonly boundary: CommandEnclosure | null;
  readonly userEnv: NodeJS.ProcessEnv;
  readonly environment: Readonly<Record<string, string>>;
  readonly exited: Promise<unknown>;
  /** The first process of the server's sandbox, or the server. */
  readonly leader: number;
}

/**
 * One command, run by the agent server in the cell. The server returns no exit code, evaluates what it is given and sends output
 * as events, so it is given one small script that runs the real one: output into a file, the code behind a nonce.
 */
export class ShellCommand {
  readonly #context: ShellContext;
  readonly #request: ShellRequest;
  readonly #nonce = randomBytes(16).toString('hex');
  /** What the command is: nothing in the cell can change it. */
  readonly #folder: string;
  /** What comes of it. */
  readonly #outputs: string;
  #inGate = false;

  constructor(context: ShellContext, request: ShellRequest) {
    this.#context = context;
    this.#request = request;
    this.#folder = join(context.commandFolder, this.#nonce);
    this.#outputs = join(context.outputFolder, this.#nonce);
  }

  async run(signal: AbortSignal): Promise<ShellResult> {
    const { clock, connection, exited } = this.#context;
    const startedAt = clock.monotonic();
    if (signal.aborted) return this.#result(null, 'aborted', startedAt);
    const stop = new AbortController();
    let stopped: 'timedOut' | 'aborted' | 'serverGone' | undefined;
    const end = (why: 'timedOut' | 'aborted' | 'serverGone'): void => {
      stopped ??= why;
      stop.abort();
    };
    const onAbort = (): void => end('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = clock.schedule(this.#request.timeoutMs, () => end('timedOut'));
    // The answer of a server that is stopped or stuck would never come.
    const watch = watchForSilence(connection, clock, () => end('serverGone'));
    exited.then(
      () => end('serverGone'),
      () => {},
    );
    try {
      // A session of its own: in the agent's, the command would become part of the conversation, and two at once are refused.
      const creating = connection.call(
        'create session',
        (own) => connection.sdk.session.create({ title: 'Reactor command' }, { signal: own }),
        {
          signal: stop.signal,
        },
      );
      // Heard below, once the gate is clear: each takes some milliseconds.
      creating.catch(() => {});
      if (!(await this.#clearGate())) return this.#result(null, 'serverGone', startedAt);
      this.#prepare();
      const session = await creating;
      if (stop.signal.aborted) return this.#result(null, stopped ?? 'aborted', startedAt);
      const answer = this.#send(session.id);
      const code = await Promise.race([
        answer,
        new Promise<null>((resolve) => stop.signal.addEventListener('abort', () => resolve(null), { once: true })),
      ]);
      if (code === null && stopped === undefined) await endedWithin(exited, DEATH_IS_KNOWN_MS, clock);
      // What ran out of time under a server that says nothing may have waited for it.
      if (stopped !== undefined && !(await this.#stop(session.id, answer, stopped, signal))) stopped = 'serverGone';
      if (!(await this.#endLeft())) stopped = 'serverGone';
      await this.#drain();
      return this.#result(stopped === undefined ? code : null, stopped ?? 'exited', startedAt);
    } catch (error) {
      if (stopped === undefined && !(await this.#isLost(error, signal))) throw error;
      await endMarked(clock, COMMAND_MARKER, this.#nonce);
      await this.#endNested();
      return this.#result(null, stopped ?? 'serverGone', startedAt);
    } finally {
      timer.dispose();
      watch.dispose();
      signal.removeEventListener('abort', onAbort);
      for (const folder of [this.#folder, this.#outputs]) rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The server went away, or is there and answers nothing any more. */
  async #isLost(error: unknown, signal: AbortSignal): Promise<boolean> {
    const { clock, connection, exited } = this.#context;
    if (await endedWithin(exited, DEATH_IS_KNOWN_MS, clock)) return true;
    return error instanceof ServerCallFailed && error.status === null && (await isSilent(connection, clock, signal));
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  #output(name: string): string {
    return join(this.#outputs, name);
  }

  /** Scripts in files need no quoting of the command, whatever is in it. */
  #prepare(): void {
    const { userEnv, environment, worktree, boundary } = this.#context;
    const { command, folder, maxBytes, outputFile } = this.#request;
    for (const path of [this.#folder, this.#outputs]) mkdirSync(path, { recursive: true, mode: 0o700 });
    mkdirSync(dirname(outputFile), { recursive: true });
    rmSync(outputFile, { force: true });
    // One file under two names: the second is in a folder that the server can write.
    writeFileSync(outputFile, '', { flag: 'wx' });
    linkSync(outputFile, this.#output('output'));
    writeFileSync(this.#file('command'), `${command}\n`, { mode: 0o600 });
    // With a boundary the command finds the user's behind it; what this script starts itself runs beside the server.
    const path = boundary === null ? userEnv['PATH'] : boundary.path;
    const variables = { ...environment, ...(path === undefined ? {} : { PATH: path }) };
    const pipe = shellQuote(this.#output('pipe'));
    const out = (name: string): string => shellQuote(this.#output(name));
    const shell = this.#shell().map(shellQuote).join(' ');
    const lines = [
      // Programs it starts get the usual behaviour back, because a signal with a handler is not inherited as one that is ignored.
      'trap : HUP INT TERM',
      // A session of its own, where the system has the tool for it: a command that signals its whole process group ends only itself.
      'own=; if command -v setsid >/dev/null 2>&1; then own=setsid; fi',
      ...Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
      `mkfifo ${pipe} || exit 1`,
      `{ head -c ${Math.max(0, Math.floor(maxBytes))} >${out('output')}; tail -c ${TAIL_BYTES} >${out('rest')}; : >${out('drained')}; } <${pipe} >/dev/null 2>&1 &`,
      `( cd ${shellQuote(join(worktree, folder))} && ${COMMAND_MARKER}=${this.#nonce} exec $own ${shell} ${boundary?.streams ?? ''} ) </dev/null >${pipe} 2>&1`,
      `printf '%s:%d:' ${this.#nonce} "$?"`,
      '',
    ];
    writeFileSync(this.#file('run'), lines.join('\n'), { mode: 0o600 });
  }

  /** For a command that decides: see `ShellRequest.isGate`. False when what runs in the cell could not be ended. */
  async #clearGate(): Promise<boolean> {
    const folder = this.#context.boundary?.gateIn ?? null;
    if (this.#request.isGate !== true || folder === null) return true;
    if (!(await this.#endNested())) return false;
    this.#inGate = this.#request.keepsGateHome === true ? hasGateHome(folder) : await layGateHome(folder);
    return true;
  }

  /** What sheds the command's mark and goes on in its sandbox, where there is one. */
  async #endNested(): Promise<boolean> {
    const { boundary, clock, leader, log } = this.#context;
    if (boundary === null || (await endNested(clock, leader))) return true;
    log.log('warn', 'what a command left running could not be ended');
    return false;
  }

  /** After the command's end. In a sandbox all that it left is found by the namespaces it is in, without its mark. */
  async #endLeft(): Promise<boolean> {
    const { boundary, clock, log } = this.#context;
    if (boundary !== null) return this.#endNested();
    const processes = await endMarked(clock, COMMAND_MARKER, this.#nonce);
    if (processes > 0) log.log('warn', 'a command left processes running; they were ended', { processes });
    return true;
  }

  /** The program that runs the command, in the sandbox of a command where there is one. */
  #shell(): string[] {
    const { boundary } = this.#context;
    const command = this.#file('command');
    if (boundary === null) return ['/bin/sh', command];
    const path = join(this.#context.commandFolder, 'command');
    return [...boundary.command([{ from: command, path }], this.#inGate), '/bin/sh', path];
  }

  /** The command's exit code, or null when the server could not tell one. */
  async #send(sessionId: string): Promise<number | null> {
    const { connection, log } = this.#context;
    try {
      const message = await connection.call(
        'shell',
        (own) =>
          connection.sdk.session.shell(
            { sessionID: sessionId, agent: 'build', command: `/bin/sh ${shellQuote(this.#file('run'))}` },
            { signal: own },
          ),
        { timeoutMs: null },
      );
      const output = message.parts
        .map((part) => (part.type === 'tool' && part.state.status === 'completed' ? part.state.output : ''))
        .join('');
      const code = new RegExp(`${this.#nonce}:(\\d+):`).exec(output)?.[1];
      return code === undefined ? null : Number(code);
    } catch (error) {
      if (!(error instanceof ServerCallFailed)) throw error;
      log.log('debug', 'a command gave no exit code', { error: error.message });
      return null;
    }
  }

  /** Ends the command first: then its script ends by itself, and so does the server's call. False when the server answers nothing any more. */
  async #stop(sessionId: string, answer: Promise<unknown>, why: ShellResult['end'], signal: AbortSignal): Promise<boolean> {
    const { clock, connection, log, exited } = this.#context;
    await endMarked(clock, COMMAND_MARKER, this.#nonce);
    if (why === 'serverGone' || (await endedWithin(Promise.race([answer, exited]), ABORT_LIMIT_MS, clock))) return true;
    try {
      await connection.call('abort', (own) => connection.sdk.session.abort({ sessionID: sessionId }, { signal: own }), {
        timeoutMs: ABORT_LIMIT_MS,
      });
      return true;
    } catch (error) {
      if (!(error instanceof ServerCallFailed)) throw error;
      log.log('warn', 'a command could not be ended through the server', { error: error.message });
      return why !== 'timedOut' || error.status !== null || !(await isSilent(connection, clock, signal));
    }
  }

  /** With every writer gone, the reader comes to its end; it is not waited for longer than that can take. */
  async #drain(): Promise<void> {
    const { clock } = this.#context;
    const until = clock.monotonic() + DRAIN_LIMIT_MS;
    while (!existsSync(this.#output('drained')) && clock.monotonic() < until) await clock.sleep(DRAIN_LOOK_EVERY_MS);
  }

  #result(exitCode: number | null, end: ShellResult['end'], startedAt: number): ShellResult {
    const { bytes, tail } = lastBytes(this.#request.outputFile, TAIL_BYTES);
    const rest = existsSync(this.#output('rest')) ? readFileSync(this.#output('rest')) : Buffer.alloc(0);
    return {
      exitCode,
      end,
      durationMs: Math.round(this.#context.clock.monotonic() - startedAt),
      outputBytes: bytes,
      truncated: rest.length > 0,
      tail: outputTail(Buffer.concat([tail, rest])),
    };
  }
}

function lastBytes(file: string, count: number): { readonly bytes: number; readonly tail: Buffer } {
  if (!existsSync(file)) return { bytes: 0, tail: Buffer.alloc(0) };
  const handle = openSync(file, 'r');
  try {
    const bytes = fstatSync(handle).size;
    const tail = Buffer.alloc(Math.min(count, bytes));
    readSync(handle, tail, 0, tail.length, bytes - tail.length);
    return { bytes, tail };
  } finally {
    closeSync(handle);
  }
}
