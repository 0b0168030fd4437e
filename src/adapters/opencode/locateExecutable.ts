import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Log } from '../../base/log.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { arrivalProbe } from './arrival.ts';

const OLDEST = { major: 1, minor: 18 } as const;
const VERSION_LIMIT_MS = 30_000;

export interface LocateOptions {
  /** Path from the settings; looked at alone when given. */
  readonly configured: string | null;
  readonly env: NodeJS.ProcessEnv;
  /** Folders besides the program's own from which the npm package `opencode-<platform>-<arch>` may be resolvable. */
  readonly packageFolders: readonly string[];
  readonly log: Log;
  /** File that remembers what programs say, for which they take most of a second; absent: they are asked each time. */
  readonly memory?: string;
  /** How long a program may take to say its version; 30 s unless given. */
  readonly versionLimitMs?: number;
}

const Answer = z.object({
  version: z.string(),
  /** Its runtime runs a file of Reactor's before all else, which can lead it to another folder. */
  preloads: z.boolean(),
});
type Answer = z.infer<typeof Answer>;

export interface LocatedExecutable extends Readonly<Answer> {
  readonly path: string;
}

/** True for the versions whose interface this adapter knows: 1.18 and later 1.x. */
export const isSupported = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === OLDEST.major && minor >= OLDEST.minor;
};

/**
 * The first usable agent server: the configured one, then `opencode` on PATH, then the npm package. Says in the log what it passed over.
 * Null when there is none. @throws UserFacingError `environment` when none is known to be usable and one did not answer in time
 */
export async function locateExecutable(options: LocateOptions, signal?: AbortSignal): Promise<LocatedExecutable | null> {
  const candidates = options.configured !== null ? [options.configured] : [...onPath(options.env), ...inPackages(options.packageFolders)];
  const limitMs = options.versionLimitMs ?? VERSION_LIMIT_MS;
  let silent: string | null = null;
  for (const path of candidates) {
    const answer = await answerOf(path, options, signal);
    if (answer === 'silent') {
      silent ??= path;
      options.log.log('warn', 'this OpenCode did not say its version in time', { path, limitMs });
      continue;
    }
    if (answer !== null && isSupported(answer.version)) return { path, ...answer };
    options.log.log(
      'warn',
      answer === null ? 'this OpenCode does not run' : 'this OpenCode is not of a supported version (1.18 or a later 1.x)',
      { path, version: answer?.version ?? null },
    );
  }
  if (silent === null) return null;
  throw new UserFacingError(
    'environment',
    `${silent} --version did not answer within ${limitMs / 1000} s, so that it is not known whether this OpenCode can be used. The machine may have too much to do.`,
    { actions: ['try again when it is quieter'] },
  );
}

function onPath(env: NodeJS.ProcessEnv): string[] {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, process.platform === 'win32' ? 'opencode.exe' : 'opencode'))
    .filter(isExecutable);
}

function inPackages(folders: readonly string[]): string[] {
  const name = `opencode-${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const found = new Set<string>();
  for (const from of [import.meta.url, ...folders.map((folder) => join(folder, 'package.json'))]) {
    try {
      const manifest = createRequire(from).resolve(`${name}/package.json`);
      const path = join(manifest, '..', 'bin', process.platform === 'win32' ? 'opencode.exe' : 'opencode');
      if (isExecutable(path)) found.add(path);
    } catch {
      // Not installed there, which is what the next place is for.
    }
  }
  return [...found];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** `silent` when the program did not answer in time; null when it is none that runs. */
async function answerOf(path: string, options: LocateOptions, signal?: AbortSignal): Promise<Answer | 'silent' | null> {
  const { memory, log } = options;
  const identity = memory === undefined ? null : identityOf(path);
  if (memory === undefined || identity === null) return ask(path, options, signal);
  const remembered = recall(memory)[identity];
  if (remembered !== undefined) return remembered;
  const answer = await ask(path, options, signal);
  if (answer !== null && answer !== 'silent') remember(memory, identity, answer, log);
  return answer;
}

async function ask(path: string, { env, versionLimitMs }: LocateOptions, signal?: AbortSignal): Promise<Answer | 'silent' | null> {
  const timeout = versionLimitMs ?? VERSION_LIMIT_MS;
  const probe = arrivalProbe();
  try {
    const settings = { env: { ...env, ...probe.environment }, timeout, ...(signal ? { signal } : {}) };
    const { stdout, stderr } = await promisify(execFile)(path, ['--version'], settings);
    const version = /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0];
    return version === undefined ? null : { version, preloads: stderr.includes(probe.says) };
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error && 'killed' in error && error.killed === true ? 'silent' : null;
  } finally {
    probe.dispose();
  }
}

const SMALLEST_PROGRAM_BYTES = 10_000_000;

/** Names this very file as it is now. Null for a small one: a script that starts another file stays the same when that one changes. */
function identityOf(path: string): string | null {
  try {
    const real = realpathSync(path);
    const { size, mtimeMs, ctimeMs, ino } = statSync(real);
    return size < SMALLEST_PROGRAM_BYTES ? null : [real, ino, size, mtimeMs, ctimeMs].join('\n');
  } catch {
    return null;
  }
}

function recall(memory: string): Readonly<Record<string, Answer>> {
  try {
    return z.record(z.string(), Answer).parse(JSON.parse(readFileSync(memory, 'utf8')));
  } catch {
    // None yet, unreadable, or of a version of Reactor that remembered less: then programs are asked, and it is written anew.
    return {};
  }
}

/** How many programs are remembered: those of repositories with settings of their own, and a few that were replaced. */
const MOST_REMEMBERED = 8;

/** Remembers the last ones. A failure costs time at the next start and nothing else. */
function remember(memory: string, identity: string, answer: Answer, log: Log): void {
  try {
    mkdirSync(dirname(memory), { recursive: true, mode: 0o700 });
    const draft = `${memory}.${process.pid}`;
    const kept = [...Object.entries(recall(memory)), [identity, answer]].slice(-MOST_REMEMBERED);
    writeFileSync(draft, JSON.stringify(Object.fromEntries(kept)), { mode: 0o600 });
    renameSync(draft, memory);
  } catch (error) {
    log.log('warn', 'the version of the agent server could not be remembered', { error: String(error) });
  }
}
