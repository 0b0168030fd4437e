import { execFileSync, spawnSync } from 'node:child_process';

const PROGRAM = 'bwrap';
const INSTALLER = '/usr/bin/apt-get';

const works = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** Installs bubblewrap where the tests run as root on a system with apt, as in CI. @throws Error when it is not there and can't be installed. */
export function ensureBubblewrap(): void {
  if (works(PROGRAM)) return;
  if (process.getuid?.() === 0 && works(INSTALLER)) {
    const install = ['install', '-y', '--no-install-recommends', 'bubblewrap'];
    if (spawnSync(INSTALLER, install).status !== 0) {
      execFileSync(INSTALLER, ['update'], { stdio: 'ignore' });
      execFileSync(INSTALLER, install, { stdio: 'ignore' });
    }
  }
  if (!works(PROGRAM)) throw new Error('these tests need bubblewrap: apt-get install bubblewrap');
}
