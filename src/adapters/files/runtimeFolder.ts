import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UserFacingError } from '../../base/userFacingError.ts';

/**
 * A folder for sockets and leases that is the same for all that this user runs on the machine, whatever TMPDIR says in one terminal or
 * the other. Created on demand; only its user can look inside.
 * @param parent where it lies; the machine's shared temporary folder by default.
 * @throws UserFacingError `environment` when it exists and belongs to somebody else, is a link, or can't be made.
 */
export function runtimeFolder(parent: string = sharedTemporaryFolder()): string {
  const user = userInfo();
  const folder = join(parent, `reactor-${user.uid === -1 ? user.username : user.uid}`);
  try {
    makePrivate(folder);
  } catch (cause) {
    throw unusable(folder, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) throw unusable(folder, 'it is not a folder');
  if (user.uid !== -1 && stat.uid !== user.uid) throw unusable(folder, 'it belongs to another user');
  if (user.uid !== -1 && (stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  return folder;
}

/** The folder of port leases; see `runtimeFolder`. */
export function portLeaseFolder(parent?: string): string {
  const folder = join(runtimeFolder(parent), 'ports');
  makePrivate(folder);
  return folder;
}

/** The longest socket path all systems take is 104 bytes, the closing zero included. */
const LONGEST_SOCKET_PATH = 100;

/**
 * The address of the engine's socket for one data folder: in that folder where its path is short enough, else in `runtimeFolder`.
 * On Windows a named pipe.
 * @throws UserFacingError `environment`, see `runtimeFolder`.
 */
export function socketPathOf(dataFolder: string, runtimeParent?: string): string {
  const hash = createHash('sha256').update(dataFolder).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\reactor-${hash}`;
  const inside = join(dataFolder, 'engine.sock');
  return Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH ? inside : join(runtimeFolder(runtimeParent), `${hash}.sock`);
}

function sharedTemporaryFolder(): string {
  if (process.platform === 'win32') return tmpdir();
  try {
    accessSync('/tmp', constants.W_OK | constants.X_OK);
    return '/tmp';
  } catch {
    return tmpdir();
  }
}

function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

const unusable = (folder: string, why: string, cause?: unknown): UserFacingError =>
  new UserFacingError('environment', `Reactor needs the folder ${folder} for itself, but ${why}. Nothing was started.`, {
    actions: [`Remove or rename ${folder}, or ask the one who owns it to.`],
    cause,
  });
