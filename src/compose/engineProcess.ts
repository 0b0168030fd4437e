import { dirname, join } from 'node:path';
import process from 'node:process';
import { createAwakeClock } from '../adapters/clock/awakeClock.ts';
import { systemClock } from '../adapters/clock/systemClock.ts';
import { createDataFiles, randomIds } from '../adapters/files/dataFiles.ts';
import { createFileLog } from '../adapters/files/fileLog.ts';
import { createHostGrants } from '../adapters/files/hostGrants.ts';
import { portLeaseFolder, runtimeFolder } from '../adapters/files/runtimeFolder.ts';
import { createPortLeases } from '../adapters/freePort/portLeases.ts';
import { createGit } from '../adapters/git/git.ts';
import { readBootId } from '../adapters/journal/bootId.ts';
import { acquireLease, heartbeat, readLease, releaseLease } from '../adapters/journal/lease.ts';
import { openJournal } from '../adapters/journal/openJournal.ts';
import { createControlGroups } from '../adapters/processes/controlGroups.ts';
import { createProcesses } from '../adapters/processes/processes.ts';
import { createWardens } from '../adapters/processes/wardens.ts';
import { createFolderProject } from '../adapters/project/folderProject.ts';
import { createCellNetwork } from '../adapters/sandbox/cellNetwork.ts';
import { createSandbox } from '../adapters/sandbox/createSandbox.ts';
import { listen } from '../adapters/socket/localSocket.ts';
import { errorText, type Log, withEdited } from '../base/log.ts';
import { event } from '../core/journal/events.ts';
import type { ProcessIdentity } from '../core/ports/processes.ts';
import { evolveRun } from '../core/run/evolve.ts';
import { Engine } from '../engine/engine.ts';
import { ClientSession } from '../engine/engineServer.ts';
import { settingsPlace } from '../engine/settingsPlace.ts';
import { composeAgentServers } from './agentServers.ts';
import { cellPlaces } from './cellPlaces.ts';
import { engineOptions, KILL_GRACE_MS } from './engineOptions.ts';
import { withFaultPoint } from './faultPoint.ts';
import { openHome } from './home.ts';
import { IdleEnd } from './idleEnd.ts';
import { composeMoney } from './money.ts';
import { numberFrom } from './numberFrom.ts';
import { programPath, programVersion } from './program.ts';
import { composeSecretGuard } from './secretGuard.ts';
import { STALE_AFTER_MS } from './staleEngine.ts';

const HEARTBEAT_MS = 5000;
const DEFAULT_IDLE_MS = 10_000;
const DEFAULT_WARDEN_GRACE_MS = 5000;

/**
 * The engine of the repository, in this process, until it has nothing to do, is told to end, or loses its lease.
 * @returns the exit code: 0, also when another engine already serves the repository.
 */
