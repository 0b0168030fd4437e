import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createCellNetwork, wayOut } from '../../src/adapters/sandbox/cellNetwork.ts';

describe('The way out of a cell', function () {
  this.timeout(30_000);
  let folder: string;
  let answer: string;
  let host: Server;
  let network: ReturnType<typeof createCellNetwork>;
  const socketPath = (): string => join(wayOut(folder, 'cell'), 'proxy.sock');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rn-'));
    host = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    network = createCellNetwork({ log: { log: () => {} }, folder });
    await network.open('cell');
  });
  afterEach(async () => {
    await network.close('cell');
    host.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const statusOf = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const path = `http://127.0.0.1:${(host.address() as AddressInfo).port}/`;
      request({ socketPath: socketPath(), path, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once('error', reject)
        .end();
    });

  it('answers 502 for a host whose answer is none, and goes on', async () => {
    network.decideBy(async () => true);
    const statuses: (number | undefined)[] = [];
    for (const status of ['099 Odd', '101 Switching\r\nConnection: upgrade\r\nUpgrade: x', '200 OK\r\nContent-Length: 0']) {
      answer = `HTTP/1.1 ${status}\r\n\r\n`;
      statuses.push(await statusOf());
    }
    assert.deepEqual(statuses, [502, 502, 200]);
  });

  it('refuses at once when many connections wait for a decision', async () => {
    const decided: ((may: boolean) => void)[] = [];
    network.decideBy(() => new Promise((resolve) => decided.push(resolve)));
    const waiting = Array.from({ length: 32 }, () => {
      const socket = connect(socketPath());
      socket.on('error', () => {});
      socket.write('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n');
      return socket;
    });
    while (decided.length < waiting.length) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await statusOf(), 503);
    for (const decide of decided) decide(false);
    for (const socket of waiting) socket.destroy();
  });
});
