/** What the program below is given as its one argument. */
export interface EscapeTries {
  /** A folder that may be written. */
  readonly inside: string;
  /** A file that may be read only, one that is hidden, and the hidden one by another path. */
  readonly readable: string;
  readonly hidden: string;
  readonly hiddenAgain: string;
  /** Ports of this machine on which somebody listens: one that may be reached, one that may not. */
  readonly ownPort: number;
  readonly otherPort: number;
  /** A socket that is a file, outside. */
  readonly socket: string;
  /** A process outside, whose environment has the mark. */
  readonly victim: number;
  readonly mark: string;
  /** A command that prints what it can see of the environment of the process whose number follows. */
  readonly environmentOf: readonly string[];
}

/** What came of each: whether it could be done. */
export const MUST_WORK = ['write inside', 'read a program', 'start a program', "reach the cell's own port"] as const;
export const MUST_FAIL = [
  'write outside',
  'read a hidden file',
  'read a hidden file by its second name',
  'write outside by a hard link',
  'read a hidden file by a hard link',
  'put another folder in the place of its own',
  'reach a socket of another program',
  'read the environment of another process',
] as const;
/** With a network that is not open. */
export const MUST_FAIL_CLOSED = ['reach another port of this machine', 'send to another machine'] as const;

/** Tries to get out of a sandbox, and prints what it could do as one line of JSON. */
export const escapeTriesText = `'use strict';
const { execFileSync } = require('node:child_process');
const dgram = require('node:dgram');
const fs = require('node:fs');
const net = require('node:net');
const { dirname, join } = require('node:path');
const given = JSON.parse(process.argv[2]);
const done = {};
const attempt = (name, act) => {
  try {
    done[name] = act() !== false;
  } catch {
    done[name] = false;
  }
};
const reach = (name, where) =>
  new Promise((resolve) => {
    const socket = net.connect(where);
    const end = (could) => {
      done[name] = could;
      socket.destroy();
      resolve();
    };
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
const send = (name) =>
  new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    const end = (could) => {
      done[name] = could;
      resolve();
    };
    socket.on('error', () => end(false));
    socket.send('x', 9, '192.0.2.1', (error) => {
      end(error === null || error === undefined);
      socket.close();
    });
  });
const linked = (file) => {
  const link = join(given.inside, 'link-' + process.hrtime.bigint());
  fs.linkSync(file, link);
  return link;
};
attempt('write inside', () => fs.writeFileSync(join(given.inside, 'written'), 'x'));
attempt('read a program', () => fs.readFileSync('/bin/sh').length > 0);
attempt('start a program', () => execFileSync(given.environmentOf[0], ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0);
attempt('write outside', () => fs.appendFileSync(given.readable, 'x'));
attempt('read a hidden file', () => fs.readFileSync(given.hidden).length > 0);
attempt('read a hidden file by its second name', () => fs.readFileSync(given.hiddenAgain).length > 0);
attempt('write outside by a hard link', () => fs.appendFileSync(linked(given.readable), 'x'));
attempt('read a hidden file by a hard link', () => fs.readFileSync(linked(given.hidden)).length > 0);
attempt('put another folder in the place of its own', () => {
  fs.mkdirSync(join(given.inside, 'between', 'own'), { recursive: true });
  fs.renameSync(given.inside, join(dirname(given.inside), 'moved'));
});
attempt('read the environment of another process', () => {
  const [program, ...args] = given.environmentOf;
  return execFileSync(program, [...args, String(given.victim)], { stdio: ['ignore', 'pipe', 'ignore'] }).includes(given.mark);
});
try {
  process.kill(given.victim, 'SIGKILL');
} catch {}
reach("reach the cell's own port", { host: '127.0.0.1', port: given.ownPort })
  .then(() => reach('reach another port of this machine', { host: '127.0.0.1', port: given.otherPort }))
  .then(() => reach('reach a socket of another program', { path: given.socket }))
  .then(() => send('send to another machine'))
  .then(() => process.stdout.write(JSON.stringify(done) + '\\n', () => process.exit(0)));
`;
