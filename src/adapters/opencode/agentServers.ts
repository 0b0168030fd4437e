import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { type Log, withFields } from '../../base/log.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { AgentServer, AgentServers, BootFailure, StartServer } from '../../core/ports/agent.ts';
import { type ControlGroups, GROUP_GRACE_MS, type ProcessIdentity } from '../../core/ports/processes.ts';
import type { Sandbox } from '../../core/ports/sandbox.ts';
import { adoptServer } from './adoptServer.ts';
import { ARRIVAL_VARIABLES, arrivalOf } from './arrival.ts';
import { DatabaseTemplate } from './databaseTemplate.ts';
import { besideCommands, enclose, keyNames, withFiles } from './enclose.ts';
import { EventStream } from './eventStream.ts';
import { instructionCopies, withInstructionCopies } from './instructionCopies.ts';
import { lateText } from './lateText.ts';
import { leftMessages } from './leftMessages.ts';
import { limitLines } from './limitLines.ts';
import { type LocatedExecutable, locateExecutable } from './locateExecutable.ts';
import { whileStill } from './nestedProcesses.ts';
import { OpenCodeClient } from './openCodeClient.ts';
import { readProjectConfig } from './projectConfig.ts';
import { runtimeTuning } from './runtimeTuning.ts';
import { composeServerConfig, definesItsModels, instructionFiles } from './serverConfig.ts';
import { ServerConnection } from './serverConnection.ts';
import { serverEnvironment } from './serverEnvironment.ts';
import { makeServerFolders, writeBoundary, writeShell } from './serverFolders.ts';
import { earlyExit, type ServerProcess, spawnServer } from './serverProcess.ts';
import { startFingerprint } from './startFingerprint.ts';
import { readUserConfig } from './userConfig.ts';
import { withWarmUp } from './warmUp.ts';

export interface AgentServersDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Configured path of the executable; null to look for it. */
  readonly executable: string | null;
  /** Folders besides the program's own from which the npm package of the agent server may be resolvable. */
  readonly packageFolders?: readonly string[];
  /** The user's environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder for what is made once per version of the server and used by every cell; absent: nothing is kept. */
  readonly templateFolder?: string;
  /** File that remembers the version of the program from one start to the next; absent: it is asked. */
  readonly versionsFile?: string;
  /** Ends all processes of a cell and resolves when they are gone. */
  readonly endProcess: (cell: string, leader: ProcessIdentity | null) => Promise<void>;
  readonly identify: (pid: number) => ProcessIdentity | null;
  readonly isAlive: (process: ProcessIdentity) => boolean;
  /** Makes the boundary of cells that ask for one. */
  readonly sandbox?: Pick<Sandbox, 'enclose' | 'recall'>;
  /** Where the system has them for this user. */
  readonly groups?: Pick<ControlGroups, 'open' | 'of'>;
}

/** Agent servers as real `opencode serve` processes, one per cell. */
export function createAgentServers(dependencies: AgentServersDependencies): AgentServers {
  let located: Promise<LocatedExecutable | null> | undefined;
  const locate = (): Promise<LocatedExecutable | null> => {
    located ??= locateExecutable({
      configured: dependencies.executable,
      env: dependencies.env,
      packageFolders: dependencies.packageFolders ?? [],
      log: dependencies.log,
      ...(dependencies.versionsFile === undefined ? {} : { memory: dependencies.versionsFile }),
    }).then(
      (found) => {
        // What is missing now may be installed a minute later.
        if (found === null) located = undefined;
        return found;
      },
      (error: unknown) => {
        located = undefined;
        throw error;
      },
    );
    return located;
  };
  return {
    locate,
    fingerprint: async (request) => startFingerprint(dependencies.env, await locate(), request),
    leftMessages,
    whileStill: (server, work) => whileStill(dependencies.clock, server.pid, work),
    adopt: (request, signal) => adoptServer(dependencies, request, signal),
    start: async (request, signal) => {
      signal.throwIfAborted();
      const executable = await locate();
      if (executable === null) {
        const { executable: named } = dependencies;
        throw new UserFacingError(
          'agentServerMissing',
          `No usable OpenCode was found${named === null ? '' : ` at ${named}, which the settings or REACTOR_OPENCODE name`}, so no agent can be started. Version 1.18 or a later 1.x is needed.`,
          {
            actions: ['install OpenCode (npm install -g opencode-ai)', 'set the path of the executable in the settings'],
          },
        );
      }
      return startServer(dependencies, executable, request, signal);
    },
  };
}

