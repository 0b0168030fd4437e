import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Tools that are too large to be dependencies are put here when something first needs them. */
const cacheFolder = (): string => process.env['REACTOR_EDITOR_CACHE'] || join(root, '.reactor-cache', 'editor');

/** A folder in the making. */
export interface Installing {
  readonly folder: string;
  /** Runs a command there, its output goes to `install.log`. @throws Error with the end of what it printed when it fails */
  run(command: string, args: readonly string[], cwd?: string): Promise<void>;
}

export interface ToolRequest {
  readonly name: string;
  /** Folder with the package.json and the lock file that pin the tool; scripts/tools/NAME when absent. */
  readonly pins?: string;
  /** For people. */
  readonly title: string;
  /** Each is done once and has to bear being broken off and done again. */
  readonly steps: readonly ((tool: Installing) => Promise<void>)[];
}

const pinFiles = ['package.json', 'package-lock.json'];

/**
 * The folder of a tool, installed once and then only found. Broken off at any moment, the next call goes on where it was; of two calls at
 * once the second waits for the first. An unfinished folder is never used: it gets its name when all steps are done. Folders of
 * other versions are removed. Says one line when it installs.
 * @throws Error that says which tool and why
 */
export function ensureTool(request: ToolRequest, say: (line: string) => void = sayOnStandardError): Promise<string> {
  const cache = cacheFolder();
  const key = join(cache, request.name);
  const known = underWay.get(key);
  if (known !== undefined) return known;
  const installed = install(request, cache, say).finally(() => underWay.delete(key));
  underWay.set(key, installed);
  return installed;
}

/** Claims are told apart by process, so that within one there is one at a time. */
const underWay = new Map<string, Promise<string>>();

async function install(request: ToolRequest, cache: string, say: (line: string) => void): Promise<string> {
  const { name, title, steps, pins = join(root, 'scripts', 'tools', name) } = request;
  const done = join(cache, `${name}-${process.platform}-${process.arch}-${versionOf(pins, steps)}`);
  if (isComplete(done)) return done;
  mkdirSync(cache, { recursive: true });
  const own = await claim(done);
  if (own === null) return done;
  say(`installing ${title} into ${cache} …`);
  for (const file of pinFiles) writeFileSync(join(own, file), readFileSync(join(pins, file)));
  for (const [index, step] of steps.entries()) {
    const mark = join(own, `step-${index}`);
    if (existsSync(mark)) continue;
    try {
      await step({ folder: own, run: (command, args, cwd = own) => runLogged(command, args, cwd, join(own, 'install.log')) });
    } catch (error) {
      throw new Error(`${title} could not be installed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    writeFileSync(mark, '');
  }
  writeFileSync(join(own, 'complete'), '');
  if (!renamed(own, done) && !isComplete(done)) throw new Error(`${title} could not be installed: remove ${done}, which is in the way`);
  removeOthers(cache, name, done);
  return done;
}

/** Installs exactly the lock file; no script of a package is run. */
export const installLocked = ({ run }: Installing): Promise<void> =>
  run('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']);

const sayOnStandardError = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Changes with what is pinned and with how it is installed. */
function versionOf(pins: string, steps: ToolRequest['steps']): string {
  const hash = createHash('sha256').update(process.version.split('.')[0] ?? '');
  for (const file of pinFiles) hash.update(readFileSync(join(pins, file)));
  for (const step of steps) hash.update(step.toString());
  return hash.digest('hex').slice(0, 12);
}

const isComplete = (folder: string): boolean => existsSync(join(folder, 'complete'));
const ownerOf = (entry: string): number => Number(/\.partial-(\d+)$/.exec(entry)?.[1] ?? Number.NaN);

/** Waits while another process installs the same; takes over what an ended one left. @returns null when the other has finished */
async function claim(done: string): Promise<string | null> {
  const cache = dirname(done);
  const own = `${done}.partial-${process.pid}`;
  const partials = (): string[] =>
    readdirSync(cache)
      .map((entry) => join(cache, entry))
      .filter((path) => path.startsWith(`${done}.partial-`) && path !== own);
  while (partials().some((path) => isAlive(ownerOf(path)))) {
    await sleep(500);
    if (isComplete(done)) return null;
  }
  // The rename decides between two heirs.
  for (const path of partials()) if (!existsSync(own)) renamed(path, own);
  mkdirSync(own, { recursive: true });
  return own;
}

function removeOthers(cache: string, name: string, done: string): void {
  for (const entry of readdirSync(cache)) {
    const path = join(cache, entry);
    if (entry.startsWith(`${name}-`) && path !== done && !isAlive(ownerOf(entry))) {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}

function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function runLogged(command: string, args: readonly string[], cwd: string, log: string): Promise<void> {
  // This Node for what the command starts, and its headers for addons, whatever the user's npm is set to.
  const bin = dirname(process.execPath);
  const env = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    npm_config_nodedir: dirname(bin),
    npm_config_loglevel: 'error',
    npm_config_update_notifier: 'false',
  };
  return new Promise((resolve, reject) => {
    const output = createWriteStream(log, { flags: 'a' });
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = (): void => {
      child.kill('SIGTERM');
    };
    process.once('exit', end);
    let tail = '';
    const keep = (text: string): void => {
      output.write(text);
      tail = `${tail}${text}`.slice(-2000);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', end);
      output.end();
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args[0]} ended with ${code}\n${tail.trim()}`));
    });
  });
}
