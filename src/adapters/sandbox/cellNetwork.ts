import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as requestOf, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { errorText, type Log } from '../../base/log.ts';
import { hostText } from '../../core/policy/networkPolicy.ts';
import type { CellNetwork, ConnectRequest } from '../../core/ports/cellNetwork.ts';
import { FORWARDER, forwarderText } from './forwarder.ts';
import { resolveHost } from './resolveHost.ts';

/** Of the connection to the host; without data for this long it is given up. */
const IDLE_MS = 300_000;
/** Of one cell, at once. More wait in the cell. */
const MOST_CONNECTIONS = 256;
/** Of those, how many may wait for a decision. */
const MOST_UNDECIDED = 32;

/** The folder of a cell's way out. Its name is short, as the path of a socket is. */
export const wayOut = (folder: string, cell: string): string => join(folder, createHash('sha256').update(cell).digest('hex').slice(0, 16));

export interface CellNetworkDependencies {
  readonly log: Log;
  /** Folder that only its user can enter, with a short path. */
  readonly folder: string;
}

/** Ways out of cells, each a proxy on a socket that is laid into the cell. */
export function createCellNetwork({ log, folder }: CellNetworkDependencies): CellNetwork {
  const open = new Map<string, Promise<Gate>>();
  let decide = (_request: ConnectRequest, _signal: AbortSignal): Promise<boolean> => Promise.resolve(false);
  return {
    decideBy(given) {
      decide = given;
    },
    async open(cell) {
      const present = open.get(cell);
      if (present !== undefined) {
        await present;
        return;
      }
      const gate = openGate({
        cell,
        folder: wayOut(folder, cell),
        log,
        undecided: { count: 0 },
        decide: (request, signal) => decide(request, signal),
      });
      open.set(cell, gate);
      await gate.catch((error: unknown) => {
        // The next try opens another.
        if (open.get(cell) === gate) open.delete(cell);
        throw error;
      });
    },
    async close(cell) {
      const gate = open.get(cell);
      open.delete(cell);
      // One that did not open has told so to who opened it.
      const opened = await gate?.catch(() => null);
      opened?.close();
    },
  };
}

interface Gate {
  close(): void;
}

interface GateOptions {
  readonly cell: string;
  readonly folder: string;
  readonly log: Log;
  readonly decide: (request: ConnectRequest, signal: AbortSignal) => Promise<boolean>;
  /** Connections that wait for a decision. */
  readonly undecided: { count: number };
}

async function openGate(options: GateOptions): Promise<Gate> {
  const { folder } = options;
  const path = join(folder, 'proxy.sock');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  writeFileSync(join(folder, FORWARDER), forwarderText, { mode: 0o600 });
  const sockets = new Set<Duplex>();
  const server = createServer();
  server.maxConnections = MOST_CONNECTIONS;
  const track = <T extends Duplex>(socket: T): T => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    return socket;
  };
  server.on('connection', track);
  server.on('connect', (request, socket: Duplex, head: Buffer) => {
    void tunnel(options, request, socket, head, track).catch((error: unknown) => broke(options.log, error, socket));
  });
  server.on('request', (request, response) => {
    void pass(options, request, response, track).catch((error: unknown) => broke(options.log, error, response));
  });
  await listen(server, path);
  // One that is told to nobody would end the engine.
  server.on('error', (error) => options.log.log('warn', 'the way out of a cell failed', { cell: options.cell, error: errorText(error) }));
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function broke(log: Log, error: unknown, end: { destroy(): unknown }): void {
  log.log('debug', 'a connection out of a cell broke off', { error: errorText(error) });
  end.destroy();
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });

type Track = <T extends Duplex>(socket: T) => T;
type Passage =
  | { readonly address: string; readonly host: string; readonly port: number }
  | { readonly status: number; readonly why: string };

