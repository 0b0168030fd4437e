import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const packagesIn = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
};

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes its own record last, so a broken install has none.
 * Optional packages may be absent (another platform), but not of another version.
 * @param {string} root
 */
export function isInstalled(root) {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const present = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const own = present[path];
    return own === undefined ? Boolean(entry.optional || entry.devOptional) : own.version === entry.version;
  });
}

/**
 * Installs exactly the lock file when something is missing. Says so in one line on standard error, so that standard output stays clean.
 * @param {string} root
 * @returns {boolean} false when the installation failed; its output has been shown
 */
export function ensureInstalled(root) {
  if (isInstalled(root)) return true;
  process.stderr.write('installing dependencies (npm ci) …\n');
  const args = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  const [command, before] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  // Inside `npm start --silent` a nested npm would be silent about its own failure too.
  const env = { ...process.env, npm_config_loglevel: 'error' };
  const done = spawnSync(command, [...before, ...args], { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (done.status === 0) return true;
  const why = done.error === undefined ? `${done.stdout}${done.stderr}` : `${done.error.message}\n`;
  process.stderr.write(`${why}npm ci failed; nothing was started\n`);
  return false;
}
