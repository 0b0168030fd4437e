import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';

const LISTENS = '0A';

/** Who listens on a TCP port, whatever the address. Looks at /proc where there is one, else only tries to bind the port on 127.0.0.1. */
export async function portListener(port: number): Promise<{ readonly pid: number | null } | null> {
  if (process.platform !== 'linux') return (await canBind(port)) ? null : { pid: null };
  const sockets = await listeningSockets(port);
  return sockets.size === 0 ? null : { pid: await holderOf(sockets) };
}

/** Names of the sockets as the processes' file descriptors lead to them. */
async function listeningSockets(port: number): Promise<ReadonlySet<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'latin1').catch(() => '')).split('\n').slice(1);
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(suffix) && fields[3] === LISTENS) found.add(`socket:[${fields[9]}]`);
    }
  }
  return found;
}

async function holderOf(sockets: ReadonlySet<string>): Promise<number | null> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    // Of other users, or gone meanwhile.
    for (const fd of await readdir(folder).catch(() => [])) {
      if (sockets.has(await readlink(`${folder}/${fd}`).catch(() => ''))) return Number(pid);
    }
  }
  return null;
}

const canBind = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