/** CONNECT: whatever is spoken, most of it TLS. */
async function tunnel(options: GateOptions, request: IncomingMessage, socket: Duplex, head: Buffer, track: Track): Promise<void> {
  const passage = await passageFor(options, target(`http://${request.url ?? ''}`, 443), socket);
  if ('status' in passage) {
    socket.end(`HTTP/1.1 ${passage.status} Refused\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${passage.why}\n`);
    return;
  }
  // Whoever asked may have gone while the host was looked for.
  if (socket.destroyed) return;
  const outside = track(connectTo(passage));
  const refuse = (): void => void socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n');
  outside.once('error', refuse);
  outside.once('connect', () => {
    // From here on the bytes are those of the host: one that breaks off has said nothing more.
    outside.off('error', refuse);
    outside.once('close', () => (outside.readableEnded ? undefined : socket.destroy()));
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) outside.write(head);
    outside.pipe(socket);
    socket.pipe(outside);
  });
  socket.once('close', () => outside.destroy());
}

/** A request that names the whole address: HTTP in the clear. */
async function pass(options: GateOptions, request: IncomingMessage, response: ServerResponse, track: Track): Promise<void> {
  const passage = await passageFor(options, target(request.url ?? '', 80), request.socket);
  if ('status' in passage) {
    response.writeHead(passage.status, { 'content-type': 'text/plain' }).end(`${passage.why}\n`);
    return;
  }
  if (request.socket.destroyed) return;
  const { pathname, search, host } = new URL(request.url ?? '');
  const { 'proxy-connection': _connection, 'proxy-authorization': _authorization, ...headers } = request.headers;
  const outside = requestOf({
    method: request.method,
    path: `${pathname}${search}`,
    // Not the one that the request names beside it: a machine with many names would go by that (RFC 9112, 3.2.2).
    headers: { ...headers, host },
    createConnection: () => track(connectTo(passage)),
  });
  outside.once('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  outside.once('response', (answer) => {
    try {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    } catch {
      // No answer of HTTP, such as a status of 99.
      outside.destroy();
      if (!response.headersSent) response.writeHead(502);
      response.end();
    }
  });
  // A host that asks for another protocol, and gets none.
  outside.once('close', () => (response.headersSent ? undefined : response.writeHead(502).end()));
  request.pipe(outside);
  response.once('close', () => outside.destroy());
}

function connectTo({ address, port }: { readonly address: string; readonly port: number }): Socket {
  const socket = connect({ host: address, port });
  return socket.setTimeout(IDLE_MS, () => socket.destroy());
}

/** Null when it names no host. */
function target(text: string, usualPort: number): { readonly host: string; readonly port: number } | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (protocol !== 'http:' || host === '') return null;
  // A port that is usual for the protocol is left out of the address, and 80 is that of this one.
  return { host, port: port !== '' ? Number(port) : /:80(\/|$)/.test(text) ? 80 : usualPort };
}

/** Whether the connection may be made, and to which address; decided before anything is resolved. */
async function passageFor(
  { cell, decide, undecided }: GateOptions,
  wanted: { readonly host: string; readonly port: number } | null,
  socket: Duplex,
): Promise<Passage> {
  if (wanted === null) return { status: 400, why: 'Reactor: this proxy takes HTTP requests with a whole address, and CONNECT' };
  const { host, port } = wanted;
  const place = hostText(host, port);
  if (undecided.count >= MOST_UNDECIDED) return { status: 503, why: 'Reactor: too many connections wait for a decision' };
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  socket.once('close', onClose);
  undecided.count += 1;
  try {
    if (!(await decide({ cell, host, port }, gone.signal)))
      return { status: 403, why: `Reactor: ${place} is not on the list of this run (network: allowlist)` };
  } finally {
    undecided.count -= 1;
    socket.off('close', onClose);
  }
  const address = await resolveHost(host);
  if (address === null) return { status: 502, why: `Reactor: there is no address of ${host} outside this machine` };
  return { address, host, port };
}
