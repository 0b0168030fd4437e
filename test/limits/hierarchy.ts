import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { CellLimits } from '../../src/core/model/sandboxSpec.ts';

export const MOUNT = '/sys/fs/cgroup';
const USER = Number(process.env['REACTOR_GUEST_USER_ID'] ?? 0);
const ALL = '+memory +pids +cpu';
/** What systemd gives to whom it delegates a group. */
const DELEGATED = ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];

export const read = (group: string, file: string): string => readFileSync(join(MOUNT, group, file), 'utf8').trim();
export const has = (group: string): boolean => existsSync(join(MOUNT, group));
export const write = (group: string, file: string, text: string): void => writeFileSync(join(MOUNT, group, file), text);

/** @param passesOn controllers that groups below it have. */
export function makeGroup(group: string, options: { readonly passesOn?: string; readonly delegated?: boolean } = {}): string {
  mkdirSync(join(MOUNT, group), { recursive: true });
  if (options.passesOn !== undefined) write(group, 'cgroup.subtree_control', options.passesOn);
  if (options.delegated === true) for (const file of DELEGATED) chownSync(join(MOUNT, group, file), USER, USER);
  return group;
}

/** As systemd divides a machine: the user's own service is the user's, what is above it is root's. */
export function makeUserSession(): { readonly service: string; readonly scopes: readonly [string, string]; readonly login: string } {
  makeGroup('', { passesOn: ALL });
  makeGroup('user.slice', { passesOn: ALL });
  const slice = makeGroup(`user.slice/user-${USER}.slice`, { passesOn: ALL });
  const service = makeGroup(`${slice}/user@${USER}.service`, { passesOn: ALL, delegated: true });
  makeGroup(`${service}/app.slice`, { delegated: true });
  const scopes = ['one', 'two'].map((name) => makeGroup(`${service}/app.slice/terminal-${name}.scope`, { delegated: true }));
  return { service, scopes: [scopes[0] ?? '', scopes[1] ?? ''], login: makeGroup(`${slice}/session-1.scope`) };
}

export type Request =
  | { readonly kind: 'controllers' }
  | { readonly kind: 'start'; readonly limits: Partial<CellLimits>; readonly script: string }
  | { readonly kind: 'adopt' | 'memoryAtKill' | 'lost' | 'end' | 'endCell'; readonly pid: number };

/** Arguments for a shell that runs a command as the ordinary user, or as root, in a group. */
export function inGroup(group: string, command: readonly string[], isRoot = false, before: readonly string[] = []): readonly string[] {
  const drop = isRoot ? [] : ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
  return ['-c', 'echo 0 >"$0" && exec "$@"', join(MOUNT, group, 'cgroup.procs'), ...before, ...drop, ...command];
}

/** A process as the engine is one, with the real adapter, in a group and as a user that the test says. */
export class Subject {
  readonly #child;

  /** @param before puts the subject elsewhere than where this process is. */
  constructor(group: string, options: { readonly isRoot?: boolean; readonly before?: readonly string[] } = {}) {
    const program = [process.execPath, fileURLToPath(new URL('subject.ts', import.meta.url))];
    this.#child = spawn('/bin/sh', inGroup(group, program, options.isRoot, options.before), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  async ask(request: Request): Promise<unknown> {
    this.#child.send(request);
    const answered = once(this.#child, 'message');
    const [answer]: unknown[] = await Promise.race([answered, once(this.#child, 'exit').then(() => ['the subject has ended'])]);
    return answer;
  }

  /** The first process of a cell, once it is in its group. */
  async start(limits: Partial<CellLimits>, script: string): Promise<{ readonly pid: number; readonly group: string }> {
    const pid = Number(await this.ask({ kind: 'start', limits, script }));
    return { pid, group: groupOf(pid) };
  }

  /** As `kill -9` does. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

export const groupOf = (pid: number): string => /^0::\/(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';

/** Of a file with a name and a number in each line. */
export const countIn = (group: string, file: string, name: string): number =>
  Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(read(group, file))?.[1] ?? 0);

/** Empty for a process that has ended. */
export const commandOf = (pid: number): string =>
  existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') : '';
