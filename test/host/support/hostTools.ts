import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { Status } from '../../../src/protocol/messages.ts';

export const EXTENSION = 'reactor.reactor';

export function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension(EXTENSION);
  if (found === undefined) throw new Error(`${EXTENSION} is not installed`);
  return found;
}

/** Waits for a condition, not for a time. @throws Error when it does not hold within the limit */
export async function until<T>(what: string, look: () => Promise<T | null | undefined | false> | T | null | undefined | false): Promise<T> {
  const end = performance.now() + 100_000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await sleep(100);
  }
}

/** A folder of the workspace, by its place in it. */
export function folder(index = 0): string {
  const found = vscode.workspace.workspaceFolders?.[index];
  if (found === undefined) throw new Error(`the workspace has no folder ${index}`);
  return found.uri.fsPath;
}

const run = promisify(execFile);

export const git = async (repository: string, ...args: string[]): Promise<string> =>
  (await run('git', args, { cwd: repository })).stdout.trim();

/** How the extension names a repository in the arguments of its commands. */
export const repositoryId = (repository: string): string => realpathSync(join(repository, '.git'));

/** The command line beside the editor. */
export async function reactor(repository: string, ...args: string[]): Promise<string> {
  const cli = join(extension().extensionPath, 'dist', 'cli.mjs');
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  return (await run(process.execPath, [cli, ...args, '--repo', repository], { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
}

export const status = async (repository: string): Promise<Pick<Status, 'runs' | 'inbox' | 'cells'>> =>
  JSON.parse(await reactor(repository, 'status', '--json')) as Status;

/** Runs a task by its command; its one question is answered with its first row. Resolves when the run is known. */
export async function runTask(repository: string, prompt: string): Promise<string> {
  const before = new Set((await status(repository)).runs.map((state) => state.run));
  const done = vscode.commands.executeCommand('reactor.runTask', prompt);
  const found = await until(`a run of “${prompt}” is known`, async () => {
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    return (await status(repository)).runs.find((state) => !before.has(state.run));
  });
  await done;
  return found.run;
}

/** What waits for a person in a run, once something does. */
export const waiting = (repository: string, run: string): Promise<Status['inbox'][number]> =>
  until(`${run} waits`, async () => (await status(repository)).inbox.find((item) => item.run === run));

/** Names of the extension's own files that this process has loaded. */
export function loadedFiles(): string[] {
  const session = new Session();
  session.connect();
  const own = `${extension().extensionPath}/dist/`;
  const names = new Set<string>();
  session.on('Debugger.scriptParsed', ({ params }) => {
    const path = params.url.replace(/^file:\/\//, '');
    if (path.startsWith(own)) names.add(basename(path));
  });
  // Reports every script there is before it returns.
  session.post('Debugger.enable');
  session.disconnect();
  return [...names].sort();
}
