import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface ChildRun {
  /** From just before it was started to its end, milliseconds. */
  readonly wallMs: number;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws Error with what it printed unless its exit code is the expected one. */
export async function childRun(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  expected = 0,
): Promise<ChildRun> {
  const startedAt = performance.now();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit').then(([code]) => ({ exitCode: Number(code ?? -1), wallMs: performance.now() - startedAt }));
  const [end, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (end.exitCode !== expected) throw new Error(`${command} ${args.join(' ')} ended with ${end.exitCode}\n${stdout}\n${stderr}`);
  return { ...end, stdout, stderr };
}
