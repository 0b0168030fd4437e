import { LEADER_MARKER } from '../../core/ports/processes.ts';

/** Names of the programs in the folder of a cell's boundary. */
export const BROKER = 'broker.cjs';
export const RELAY = 'relay.cjs';

/** How commands of one kind are started. */
export interface BrokeredKind {
  readonly profile: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a broker is told, as a file that nothing in the cell can write. */
export interface BrokerSettings {
  /** The program that applies a profile. */
  readonly sandbox: string;
  readonly socket: string;
  /** Socket of the cell's way out; null where it has none. */
  readonly proxy: string | null;
  /** What stands in profiles for the port of that. */
  readonly proxyPlace: string;
  readonly server: BrokeredKind;
  readonly plain: BrokeredKind;
  readonly gate: BrokeredKind;
  /** Shell lines that every command begins with. */
  readonly begin: readonly string[];
}

/** One byte of kind, four of length, then as many bytes. */
const FRAMES = `
const frame = (kind, data) => {
  const body = Buffer.from(data);
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};
const reader = (take) => {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      take(rest.toString('latin1', 0, 1), rest.subarray(5, end));
      rest = rest.subarray(end);
    }
  };
};
const exitCodeOf = (code, signal) => (code === null ? 128 + constants.signals[signal] : code);
`;

/**
 * Starts a cell's agent server under one profile and its commands under another. A program under a profile can't apply a second one, so the server's
 * shell hands each command to this program, which runs under none: whoever can ask it gets no more than a command of the cell. It ends with
 * the server; what commands have left is found by the marks in its environment.
 */
export const brokerText = `'use strict';
const { spawn } = require('node:child_process');
const { readFileSync, rmSync } = require('node:fs');
const { constants } = require('node:os');
const net = require('node:net');
${FRAMES}
const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
/** These make the program that applies the profile do something before it does. */
const EARLY = /^(Malloc|DYLD_|OBJC_|LIBDISPATCH_|OS_|XPC_)/;
const QUIET_MS = 100;
let port = null;
const profileOf = ({ profile }) => (port === null ? profile : profile.replaceAll(settings.proxyPlace, '"localhost:' + port + '"'));
const kill = (pid, signal) => {
  try {
    process.kill(-pid, signal);
  } catch {}
};
const proxyVariables = () => {
  if (port === null) return {};
  const address = 'http://127.0.0.1:' + port;
  const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];
  const own = 'localhost,127.0.0.1,::1';
  return { NODE_USE_ENV_PROXY: '1', no_proxy: own, NO_PROXY: own, ...Object.fromEntries(names.map((name) => [name, address])) };
};

function start(socket, { kind, cwd, args, env }) {
  const chosen = kind === 'gate' ? settings.gate : settings.plain;
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => !EARLY.test(name) && name !== 'ELECTRON_RUN_AS_NODE'));
  const script = ['cd -- "$1" || exit 1', 'shift', ...settings.begin, 'exec "$@"'].join('\\n');
  const child = spawn(settings.sandbox, ['-p', profileOf(chosen), '/bin/sh', '-c', script, 'sh', cwd, ...args], {
    cwd: '/',
    detached: true,
    env: { ...given, ...chosen.environment, ...proxyVariables(), ${LEADER_MARKER}: String(process.pid) },
  });
  const end = (code) => socket.end(frame('C', String(code)));
  child.on('error', () => end(127));
  let ended = null;
  let quiet = null;
  let paused = 0;
  const finish = () => {
    clearTimeout(quiet);
    if (!socket.writableEnded) end(ended);
    // What was left running keeps its streams.
    for (const stream of [child.stdout, child.stderr]) stream.removeAllListeners('data').resume();
  };
  const wait = () => {
    clearTimeout(quiet);
    if (ended === null || paused > 0) return;
    quiet = setTimeout(finish, QUIET_MS);
  };
  for (const [name, stream] of [['O', child.stdout], ['X', child.stderr]]) {
    stream.on('error', () => {});
    stream.on('data', (data) => {
      wait();
      if (socket.destroyed || socket.writableEnded || socket.write(frame(name, data))) return;
      paused += 1;
      clearTimeout(quiet);
      stream.pause();
      socket.once('drain', () => {
        paused -= 1;
        stream.resume();
        wait();
      });
    });
  }
  child.stdin.on('error', () => {});
  child.on('exit', (code, signal) => {
    ended = exitCodeOf(code, signal);
    wait();
  });
  child.on('close', finish);
  const signal = (name) => {
    if (ended === null && child.pid !== undefined) kill(child.pid, name);
  };
  socket.on('close', () => {
    signal('SIGKILL');
    for (const stream of [child.stdout, child.stderr]) stream.resume();
  });
  return { stdin: child.stdin, signal };
}

const commands = net.createServer((socket) => {
  let child = null;
  socket.on('error', () => socket.destroy());
  socket.on(
    'data',
    reader((kind, data) => {
      try {
        if (kind === 'H' && child === null) child = start(socket, JSON.parse(data.toString('utf8')));
        else if (kind === 'I' && child !== null && !child.stdin.write(data)) {
          socket.pause();
          child.stdin.once('drain', () => socket.resume());
        } else if (kind === 'E' && child !== null) child.stdin.end();
        else if (kind === 'S' && child !== null) child.signal(data.toString('latin1'));
      } catch {
        socket.destroy();
      }
    }),
  );
});

function startServer() {
  const env = { ...process.env, ...settings.server.environment, PWD: '/' };
  delete env.ELECTRON_RUN_AS_NODE;
  const server = spawn(settings.sandbox, ['-p', profileOf(settings.server), ...process.argv.slice(3)], { cwd: '/', env, stdio: 'inherit' });
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => server.kill(name));
  const end = (code) => {
    rmSync(settings.socket, { force: true });
    process.exit(code);
  };
  server.on('error', () => end(127));
  server.on('exit', (code, signal) => end(exitCodeOf(code, signal)));
}

const listenForCommands = () => {
  rmSync(settings.socket, { force: true });
  commands.listen(settings.socket, startServer);
};
if (settings.proxy === null) listenForCommands();
else {
  const wayOut = net.createServer({ allowHalfOpen: true }, (inside) => {
    const outside = net.connect({ path: settings.proxy, allowHalfOpen: true });
    inside.on('error', () => outside.destroy());
    outside.on('error', () => inside.destroy());
    inside.pipe(outside);
    outside.pipe(inside);
  });
  wayOut.listen(0, '127.0.0.1', () => {
    port = wayOut.address().port;
    listenForCommands();
  });
}
`;

/**
 * Stands in for one command beside the server: hands it to the broker, passes on what goes in and comes out, and ends by its exit code. Killed,
 * it takes the command's group with it. Arguments: the socket, the kind, paths under which the command knows files and where they are, `--`, the command.
 */
export const relayText = `'use strict';
const net = require('node:net');
const { constants } = require('node:os');
${FRAMES}
const [socketPath, kind, ...given] = process.argv.slice(2);
const parted = given.indexOf('--');
const known = new Map();
for (let at = 0; at < parted; at += 2) known.set(given[at], given[at + 1]);
const args = given.slice(parted + 1).map((text) => known.get(text) ?? text);
let code = null;
const socket = net.connect(socketPath, () => {
  socket.write(frame('H', JSON.stringify({ kind, cwd: process.cwd(), args, env: process.env })));
  process.stdin.on('data', (data) => {
    if (socket.write(frame('I', data))) return;
    process.stdin.pause();
    socket.once('drain', () => process.stdin.resume());
  });
  process.stdin.on('end', () => socket.write(frame('E', '')));
  process.stdin.on('error', () => {});
});
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => socket.write(frame('S', name)));
const pass = (stream, data) => {
  if (stream.write(data)) return;
  socket.pause();
  stream.once('drain', () => socket.resume());
};
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => socket.destroy());
socket.on(
  'data',
  reader((type, data) => {
    if (type === 'O') pass(process.stdout, data);
    else if (type === 'X') pass(process.stderr, data);
    else if (type === 'C') code = Number(data.toString('latin1'));
  }),
);
socket.on('error', (error) => process.stderr.write('the sandbox of this command is gone: ' + error.message + '\\n'));
socket.on('close', () => process.stdout.write('', () => process.stderr.write('', () => process.exit(code ?? 1))));
`;
