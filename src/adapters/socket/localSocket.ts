import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { err, ok, type Result } from '../../base/result.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { type LineConnection, type LineDeps, lineConnection } from './lineConnection.ts';

export interface SocketServer {
  readonly path: string;
  /** Stops listening, closes every connection, and removes the socket file unless another server has replaced it. */
  close(): Promise<void>;
}

export type ConnectRefusal = {
  /** absent: nobody listens there (no file, or one left behind by a dead process). */
  readonly code: 'absent' | 'timedOut' | 'failed';
  readonly message: string;
};

/** Bytes of the shortest limit among operating systems (macOS, 104 with its end mark), with room for a temporary suffix. */
const maxPathBytes = 100;

const isPipe = (path: string): boolean => path.startsWith('\\\\');

/**
 * Listens on a socket that only this user can reach: a file of mode 0600 in a folder of mode 0700. The file appears in one step,
 * ready to be connected to, in place of one that a dead server left.
 * @throws UserFacingError `environment` when the folder is open to others or not ours or the path is too long,
 *   `notPossibleNow` when a live server holds the path, unless this one `replaces` it.
 */
export async function listen(
  path: string,
  onConnection: (connection: LineConnection) => void,
  deps: LineDeps & { readonly replaces?: boolean },
): Promise<SocketServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    onConnection(lineConnection(socket, deps));
  });
  if (isPipe(path)) {
    await bind(server, path);
    return { path, close: () => closeAll(server, open) };
  }
  await prepareFolder(path);
  if (deps.replaces !== true) await refuseWhenHeld(path, deps);
  // Bound under another name and moved: nobody sees the socket before it has its mode, and a stale file is replaced, never missing.
  const temporary = `${path}.${randomBytes(2).toString('hex')}`;
  await bind(server, temporary);
  try {
    await chmod(temporary, 0o600);
    await rename(temporary, path);
  } catch (error) {
    await closeAll(server, open);
    throw error;
  }
  const own = await lstat(path);
  return {
    path,
    async close() {
      const now = await lstat(path).catch(() => null);
      // What can't be removed, on a file system that became read-only, is left as by a process that was killed.
      if (now !== null && now.ino === own.ino && now.dev === own.dev) await rm(path, { force: true }).catch(() => {});
      await closeAll(server, open);
    },
  };
}

/** Connects to a server of `listen`. Never throws for what an operating system may answer. */
export function connect(path: string, timeoutMs: number, deps: LineDeps): Promise<Result<LineConnection, ConnectRefusal>> {
  return new Promise((resolve) => {
    const socket: Socket = createConnection(path);
    const timer = deps.clock.schedule(timeoutMs, () => {
      socket.destroy();
      resolve(err({ code: 'timedOut', message: `no answer within ${timeoutMs} ms at ${path}` }));
    });
    const onError = (error: NodeJS.ErrnoException) => {
      timer.dispose();
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK';
      resolve(err({ code: absent ? 'absent' : 'failed', message: error.message }));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      timer.dispose();
      const connection = lineConnection(socket, deps);
      socket.off('error', onError);
      resolve(ok(connection));
    });
  });
}

const bind = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });

const closeAll = (server: Server, open: ReadonlySet<Socket>): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroy();
  });

async function prepareFolder(path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new UserFacingError('environment', `The path of the engine's socket is longer than ${maxPathBytes} bytes: ${path}`, {
      actions: ['set REACTOR_HOME to a shorter folder'],
    });
  }
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const facts = await lstat(folder);
  const foreign = process.getuid !== undefined && facts.uid !== process.getuid();
  if (!facts.isDirectory() || foreign || (facts.mode & 0o077) !== 0) {
    throw new UserFacingError('environment', `Other users can reach the folder ${folder}, so that the engine does not listen there.`, {
      actions: [`chmod 700 ${folder}`, 'set REACTOR_HOME to a folder of your own'],
    });
  }
}

async function refuseWhenHeld(path: string, deps: LineDeps): Promise<void> {
  const facts = await lstat(path).catch(() => null);
  if (facts === null) return;
  if (!facts.isSocket())
    throw new UserFacingError('environment', `${path} is in the way of the engine's socket and is not a socket.`, {
      actions: ['move it away, and run the command again'],
    });
  const probe = await connect(path, 1000, deps);
  if (!probe.ok && probe.error.code === 'absent') return;
  if (probe.ok) probe.value.close();
  throw new UserFacingError('notPossibleNow', `Another engine already listens at ${path}.`, { actions: ['reactor engine --stop'] });
}
