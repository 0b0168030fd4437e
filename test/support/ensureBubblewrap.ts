import { execFileSync, spawnSync } from 'node:child_process';

const works = (): boolean => spawnSync('bwrap', ['--version']).status === 0;

/** Installs bubblewrap where the tests run as root on a system with apt, as in CI. @throws Error when it is not there and can't be installed. */
export function ensureBubblewrap(): void {
  if (works()) return;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    const install = ['install', '-y', '--no-install-recommends', 'bubblewrap'];
    if (spawnSync('apt-get', install).status !== 0) {
      execFileSync('apt-get', ['update'], { stdio: 'ignore' });
      execFileSync('apt-get', install, { stdio: 'ignore' });
    }
  }
  if (!works()) throw new Error('these tests need bubblewrap: apt-get install bubblewrap');
}
