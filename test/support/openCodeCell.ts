import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createAgentServers } from '../../src/adapters/opencode/agentServers.ts';
import type { Log, LogFields } from '../../src/base/log.ts';
import type { PermissionRule } from '../../src/core/model/permissionRule.ts';
import { CellLimits } from '../../src/core/model/sandboxSpec.ts';
import type {
  AgentServer,
  AgentServers,
  FinishedMessage,
  StartServer,
  TurnEvent,
  TurnLimits,
  TurnRequest,
  TurnResult,
} from '../../src/core/ports/agent.ts';
import { CELL_MARKER, type ProcessIdentity } from '../../src/core/ports/processes.ts';
import type { Sandbox } from '../../src/core/ports/sandbox.ts';
import { type ModelScript, type ScriptedModel, scriptedConfig, startModel } from './scriptedModel.ts';

export const wideLimits: TurnLimits = { steps: 50, callsPerMinute: 600, stallMs: 60_000, timeoutMs: 120_000 };
export const allowAll: readonly PermissionRule[] = [{ permission: '*', pattern: '*', action: 'allow' }];

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

export const markedPids = (cell: string): number[] =>
  readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const isZombie = / [ZX] /.test(readFileSync(`/proc/${entry}/stat`, 'latin1').replace(/^.*\)/, ''));
      return !isZombie && `\0${readFileSync(`/proc/${entry}/environ`, 'latin1')}`.includes(`\0${CELL_MARKER}=${cell}\0`)
        ? [Number(entry)]
        : [];
    } catch {
      return [];
    }
  });

/** Kills everything of a cell at once and waits until it is gone. */
export async function killCell(cell: string): Promise<void> {
  for (let left = markedPids(cell); left.length > 0; left = markedPids(cell)) {
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
    await systemClock.sleep(20);
  }
}

const identify = (pid: number): ProcessIdentity | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return { pid, startTime: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' };
  } catch {
    return null;
  }
};

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** A folder with a repository, a scripted model and any number of real agent servers; `dispose` leaves nothing. */
export class OpenCodeBench {
  readonly root: string;
  readonly repository: string;
  readonly model: ScriptedModel;
  readonly servers: AgentServers;
  readonly userHome: string;
  readonly env: NodeJS.ProcessEnv;
  readonly lines: LogLine[];
  readonly #cells: { cell: string; server: AgentServer | null }[] = [];

  private constructor(root: string, model: ScriptedModel, env: NodeJS.ProcessEnv, lines: LogLine[], servers: AgentServers) {
    this.root = root;
    this.repository = join(root, 'repository');
    this.userHome = join(root, 'user');
    this.model = model;
    this.env = env;
    this.lines = lines;
    this.servers = servers;
  }

  static async start(
    script: ModelScript,
    options: {
      readonly config?: Readonly<Record<string, unknown>>;
      readonly env?: NodeJS.ProcessEnv;
      readonly sandbox?: Pick<Sandbox, 'enclose' | 'recall'>;
    } = {},
  ): Promise<OpenCodeBench> {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-opencode-')));
    const model = await startModel(script);
    const lines: LogLine[] = [];
    const log: Log = { log: (level, message, fields) => lines.push({ level, message, fields }) };
    const env: NodeJS.ProcessEnv = {
      PATH: process.env['PATH'],
      HOME: join(root, 'user'),
      LANG: 'C.UTF-8',
      OPENCODE_CONFIG_CONTENT: JSON.stringify({ ...scriptedConfig(model.port), ...options.config }),
      ...options.env,
    };
    const servers = createAgentServers({
      clock: systemClock,
      log,
      executable: null,
      env,
      templateFolder: join(root, 'templates'),
      ...(options.sandbox === undefined ? {} : { sandbox: options.sandbox }),
      endProcess: (cell) => killCell(cell),
      identify,
      isAlive: (process) => identify(process.pid)?.startTime === process.startTime,
    });
    const bench = new OpenCodeBench(root, model, env, lines, servers);
    mkdirSync(bench.userHome, { recursive: true });
    mkdirSync(bench.repository, { recursive: true });
    bench.write('add.js', 'export const add = (a, b) => a - b\n');
    bench.git('init', '-q', '-b', 'main');
    bench.git('add', '-A');
    bench.git('commit', '-q', '-m', 'start');
    return bench;
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.repository, path)), { recursive: true });
    writeFileSync(join(this.repository, path), text);
  }

  git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
    return execFileSync('git', [...identity, ...args], {
      cwd: this.repository,
      encoding: 'utf8',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    });
  }

  async request(cell: string, over: Partial<StartServer> = {}): Promise<StartServer> {
    const worktree = join(this.root, 'worktrees', cell);
    this.git('worktree', 'add', '-q', '-b', cell, worktree, 'main');
    return {
      cell: `${cell}-${this.root.slice(-6)}`,
      worktree,
      home: join(this.root, 'homes', cell),
      projectFolder: this.repository,
      port: await freePort(),
      model: null,
      permissions: allowAll,
      environment: {},
      limits: CellLimits.parse({}),
      healthEveryMs: 100,
      healthLimitMs: 60_000,
      logFile: join(this.root, 'logs', `${cell}.log`),
      onSpawned: () => {},
      ...over,
    };
  }

  /** A healthy server, or a failed test. */
  async cell(
    name: string,
    over: Partial<StartServer> = {},
  ): Promise<{ readonly server: AgentServer; readonly worktree: string; readonly id: string }> {
    const request = await this.request(name, over);
    const entry: { cell: string; server: AgentServer | null } = { cell: request.cell, server: null };
    this.#cells.push(entry);
    const started = await this.servers.start(request, new AbortController().signal);
    if (!started.ok) throw new Error(`${started.error.code}: ${started.error.message}\n${started.error.logTail}`);
    entry.server = started.value;
    return { server: started.value, worktree: request.worktree, id: request.cell };
  }

  /** Resolves when the file is there. */
  async appears(file: string): Promise<void> {
    while (!existsSync(file)) await systemClock.sleep(20);
  }

  async dispose(): Promise<void> {
    for (const { cell, server } of this.#cells) {
      server?.disconnect();
      await killCell(cell);
    }
    await this.model.stop();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs one turn in a new session and collects what happened. */
export async function runTurn(
  server: AgentServer,
  over: Partial<TurnRequest> & { readonly signal?: AbortSignal } = {},
): Promise<{
  readonly result: TurnResult;
  readonly events: TurnEvent[];
  readonly messages: FinishedMessage[];
  readonly sessionId: string;
}> {
  const { signal = new AbortController().signal, ...request } = over;
  const sessionId = request.sessionId ?? (await server.client.createSession({ title: 'Test' }));
  const events: TurnEvent[] = [];
  const result = await server.client.runTurn(
    {
      sessionId,
      prompt: 'go',
      agent: null,
      model: null,
      limits: wideLimits,
      onPermission: async () => ({ reply: 'reject' }),
      onQuestion: async () => null,
      ...request,
      onEvent: (event) => {
        events.push(event);
        request.onEvent?.(event);
      },
    },
    signal,
  );
  return { result, events, sessionId, messages: events.flatMap((event) => (event.type === 'messageFinished' ? [event.message] : [])) };
}
