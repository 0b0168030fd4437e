import { spawnSync } from 'node:child_process';

const INSTALLER = '/usr/bin/apt-get';

const works = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/**
 * Installs a program where the tests run as root on a system with apt, as in CI.
 * @param name of the Debian package
 * @throws Error when it is not there and can't be installed
 */
export function ensureProgram(program: string, name: string): void {
  if (works(program)) return;
  if (process.getuid?.() === 0 && works(INSTALLER)) {
    // Test files run side by side, and apt takes one at a time; whoever else installs something is waited for, too.
    const apt = (...args: string[]): number | null =>
      spawnSync('flock', ['/var/lib/dpkg', INSTALLER, '-o', 'DPkg::Lock::Timeout=120', ...args], { stdio: 'ignore' }).status;
    const install = ['install', '-y', '--no-install-recommends', name];
    if (apt(...install) !== 0 && apt('update') === 0) apt(...install);
  }
  if (!works(program)) throw new Error(`these tests need ${program}: apt-get install ${name}`);
}