async function startServer(
  dependencies: AgentServersDependencies,
  executable: LocatedExecutable,
  request: StartServer,
  signal: AbortSignal,
): Promise<Result<AgentServer, BootFailure>> {
  const { clock } = dependencies;
  const log = withFields(dependencies.log, { cell: request.cell });
  const user = readUserConfig(dependencies.env);
  const folders = makeServerFolders(request.home, user.folder);
  const project = readProjectConfig(request.projectFolder, request.worktree, log);
  const own = withFiles(
    composeServerConfig({
      user,
      project,
      folder: request.projectFolder,
      permissions: request.permissions,
      model: request.model,
      worktree: request.worktree,
      shell: folders.shell,
    }),
  );
  const isEnclosed = request.boundary !== null && request.boundary !== undefined;
  const warmable = withWarmUp(own, request.port, user.folder);
  const arrival = arrivalOf(warmable ?? own, { home: request.home, worktree: request.worktree, preloads: executable.preloads, isEnclosed });
  // Elsewhere a process that was left could lead whoever makes the copies out of the worktree.
  const config = isEnclosed && process.platform === 'linux' ? withInstructionCopies(arrival.config, request) : arrival.config;
  const withoutCatalogue = definesItsModels(config);
  const template =
    dependencies.templateFolder === undefined ? null : new DatabaseTemplate(dependencies.templateFolder, executable.version, log);
  template?.copyTo(folders.dataFolder);
  const password = randomBytes(24).toString('base64url');
  const tuning = runtimeTuning(dependencies.env);
  const toRuntime = { ...tuning, ...arrival.environment };
  const env = serverEnvironment({
    cell: request.cell,
    env: dependencies.env,
    folders,
    user,
    config: JSON.stringify(config),
    password,
    withoutCatalogue,
    withoutPlugins: withoutCatalogue,
    added: { ...toRuntime, ...request.environment },
  });
  mkdirSync(dirname(request.logFile), { recursive: true });
  const enclosure = await enclose(dependencies, executable, request, folders, { config, user });
  writeShell({
    path: folders.shell,
    commands: folders.commands,
    userEnv: dependencies.env,
    hidden: [...keyNames(config), ...Object.keys(tuning), ...ARRIVAL_VARIABLES],
    boundary: enclosure?.command() ?? [],
    streams: enclosure?.streams ?? '',
    programs: enclosure?.path ?? null,
    environment: enclosure?.environment ?? {},
    limits: limitLines(request.limits, availableParallelism(), request.port),
  });
  writeBoundary(request.home, enclosure?.record ?? null);

  await request.before;
  signal.throwIfAborted();
  const group = dependencies.groups?.open(request.limits) ?? null;
  const spawned = await spawnServer({
    executable: executable.path,
    worktree: request.worktree,
    port: request.port,
    env: enclosure === null ? env : besideCommands(env, toRuntime, enclosure),
    logFile: request.logFile,
    boundary: [...(group?.enter ?? []), ...(enclosure?.server ?? [])],
    descriptor: enclosure?.descriptor ?? null,
  });
  if (!spawned.ok) {
    await group?.end(0);
    return spawned;
  }
  const server = spawned.value;
  server.exited.then(
    () => group?.end(GROUP_GRACE_MS),
    () => {},
  );
  const leader = dependencies.identify(server.pid) ?? { pid: server.pid, startTime: '' };
  const url = `http://127.0.0.1:${request.port}`;
  const connection = new ServerConnection({ url, password, directory: request.worktree, clock });
  const events = new EventStream(connection, clock, log);
  const undo = async (): Promise<void> => {
    events.close();
    connection.close();
    await dependencies.endProcess(request.cell, leader);
  };
  try {
    request.onSpawned(leader);
    const booted = await boot(server, connection, events, request, clock, signal);
    // A good answer on the port counts only from the process that was started.
    if (booted.ok && !dependencies.isAlive(leader)) {
      await undo();
      return err(await earlyExit(server.exited, request.port, server.logTail()));
    }
    if (!booted.ok) {
      await undo();
      return booted;
    }
    template?.offer(folders.dataFolder);
    const client = new OpenCodeClient({
      connection,
      events,
      clock,
      log,
      worktree: request.worktree,
      instructions: instructionFiles(config, request.worktree),
      copies: instructionCopies(config, request),
      commandFolder: folders.commands,
      outputFolder: folders.outputs,
      boundary: enclosure,
      userEnv: dependencies.env,
      environment: request.environment,
      exited: server.exited,
      leader: leader.pid,
      warmsUp: warmable !== null,
    });
    client.prepare();
    return ok({
      process: leader,
      url,
      version: booted.value,
      exited: server.exited,
      client,
      disconnect: () => {
        events.close();
        connection.close();
      },
    });
  } catch (error) {
    await undo();
    throw error;
  }
}

/** Waits for the listening line, then for a good health check (INV-003), then for the event stream. Resolves with the server's version. */
async function boot(
  server: ServerProcess,
  connection: ServerConnection,
  events: EventStream,
  request: StartServer,
  clock: Clock,
  signal: AbortSignal,
): Promise<Result<string, BootFailure>> {
  const until = clock.monotonic() + request.healthLimitMs;
  const listening = await server.listening(clock, request.healthLimitMs, signal);
  if (!listening.ok) return listening;
  await request.beforeUse;
  const gone = new AbortController();
  server.exited.then(
    () => gone.abort(new Error('the agent server ended')),
    () => {},
  );
  const alive = AbortSignal.any([signal, gone.signal]);
  try {
    for (;;) {
      const left = until - clock.monotonic();
      const { healthy, version } = await connection.isHealthy(Math.max(1, Math.min(left, 2_000)), alive);
      if (healthy) {
        await connectBefore(events, clock, Math.max(1_000, until - clock.monotonic()), alive);
        return ok(version);
      }
      if (clock.monotonic() + request.healthEveryMs > until) break;
      await clock.sleep(request.healthEveryMs, alive);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (gone.signal.aborted) return err(await earlyExit(server.exited, request.port, server.logTail()));
    if (!(error instanceof ConnectTimedOut)) throw error;
  }
  return err({
    code: 'unhealthy',
    message: lateText('was not healthy', request.healthLimitMs),
    logTail: server.logTail(),
  });
}

class ConnectTimedOut extends Error {}

async function connectBefore(events: EventStream, clock: Clock, limitMs: number, signal: AbortSignal): Promise<void> {
  const late = new AbortController();
  const timer = clock.schedule(limitMs, () => late.abort(new ConnectTimedOut('the event stream did not connect')));
  try {
    await events.connect(AbortSignal.any([signal, late.signal]));
  } finally {
    timer.dispose();
  }
}
