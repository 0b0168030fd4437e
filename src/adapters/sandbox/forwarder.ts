/** Name of the program in the folder of a cell's way out. */
export const FORWARDER = 'forward.cjs';

/**
 * Runs a command in a network of its own with a way out of it: a port of that network, named to the command as its proxy, from which each
 * connection goes on to the socket beside this program. It ends with the command and by the command's exit code.
 */
export const forwarderText = `'use strict';
const { spawn } = require('node:child_process');
const net = require('node:net');
const { join } = require('node:path');
const { constants } = require('node:os');

const server = net.createServer({ allowHalfOpen: true }, (inside) => {
  const outside = net.connect({ path: join(__dirname, 'proxy.sock'), allowHalfOpen: true });
  inside.on('error', () => outside.destroy());
  outside.on('error', () => inside.destroy());
  inside.pipe(outside);
  outside.pipe(inside);
});
server.listen(0, '127.0.0.1', () => {
  const proxy = 'http://127.0.0.1:' + server.address().port;
  const own = 'localhost,127.0.0.1,::1';
  const env = { ...process.env, NODE_USE_ENV_PROXY: '1' };
  delete env.ELECTRON_RUN_AS_NODE;
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']) env[name] = proxy;
  for (const name of ['no_proxy', 'NO_PROXY']) env[name] = own;
  const [program, ...args] = process.argv.slice(2);
  const child = spawn(program, args, { env, stdio: 'inherit' });
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('error', () => process.exit(127));
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + constants.signals[signal] : code));
});
`;
