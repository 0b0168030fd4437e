import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { kernelSettings } from '../../core/policy/sandboxPolicy.ts';
import type { SandboxProbe } from '../../core/ports/sandbox.ts';
import { commandNamespaces, isFolder, mountArguments, serverNamespaces } from './bubblewrap.ts';
import { desktopSockets } from './fileSockets.ts';

const LIMIT_MS = 10_000;
const run = promisify(execFile);

const none = (why: string, todo: string): SandboxProbe => ({ boundary: null, version: null, ownProc: false, why, todo });

const INSTALL = 'install bubblewrap (apt install bubblewrap, dnf install bubblewrap, apk add bubblewrap, pacman -S bubblewrap)';

/** Starts a sandbox in a sandbox, as cells do, and says what works here. Each start may take `limitMs`. */
export async function probeBubblewrap(bwrap: string, isRoot: boolean, limitMs = LIMIT_MS): Promise<SandboxProbe> {
  const late = (what: string): SandboxProbe =>
    none(`bubblewrap took longer than ${limitMs / 1000} s ${what}`, 'try again when the machine has less to do');
  let version: string;
  try {
    version = (await run(bwrap, ['--version'], { timeout: limitMs })).stdout.trim().replace(/^bubblewrap /, '');
  } catch (error) {
    if (isLate(error)) return late('to say its version');
    if (isMissing(error)) return none('bubblewrap (bwrap) is not installed', INSTALL);
    return none(`bubblewrap (${bwrap}) can't be started: ${reasonOf(error)}`, INSTALL);
  }
  const inner = (ownProc: boolean): string[] => [
    ...[bwrap, ...commandNamespaces(true), '--bind', '/', '/'],
    ...(ownProc ? ['--proc', '/proc'] : []),
    ...['--dev', '/dev', '--', 'true'],
  ];
  const outer = (command: readonly string[]): Promise<unknown> => {
    // With what lies over it the kernel allows no second one.
    const proc = ['--proc', '/proc', ...mountArguments(kernelSettings(isRoot), isFolder)];
    const mounts = ['--ro-bind', '/', '/', ...proc, '--dev', '/dev', '--tmpfs', '/tmp'];
    return run(bwrap, [...serverNamespaces(isRoot), ...mounts, '--', ...command], { timeout: limitMs });
  };
  try {
    await outer(['true']);
  } catch (error) {
    if (isLate(error)) return late('to make a sandbox');
    return none(`bubblewrap ${version} can't make a sandbox: ${reasonOf(error)}`, hint());
  }
  for (const ownProc of [true, false]) {
    try {
      await outer(inner(ownProc));
      return { boundary: 'bubblewrap', version, ownProc, why: '', todo: '', reachable: desktopSockets() };
    } catch (error) {
      // A sandbox that works, only late, must not be taken for one without a /proc of its own.
      if (isLate(error)) return late('to make a sandbox in a sandbox');
      if (!ownProc) return none(`bubblewrap ${version} can't make a sandbox in a sandbox: ${reasonOf(error)}`, hint());
    }
  }
  return none('bubblewrap does not work', hint());
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The limit passed and it was ended. */
const isLate = (error: unknown): boolean => error instanceof Error && 'killed' in error && error.killed === true;

function reasonOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? (error instanceof Error ? error.message : String(error)) : (said.split('\n').at(-1) ?? said);
}

/** What is likely to be in the way, by what the system says of itself. */
function hint(): string {
  const setting = (file: string): string | null => {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      return null;
    }
  };
  if (setting('/proc/sys/user/max_user_namespaces') === '0') return 'allow user namespaces: sysctl user.max_user_namespaces=15000';
  if (setting('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return 'allow user namespaces: sysctl kernel.unprivileged_userns_clone=1';
  if (setting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return 'give bwrap an AppArmor profile that allows userns (Ubuntu 24.04 and later), or sysctl kernel.apparmor_restrict_unprivileged_userns=0';
  if (existsSync('/.dockerenv') || existsSync('/run/.containerenv'))
    return 'this is a container: start it with --security-opt seccomp=unconfined --security-opt systempaths=unconfined, or set sandbox: off when the container itself is the boundary';
  if (/microsoft/i.test(setting('/proc/version') ?? '')) return 'use WSL 2: WSL 1 has no namespaces';
  return INSTALL;
}
