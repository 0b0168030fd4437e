import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureEditor } from '../../../scripts/installEditor.ts';
import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import type { EditorHome } from './editorHome.ts';
import { comesTrue, groupCommands, signalGroup } from './processGroup.ts';

export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

const START_LIMIT_MS = 60_000;
const LEAVE_LIMIT_MS = 10_000;

const argumentsOf = (home: EditorHome, extra: readonly string[]): string[] => [
  '--config',
  join(home.path, 'config.yaml'),
  '--user-data-dir',
  join(home.path, 'data'),
  '--extensions-dir',
  join(home.path, 'ext'),
  ...extra,
];

/** Installs a packaged extension into the home. */
export async function installExtension(home: EditorHome, vsix: string): Promise<void> {
  const { node, entry } = await ensureEditor();
  await promisify(execFile)(node, [entry, ...argumentsOf(home, ['--install-extension', vsix])], { env: home.env, cwd: home.path });
}

/** A real VS Code that serves its workbench to browsers on loopback. */
export class CodeServer {
  readonly origin: string;
  readonly #child: ChildProcess;
  readonly #group: number;
  readonly #lastResort: () => void;
  #output = '';

  private constructor(child: ChildProcess, group: number, origin: string) {
    this.#child = child;
    this.#group = group;
    this.origin = origin;
    this.#lastResort = () => signalGroup(group, 'SIGKILL');
    process.once('exit', this.#lastResort);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-100_000);
      });
    }
  }

  /**
   * Starts the server and waits until it answers.
   * @param args more for its command line
   * @param nodeArgs for the Node it runs in; its extension hosts get them too
   */
  static async start(home: EditorHome, args: readonly string[] = [], nodeArgs: readonly string[] = []): Promise<CodeServer> {
    const { node, entry } = await ensureEditor();
    const port = await freePort();
    const own = [
      ...['--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check'],
      ...['--disable-getting-started-override', '--ignore-last-opened'],
      // Else a login shell is asked for its environment before each extension host, which costs time and hides ours.
      ...['--vscode-option', 'force-disable-user-env', ...args],
    ];
    // A group of its own: it starts an extension host, watchers and terminals that have to end with it.
    const child = spawn(node, [...nodeArgs, entry, ...argumentsOf(home, own)], {
      env: home.env,
      cwd: home.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    if (child.pid === undefined) throw new Error('code-server could not be started');
    const server = new CodeServer(child, child.pid, `http://127.0.0.1:${port}`);
    const end = systemClock.monotonic() + START_LIMIT_MS;
    while (!(await answers(`${server.origin}/healthz`))) {
      if (child.exitCode !== null || systemClock.monotonic() > end) {
        await server.stop();
        throw new Error(`code-server did not start:\n${server.output}`);
      }
      await systemClock.sleep(50);
    }
    return server;
  }

  /** The end of what the server printed. */
  get output(): string {
    return this.#output;
  }

  /** How the workbench names a path of this machine. */
  remote(path: string): string {
    return `vscode-remote://${new URL(this.origin).host}${resolve(path)}`;
  }

  /** Address of the workbench with a folder or a `.code-workspace` file open, or nothing when null. */
  url(open: string | null, payload: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams();
    if (open === null) query.set('ew', 'true');
    else query.set(open.endsWith('.code-workspace') ? 'workspace' : 'folder', resolve(open));
    if (Object.keys(payload).length > 0) query.set('payload', JSON.stringify(Object.entries(payload)));
    return `${this.origin}/?${query}`;
  }

  /** Ends the whole process group. The page has to be left before, or the extension host is cut off in place of deactivated. */
  async stop(): Promise<void> {
    process.off('exit', this.#lastResort);
    await comesTrue(() => !groupCommands(this.#group).some((command) => command.includes('--type=extensionHost')), LEAVE_LIMIT_MS);
    const isGone = (): boolean => groupCommands(this.#group).length === 0 && (this.#child.exitCode ?? this.#child.signalCode) !== null;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      signalGroup(this.#group, signal);
      if (await comesTrue(isGone, LEAVE_LIMIT_MS)) return;
    }
    throw new Error(`code-server does not end: ${groupCommands(this.#group).join('\n')}`);
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const probe = createServer().on('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address === null || typeof address === 'string' ? fail(new Error('no port')) : done(address.port)));
    });
  });