export async function runEngine(folder: string): Promise<number> {
  const home = await openHome(folder);
  const secrets = composeSecretGuard();
  const log = withEdited(createFileLog(home.engineLog, systemClock), (value) => secrets.redactIn(value));
  const clock = createAwakeClock(systemClock, {
    onSlept: (ms) => log.log('info', 'this process did not run for a while, which counts against no limit', { ms: Math.round(ms) }),
  });
  const groups = createControlGroups({ clock, log });
  const processes = createProcesses({ clock, log, groups });
  const self = processes.identify(process.pid);
  if (self === null) throw new Error('this process can not be identified');
  const engineId = randomIds.short();
  const version = programVersion();
  const former = readLease(home.journalFile);
  const lease = acquireLease({
    file: home.journalFile,
    clock,
    holder: { engine: engineId, process: self, socket: home.socket, version },
    isAlive: (p) => processes.isAlive(p),
    staleAfterMs: STALE_AFTER_MS,
  });
  if (!lease.ok) {
    log.log('info', 'another engine serves this repository', { holder: lease.holder.process.pid });
    return 0;
  }
  const { token } = lease;
  const git = createGit({ clock, log });
  const journal = withFaultPoint(
    openJournal({ file: home.journalFile, clock, log, evolve: evolveRun, token, holder: { engine: engineId } }),
    process.env['REACTOR_DIE'],
  );
  const before = lastEngine(journal);
  const bootId = readBootId();
  const isSameBoot = bootId === null || before.bootId === null || before.bootId === bootId;
  const wardens = createWardens({
    clock,
    log,
    processes,
    command: [process.execPath, ...wardenNodeFlags, programPath('warden')],
  });
  // A process that starts while the rest is read.
  const starting = wardens.start({
    graceMs: numberFrom('REACTOR_WARDEN_GRACE_MS', DEFAULT_WARDEN_GRACE_MS),
    logFile: `${home.engineLog}.warden`,
    onRestarted: (replaced) => {
      const entry = stamp(event('engine/wardenReplaced', { engine: engineId, warden: replaced }));
      journal.append({ entries: [entry], durability: 'normal' }).catch((error: unknown) => {
        log.log('error', 'the new warden could not be recorded', { error: errorText(error) });
      });
    },
  });
  starting.catch(() => {});
  const waysOut = join(runtimeFolder(), 'net');
  const sandbox = createSandbox({
    hidden: hiddenFolders(home.dataFolder),
    waysOut,
    folder: join(home.dataFolder, 'sandbox'),
    env: process.env,
    program: async () => (await agents.locate())?.path ?? null,
  });
  const agents = composeAgentServers({
    clock,
    sandbox,
    log,
    dataFolder: home.dataFolder,
    processes,
    groups,
    killGraceMs: KILL_GRACE_MS,
  });
  // Known by the time the first cell needs them; a failure is told there.
  sandbox.probe().catch(() => {});
  agents.locate().catch(() => {});
  const project = createFolderProject(home.dataFolder);
  const settings = settingsPlace(journal, home.repository.facts);
  const { config } = await project.config(settings.folder, settings.top).catch((error: unknown) => {
    // A broken reactor.yaml is told to the person who runs something; the engine still serves what is there.
    log.log('warn', 'reactor.yaml could not be read', { error: errorText(error) });
    return { config: null };
  });
  const warden = await starting;
  const money = composeMoney({ home, log, self, isAlive: (p) => processes.isAlive(p) });
  let clients = 0;
  const options = engineOptions(config, () => clients > 0);
  const engine = new Engine({
    clock,
    log,
    ids: randomIds,
    git,
    repository: home.repository,
    journal,
    processes,
    warden,
    ports: createPortLeases({
      clock,
      log,
      folder: portLeaseFolder(),
      identify: (pid) => processes.identify(pid),
      isAlive: (p) => processes.isAlive(p),
    }),
    agents,
    sandbox,
    secrets,
    network: createCellNetwork({ log, folder: waysOut }),
    hosts: createHostGrants(home.dataFolder),
    files: createDataFiles(home.dataFolder, cellPlaces()),
    project,
    money,
    options,
  });

  let end: (outcome: { reason: string; lost: boolean }) => void = () => {};
  const ended = new Promise<{ reason: string; lost: boolean }>((resolve) => {
    end = resolve;
  });
  const stop = (reason: string): void => end({ reason, lost: false });
  engine.onLost((reason) => end({ reason, lost: true }));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop(signal));
  process.once('uncaughtException', (error) => {
    log.log('error', 'a bug stopped the engine', { error: errorText(error) });
    stop('a bug');
  });
  process.on('unhandledRejection', (error) => log.log('error', 'a promise was left alone', { error: errorText(error) }));

  const idleMs = numberFrom('REACTOR_IDLE_MS', DEFAULT_IDLE_MS);
  // With nothing more to do, what is past its limit goes, where that is wished.
  const cleansUp = config?.retention.whenIdle === true;
  const idle = new IdleEnd({
    clock,
    log,
    idleMs,
    isIdle: () => !engine.isBusy && clients === 0,
    cleanUp: cleansUp ? () => engine.clean({ dryRun: false, pastLimits: true, kinds: ['keptRef', 'log'] }) : null,
    end: () => stop('idle'),
  });
  const identity = { version, engine: engineId, pid: process.pid };
  const onShutdown = (drain: boolean): void => {
    if (drain) void engine.drain().then(() => stop('asked to end'));
    else stop('asked to end');
  };
  const server = await listen(
    home.socket,
    (connection) => {
      clients += 1;
      const session = new ClientSession(engine, connection, identity, log, onShutdown);
      connection.onClosed(() => {
        clients -= 1;
        idle.restart();
        session.dispose();
      });
    },
    {
      clock,
      onListenerError: (error) => log.log('error', 'a client could not be served', { error: errorText(error) }),
      // The lease was taken from one that is stuck: its socket is there yet.
      replaces: former !== null && processes.isAlive(former.process),
    },
  );
  await journal.append({
    entries: [stamp(event('engine/started', { engine: engineId, process: self, warden: warden.process, version, token, bootId }))],
    durability: 'normal',
  });
  await engine.recover({
    isSameBoot,
    standDown: async () => {
      if (before.warden !== null && isSameBoot) await wardens.standDown(before.warden);
    },
  });
  log.log('info', 'engine ready', { pid: process.pid, socket: home.socket });

  /** A heartbeat that can't be written is no loss yet: the next one may be. */
  const holdsLease = (): boolean => {
    try {
      return heartbeat({ file: home.journalFile, clock, token });
    } catch (error) {
      log.log('warn', 'the heartbeat could not be written', { error: errorText(error) });
      return true;
    }
  };
  const watch = setIntervalOf(Math.min(HEARTBEAT_MS, Math.max(1000, idleMs)), () => {
    if (!holdsLease()) end({ reason: 'the lease is lost', lost: true });
    idle.look();
  });
  const { reason, lost } = await ended;
  watch.stop();
  log.log('info', 'engine ends', { reason });
  await inOrder(log, [
    () => engine.stop(reason),
    ...(lost
      ? []
      : [
          () => journal.append({ entries: [stamp(event('engine/stopped', { engine: engineId, reason }))], durability: 'normal' }),
          () => releaseLease({ file: home.journalFile, token }),
        ]),
    () => server.close(),
    () => warden.farewell(),
    () => journal.close(),
    () => engine.dispose(),
    () => money.dispose(),
    () => clock.dispose(),
  ]);
  return 0;
}

