import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import type { ProcessEnd } from './totals.ts';

const tailChars = 12_000;

const killGroup = (pid: number | undefined, signal: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
};

/**
 * Runs a command in a process group of its own with its whole output in `logFile`. After `limitMs` the group gets SIGTERM, 5 s later SIGKILL.
 * When this process is interrupted, so is the group.
 */
export async function runLimited(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly logFile: string; readonly limitMs: number },
): Promise<ProcessEnd> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile);
  let tail = '';
  const take = (chunk: Buffer) => {
    log.write(chunk);
    tail = (tail + chunk.toString('utf8')).slice(-tailChars);
  };
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  let timedOut = false;
  const killTimers: NodeJS.Timeout[] = [];
  const end = () => {
    killGroup(child.pid, 'SIGTERM');
    killTimers.push(setTimeout(() => killGroup(child.pid, 'SIGKILL'), 5000));
  };
  killTimers.push(
    setTimeout(() => {
      timedOut = true;
      end();
    }, options.limitMs),
  );
  const interrupted = () => killGroup(child.pid, 'SIGTERM');
  process.once('exit', interrupted);
  const result = await new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.on('error', (error) => {
      tail += error.message;
      resolve({ exitCode: 127, signal: null });
    });
    // `exit`, not `close`: a process left behind may hold the pipes open.
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  process.removeListener('exit', interrupted);
  for (const timer of killTimers) clearTimeout(timer);
  killGroup(child.pid, 'SIGKILL');
  child.stdout.destroy();
  child.stderr.destroy();
  log.end();
  await finished(log);
  return { ...result, timedOut, outputTail: tail };
}
