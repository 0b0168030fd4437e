import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createCellNetwork, wayOut } from '../../src/adapters/sandbox/cellNetwork.ts';
import { silentLog } from '../../src/base/log.ts';

describe('The way out of a cell', () => {
  let folder: string;
  let host: Server | undefined;
  let close: () => Promise<void>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reactor-out-'));
    close = () => Promise.resolve();
  });
  afterEach(async () => {
    await close();
    host?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** All that comes back on the way out to what is sent, until it closes. */
  const say = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(join(wayOut(folder, 'one'), 'proxy.sock'), () => socket.write(text));
      let answer = '';
      socket.on('data', (part) => (answer += String(part)));
      socket.on('error', reject);
      socket.on('close', () => resolve(answer));
    });

  /** A host behind a way out by which all may leave. @returns its port */
  const answering = async (answer: (socket: Socket) => void): Promise<number> => {
    const started = createServer((socket) => {
      socket.on('error', () => {});
      answer(socket);
    });
    host = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    const network = createCellNetwork({ log: silentLog, folder });
    network.decideBy(() => Promise.resolve(true));
    await network.open('one');
    close = () => network.close('one');
    return (started.address() as AddressInfo).port;
  };

  it('is opened anew after it could not be opened', async () => {
    const network = createCellNetwork({ log: silentLog, folder });
    const inTheWay = wayOut(folder, 'one');
    writeFileSync(inTheWay, '');
    await assert.rejects(network.open('one'), { code: 'EEXIST' });
    await network.close('one');
    rmSync(inTheWay);
    await network.open('one');
    await network.open('one');
    assert.match(await say('CONNECT example.org:443 HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 403 /);
    await network.close('one');
  });

  it('adds nothing of its own to a connection that breaks off', async () => {
    const port = await answering((socket) => {
      socket.write('hello');
      socket.once('data', () => socket.resetAndDestroy());
    });
    const answer = await say(`CONNECT localhost:${port} HTTP/1.1\r\n\r\nhello yourself`);
    assert.match(answer, /^HTTP\/1\.1 200 Connection established\r\n\r\n(hello)?$/);
  });

  it('asks the host for what was decided on, whatever other name the request has for it', async () => {
    const asked: string[] = [];
    const port = await answering((socket) =>
      socket.once('data', (text) => {
        asked.push(...(String(text).match(/^host:.*$/gim) ?? []));
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    await say(`GET http://localhost:${port}/ HTTP/1.1\r\nHost: refused.example\r\nConnection: close\r\n\r\n`);
    assert.deepEqual(asked, [`host: localhost:${port}`]);
  });
});
