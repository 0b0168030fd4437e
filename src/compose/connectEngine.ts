import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { systemClock } from '../adapters/clock/systemClock.ts';
import { dataFolderOf, journalFileIn } from '../adapters/files/dataFolder.ts';
import { tailOfFile } from '../adapters/files/systemFiles.ts';
import { plainCommonDir } from '../adapters/git/plainCommonDir.ts';
import { isBeingWritten } from '../adapters/journal/connection.ts';
import { isStale, type Lease, readLease } from '../adapters/journal/lease.ts';
import { openJournalReader } from '../adapters/journal/openJournalReader.ts';
import { createProcesses } from '../adapters/processes/processes.ts';
import { connect } from '../adapters/socket/localSocket.ts';
import { silentLog } from '../base/log.ts';
import { UserFacingError } from '../base/userFacingError.ts';
import { CELL_MARKER } from '../core/ports/processes.ts';
import { evolveRun } from '../core/run/evolve.ts';
import { EngineClient } from '../protocol/engineClient.ts';
import { PROTOCOL_VERSION } from '../protocol/messages.ts';
import { absolutePlaces } from './absolutePlaces.ts';
import { engineNotUp } from './engineNotUp.ts';
import type { Home } from './home.ts';
import { numberFrom } from './numberFrom.ts';
import { programPath, programVersion } from './program.ts';
import { STALE_AFTER_MS } from './staleEngine.ts';

/** A machine with too much to do may need long for it; one that takes over from another is not waited for so long, as the old one may be stuck. */
const START_LIMIT_MS = 60_000;
const TAKE_OVER_LIMIT_MS = 20_000;
/** Of engines that are killed before they answer. */
const MOST_STARTS = 5;
const CONNECT_LIMIT_MS = 3000;
const POLL_MS = 15;
/** An engine answers within milliseconds; a busy machine may make it seconds. */
const DEFAULT_ANSWER_MS = 10_000;
/** Of an engine that has answered before: by then its lease can be taken over. */
const DEFAULT_SILENT_MS = STALE_AFTER_MS;

export interface ConnectRequest {
  readonly start: 'always' | 'ifRunsOpen' | 'never';
  readonly person: string;
  readonly attends: boolean;
  readonly client: 'cli' | 'editor' | 'test';
  /** Added to the environment of an engine that is started, such as the path of the agent server from the editor's settings. */
  readonly engineEnv?: Readonly<Record<string, string>>;
}

const onListenerError = (error: unknown): void => {
  throw error;
};

/**
 * A client of the repository's engine that has said hello; starts the engine when there is none and `start` allows it.
 * @returns null when no engine lives and none was to be started, or could be, as it has nothing to write to.
 * @throws UserFacingError `engineUnavailable` when it does not come up, or is there and does not answer, `engineVersion` when it speaks
 *   another protocol.
 */
export async function connectEngine(home: Home, request: ConnectRequest): Promise<EngineClient | null> {
  const found = await tryConnect(home, request);
  if (found instanceof EngineClient) return found;
  if (found !== null && !isStale(found, systemClock.now(), STALE_AFTER_MS)) throw stuck(found);
  if (request.start === 'never') return null;
  if (request.start === 'ifRunsOpen' && !needsRecovery(home)) return null;
  if (home.unwritable !== null) {
    if (request.start === 'always') throw home.unwritable;
    return null;
  }
  const limitMs = found === null ? START_LIMIT_MS : TAKE_OVER_LIMIT_MS;
  let slow: number | null = null;
  for (let starts = 0; starts < MOST_STARTS; starts += 1) {
    const child = startEngine(home, request.engineEnv ?? {});
    const end = systemClock.monotonic() + limitMs;
    let isKilled = false;
    while (!isKilled && systemClock.monotonic() < end) {
      await systemClock.sleep(POLL_MS);
      const client = await tryConnect(home, request, found);
      if (client instanceof EngineClient) return client;
      if (child.exitCode !== null && child.exitCode !== 0) break;
      // Another client's engine may have won the lease: then ours has ended and theirs will answer, unless that was killed too.
      isKilled = (child.exitCode ?? child.signalCode) !== null && heldLease(home, found) === null;
    }
    slow = (child.exitCode ?? child.signalCode) === null ? (child.pid ?? null) : null;
    if (!isKilled) break;
  }
  if (found !== null && isBeingWritten(home.journalFile)) throw lockedOut(found);
  throw engineNotUp({ pid: slow, log: home.engineLog, tail: await tailOfFile(home.engineLog, 2000), waitedMs: limitMs });
}

/**
 * A client of the engine that serves the repository already, found without starting git.
 * @returns null when there is none, or it takes git to tell.
 * @throws as `connectEngine`.
 */
export async function connectRunning(folder: string, request: ConnectRequest): Promise<EngineClient | null> {
  const commonDir = plainCommonDir(folder, process.env);
  if (commonDir === null) return null;
  const found = await tryConnect({ journalFile: journalFileIn(dataFolderOf(commonDir, process.env)) }, request);
  if (found === null || found instanceof EngineClient) return found;
  if (!isStale(found, systemClock.now(), STALE_AFTER_MS)) throw stuck(found);
  return null;
}

/**
 * A client of the engine that holds the lease, before any hello; null when none can be reached.
 * @param stale the lease of an engine that is not asked again
 */
