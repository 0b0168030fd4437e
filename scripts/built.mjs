import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { chooseNode, nodeEnvironment } from './pinnedNode.mjs';

const modifiedMs = (file) => {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
};

// Folders count as well: a removed file changes only its folder.
function newestMs(path) {
  let newest = modifiedMs(path);
  let entries = [];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return newest;
  }
  for (const entry of entries) {
    const child = join(path, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(child) : modifiedMs(child));
  }
  return newest;
}

/**
 * Whether something the bundles are made of changed after they were written.
 * @param {string} root
 */
export function isStale(root) {
  const built = modifiedMs(join(root, 'dist', '.built'));
  const inputs = ['src', 'webview-ui', 'scripts', 'esbuild.mjs', 'package.json', join('node_modules', '.package-lock.json')];
  return inputs.some((input) => newestMs(join(root, input)) >= built);
}

/**
 * Builds dist/ when it is stale; quiet unless it fails.
 * @param {string} root
 * @returns {boolean} false when the build failed; its output has been shown
 */
export function ensureBuilt(root) {
  if (!isStale(root)) return true;
  const node = chooseNode(root);
  const done = spawnSync(node, [join(root, 'esbuild.mjs')], { cwd: root, env: nodeEnvironment(node, process.env), encoding: 'utf8' });
  if (done.status === 0) return true;
  process.stderr.write(`${done.stdout}${done.stderr}the build failed\n`);
  return false;
}
