import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { isExecutable } from './onPath.ts';

const usual = '/usr/bin/chromium';

/**
 * A Chromium for the tests of the real editor: the one REACTOR_CHROMIUM names, else Debian's, which is installed when root runs this.
 * @returns its path
 * @throws Error with one sentence that says what to do
 */
export function ensureChromium(say: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): string {
  const named = process.env['REACTOR_CHROMIUM'];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`REACTOR_CHROMIUM names ${named}, which can't be run`);
  }
  if (isExecutable(usual)) return usual;
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new Error('the tests of the real editor need Chromium: install it, or name it in REACTOR_CHROMIUM');
  }
  say('installing chromium (apt-get install) …');
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const done = spawnSync('/usr/bin/apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (done.status !== 0) {
      const why = done.error?.message ?? done.stderr.trim().slice(-1000);
      throw new Error(`chromium could not be installed; name one in REACTOR_CHROMIUM. apt-get ${args[0]}: ${why}`);
    }
  }
  if (!isExecutable(usual)) throw new Error(`chromium was installed, but there is no ${usual}; name it in REACTOR_CHROMIUM`);
  return usual;
}
