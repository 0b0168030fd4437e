import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { type Disposable, DisposableStore } from '../../base/lifecycle.ts';
import { type Log, withFields } from '../../base/log.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { AdoptServer, AgentServer } from '../../core/ports/agent.ts';
import { CELL_MARKER, type ControlGroups, GROUP_GRACE_MS, type ProcessIdentity } from '../../core/ports/processes.ts';
import type { Sandbox } from '../../core/ports/sandbox.ts';
import { type ConfigTree, isTree } from './configTree.ts';
import { EventStream } from './eventStream.ts';
import { instructionCopies } from './instructionCopies.ts';
import { endCommandsOf } from './markedProcesses.ts';
import { endNested } from './nestedProcesses.ts';
import { OpenCodeClient } from './openCodeClient.ts';
import { instructionFiles } from './serverConfig.ts';
import { ServerConnection } from './serverConnection.ts';
import { commandFolders, readBoundary } from './serverFolders.ts';

const LOOK_EVERY_MS = 100;
const ASK_EVERY_MS = 100;
const ANSWER_LIMIT_MS = 5_000;

export interface AdoptDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The user's environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly isAlive: (process: ProcessIdentity) => boolean;
  /** Makes the boundary of commands again in cells that have one. */
  readonly sandbox?: Pick<Sandbox, 'recall'>;
  readonly groups?: Pick<ControlGroups, 'of'>;
}

/** Takes over a server that an engine before this one started; see `AgentServers.adopt`. */
export async function adoptServer(
  { clock, log, env, isAlive, sandbox, groups }: AdoptDependencies,
  request: AdoptServer,
  signal: AbortSignal,
): Promise<Result<AgentServer, string>> {
  if (!isAlive(request.process)) return err('its agent server had ended');
  const { password, config } = startedWith(request.process.pid, request.cell);
  if (password === null) return err('the password of its agent server could not be read');
  const boundary = request.isEnclosed ? (sandbox?.recall(readBoundary(request.home) ?? '') ?? null) : null;
  if (request.isEnclosed && boundary === null) return err('how its sandbox was made is not known');
  const { commands, outputs } = commandFolders(request.home);
  const url = `http://127.0.0.1:${request.port}`;
  const connection = new ServerConnection({ url, password, directory: request.worktree, clock });
  const events = new EventStream(connection, clock, withFields(log, { cell: request.cell }));
  const life = new DisposableStore();
  const disconnect = (): void => {
    life.dispose();
    events.close();
    connection.close();
  };
  try {
    const version = await answer(connection, clock, request.healthLimitMs, signal);
    // A good answer on the port counts only from the process that was started.
    if (version === null || !isAlive(request.process)) {
      disconnect();
      return err('its agent server does not answer');
    }
    await endCommandsOf(clock, request.cell);
    if (boundary !== null && !request.hasTurn) await endNested(clock, request.process.pid);
    const late = AbortSignal.any([signal, life.add(timeLimit(clock, request.healthLimitMs)).signal]);
    await events.connect(late);
    const exited = endOf(request.process, isAlive, clock, life);
    const group = groups?.of(request.process.pid) ?? null;
    exited.then(
      () => group?.end(GROUP_GRACE_MS),
      () => {},
    );
    const client = new OpenCodeClient({
      connection,
      events,
      clock,
      log: withFields(log, { cell: request.cell }),
      worktree: request.worktree,
      instructions: instructionFiles(config, request.worktree),
      copies: instructionCopies(config, request),
      commandFolder: commands,
      outputFolder: outputs,
      boundary,
      userEnv: env,
      environment: request.environment,
      exited,
      leader: request.process.pid,
      warmsUp: false,
    });
    return ok({ process: request.process, url, version, exited, client, disconnect });
  } catch (error) {
    disconnect();
    if (signal.aborted) throw error;
    return err('the event stream of its agent server could not be opened');
  }
}

/** The server's version once it says that it is healthy; null when it did not within the limit. */
async function answer(connection: ServerConnection, clock: Clock, limitMs: number, signal: AbortSignal): Promise<string | null> {
  const until = clock.monotonic() + Math.min(limitMs, ANSWER_LIMIT_MS);
  for (;;) {
    const left = until - clock.monotonic();
    if (left <= 0) return null;
    const { healthy, version } = await connection.isHealthy(left, signal);
    if (healthy) return version;
    await clock.sleep(ASK_EVERY_MS, signal);
  }
}

function timeLimit(clock: Clock, limitMs: number): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const timer = clock.schedule(limitMs, () => late.abort(new Error('the event stream did not connect')));
  return { signal: late.signal, dispose: () => timer.dispose() };
}

/** Nobody tells of the end of a process that is no child: it is looked at. Stays open when `life` ends first. */
function endOf(
  process: ProcessIdentity,
  isAlive: (process: ProcessIdentity) => boolean,
  clock: Clock,
  life: DisposableStore,
): AgentServer['exited'] {
  return new Promise((resolve) => {
    let timer: Disposable | null = null;
    let isOver = false;
    life.add({
      dispose: () => {
        isOver = true;
        timer?.dispose();
      },
    });
    const look = (): void => {
      if (isOver) return;
      if (!isAlive(process)) resolve({ code: null, signal: null });
      else timer = clock.schedule(LOOK_EVERY_MS, look);
    };
    look();
  });
}

/**
 * The password and the configuration that the server was started with. They are on no disk: they stand in the process's own environment, which the system
 * shows to the same user only. The password is null when the process is not one of the cell, or its environment can't be read.
 */
function startedWith(pid: number, cell: string): { readonly password: string | null; readonly config: ConfigTree } {
  const environment = environmentOf(pid);
  if (!environment.includes(`${CELL_MARKER}=${cell}`)) return { password: null, config: {} };
  const variable = (name: string): string | null => environment.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  return { password: variable('OPENCODE_SERVER_PASSWORD'), config: configIn(variable('OPENCODE_CONFIG_CONTENT') ?? '') };
}

/** Where the environment is told as one line, it can't be read out of it. */
function configIn(text: string): ConfigTree {
  try {
    const value: unknown = JSON.parse(text);
    return isTree(value) ? value : {};
  } catch {
    return {};
  }
}

function environmentOf(pid: number): readonly string[] {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const command = ['-Eww', '-o', 'command=', '-p', String(pid)];
    return execFileSync('/bin/ps', command, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split(' ');
  } catch {
    // It has ended, or belongs to somebody else.
    return [];
  }
}