async function openClient(home: Journaled, stale: Lease | null = null): Promise<OpenClient | null> {
  const lease = heldLease(home, stale);
  if (lease === null) return null;
  const connected = await connect(lease.socket, CONNECT_LIMIT_MS, { clock: systemClock, onListenerError });
  if (!connected.ok) return null;
  return { client: new EngineClient(connected.value, onListenerError), lease };
}

/** The lease of an engine that lives; null when there is none. */
function heldLease({ journalFile }: Journaled, stale: Lease | null): Lease | null {
  const lease = readLease(journalFile);
  if (lease === null || lease.released || lease.token === stale?.token) return null;
  return createProcesses({ clock: systemClock, log: silentLog }).isAlive(lease.process) ? lease : null;
}

type Journaled = Pick<Home, 'journalFile'>;

interface OpenClient {
  readonly client: EngineClient;
  readonly lease: Lease;
}

/** The answer of the engine, or `silent` when it gives none for so long that it must be stopped or stuck. */
async function answerTo<T>(asked: Promise<T>): Promise<T | typeof silent> {
  const { promise, resolve } = Promise.withResolvers<typeof silent>();
  const limit = systemClock.schedule(numberFrom('REACTOR_ANSWER_MS', DEFAULT_ANSWER_MS), () => resolve(silent));
  try {
    return await Promise.race([asked, promise]);
  } finally {
    limit.dispose();
  }
}
const silent = Symbol('silent');

const stuck = ({ process: { pid } }: Lease): UserFacingError =>
  new UserFacingError(
    'engineUnavailable',
    `The engine of this repository (process ${pid}) is there but does not answer. Nothing was changed. When it stays so, end it: the next command starts another, which goes on with its runs.`,
    { actions: [`kill -9 ${pid}`] },
  );

/** An engine that was stopped while it wrote: only its end gives the journal free. */
const lockedOut = ({ process: { pid } }: Lease): UserFacingError =>
  new UserFacingError(
    'engineUnavailable',
    `The engine of this repository (process ${pid}) does not answer, and the journal is kept locked, so no other engine can go on. Nothing was changed. End it: the next command starts another, which goes on with its runs.`,
    { actions: [`kill -9 ${pid}`] },
  );

/** Runs that some engine was driving when it ended: parked ones rest by themselves. */
function needsRecovery(home: Home): boolean {
  const reader = openJournalReader({ file: home.journalFile, evolve: evolveRun });
  try {
    return reader.openRuns().some((r) => (r.parked === null && r.queued?.code !== 'person') || (r.cell?.server ?? null) !== null);
  } finally {
    reader.close();
  }
}

/** Tells the engine to end, whatever version it is. @returns false when none runs. */
export async function stopEngine(home: Home, drain: boolean): Promise<boolean> {
  const open = await openClient(home);
  if (open === null) return false;
  const { client, lease } = open;
  const gone = new Promise<void>((resolve) => {
    client.onClosed(() => resolve());
  });
  try {
    if ((await answerTo(client.request('shutdown', { drain }))) === silent) throw stuck(lease);
    if (!drain) await gone;
  } finally {
    client.dispose();
  }
  return true;
}

/** A client that has said hello; the lease of an engine that is there and does not answer; null when there is none. */
async function tryConnect(home: Journaled, request: ConnectRequest, stale: Lease | null = null): Promise<EngineClient | Lease | null> {
  const open = await openClient(home, stale);
  if (open === null) return null;
  const { client, lease } = open;
  const { person, attends, client: kind } = request;
  const hello = client.request('hello', { protocol: PROTOCOL_VERSION, version: programVersion(), client: kind, person, attends });
  try {
    if ((await answerTo(hello)) !== silent) {
      client.endWhenSilent(systemClock, numberFrom('REACTOR_SILENT_MS', DEFAULT_SILENT_MS));
      return client;
    }
  } catch (error) {
    client.dispose();
    if (error instanceof UserFacingError && error.code === 'engineUnavailable') return null;
    throw error;
  }
  hello.catch(() => {});
  client.dispose();
  // It may have been replaced meanwhile, or have shown another sign of life.
  const now = readLease(home.journalFile);
  return now?.token === lease.token ? now : null;
}

/** The engine is a process of its own that outlives this one; what it prints before its log opens goes to the log file too. */
function startEngine(home: Home, extra: Readonly<Record<string, string>>) {
  const { facts } = home.repository;
  const log = openSync(home.engineLog, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [...engineNodeFlags, programPath('cli'), 'engine', '--repo', facts.topLevel ?? facts.commonDir], {
      cwd: home.dataFolder,
      detached: true,
      stdio: ['ignore', log, log],
      env: engineEnvironment(extra),
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * An engine started from inside a cell is no process of that cell, or it would be ended with it. Started from a desktop editor, whose
 * executable is Electron's, it runs as Node. It works in another folder than whoever starts it.
 */
const engineEnvironment = (extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const { [CELL_MARKER]: _cell, ...rest } = process.env;
  return {
    ...absolutePlaces(rest, process.cwd()),
    ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }),
    ...extra,
  };
};

/** Keeps the engine's heap small: its work is waiting. */
const engineNodeFlags = ['--max-semi-space-size=1', '--optimize-for-size', '--disable-warning=ExperimentalWarning'];