/** Does each, also when one before it failed, as on a disk that is full: an engine that ends half would be waited for. */
async function inOrder(log: Log, steps: readonly (() => unknown)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      log.log('error', 'the engine could not end in order', { error: errorText(error) });
    }
  }
}

const wardenNodeFlags = ['--max-old-space-size=32', '--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'];

const stamp = (domain: ReturnType<typeof event>) => ({
  at: systemClock.now(),
  run: null,
  cell: null,
  actor: 'engine',
  type: domain.type,
  version: 1,
  data: domain.data,
});

/** What no cell may see: the data of all repositories, and sockets and leases, which may lie elsewhere. */
const hiddenFolders = (dataFolder: string): string[] => [dirname(dataFolder), runtimeFolder()];

interface EngineBefore {
  readonly warden: ProcessIdentity | null;
  readonly bootId: string | null;
}

/** What the journal tells of the engine before; nothing of one that ended in order. */
function lastEngine(journal: {
  head(): number;
  read(query: { from: number; limit: number }): readonly { type: string; data: unknown }[];
}): EngineBefore {
  const PAGE = 500;
  let warden: ProcessIdentity | null = null;
  for (let to = journal.head(); to > 0; to -= PAGE) {
    const page = journal.read({ from: Math.max(1, to - PAGE + 1), limit: Math.min(PAGE, to) });
    for (const { type, data } of page.toReversed()) {
      if (type === 'engine/stopped') return { warden: null, bootId: null };
      if (type === 'engine/wardenReplaced') warden ??= (data as { warden: ProcessIdentity }).warden;
      if (type !== 'engine/started') continue;
      const started = data as { warden: ProcessIdentity | null; bootId?: string | null };
      return { warden: warden ?? started.warden, bootId: started.bootId ?? null };
    }
  }
  return { warden, bootId: null };
}

/** Calls `run` every `everyMs` until stopped. */
function setIntervalOf(everyMs: number, run: () => void): { stop(): void } {
  let stopped = false;
  const next = (): void => {
    systemClock.schedule(everyMs, () => {
      if (stopped) return;
      run();
      next();
    });
  };
  next();
  return {
    stop: () => {
      stopped = true;
    },
  };
}
