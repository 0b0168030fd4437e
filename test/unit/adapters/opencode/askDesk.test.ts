import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import type { PermissionRequest } from '@opencode-ai/sdk/v2/client';
import { afterEach, describe, it } from 'mocha';
import { systemClock } from '../../../../src/adapters/clock/systemClock.ts';
import { AskDesk } from '../../../../src/adapters/opencode/askDesk.ts';
import { PathGuard } from '../../../../src/adapters/opencode/pathGuard.ts';
import { ServerConnection } from '../../../../src/adapters/opencode/serverConnection.ts';
import { silentLog } from '../../../../src/base/log.ts';

const asked: PermissionRequest = { id: 'per_1', sessionID: 'ses_1', permission: 'bash', patterns: ['ls'], metadata: {}, always: [] };

describe('An answer to the agent', () => {
  let server: Server | undefined;
  let connection: ServerConnection | undefined;
  afterEach(() => {
    connection?.close();
    server?.closeAllConnections();
    server?.close();
  });

  /** A desk before a server that answers each reply with the next of the codes, and the last for ever. Pauses take no time. */
  const desk = async (codes: readonly number[], onPause: () => void = () => {}) => {
    const seen: string[] = [];
    const started = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => (body += String(part)));
      request.on('end', () => {
        const code = codes[Math.min(seen.length, codes.length - 1)] ?? 200;
        seen.push(`${request.url?.replace(/\?.*/, '')} ${(JSON.parse(body) as { reply: string }).reply}`);
        response.writeHead(code, { 'content-type': 'application/json' }).end(code === 200 ? 'true' : '{}');
      });
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    const clock = {
      ...systemClock,
      sleep: (_ms: number, signal?: AbortSignal) => {
        onPause();
        signal?.throwIfAborted();
        return Promise.resolve();
      },
    };
    const url = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
    connection = new ServerConnection({ url, password: 'x', directory: '/', clock });
    let asks = 0;
    const made = new AskDesk({
      connection,
      clock,
      log: silentLog,
      guard: new PathGuard(tmpdir()),
      request: {
        onPermission: () => {
          asks += 1;
          return Promise.resolve({ reply: 'once' });
        },
        onQuestion: () => Promise.resolve(null),
      },
      grants: [],
      callOf: () => undefined,
    });
    const idle = async (): Promise<void> => {
      while (made.isOpen) await systemClock.sleep(5);
    };
    return { desk: made, seen, idle, asks: () => asks };
  };

  it('is sent again when it did not reach the server, and the person is not asked twice', async () => {
    const { desk: one, seen, idle, asks } = await desk([500, 503, 200]);
    one.permission(asked);
    await idle();
    one.reconcile([asked], []);
    await one.dispose(new Error('over'), true);
    assert.deepEqual([seen, asks()], [Array(3).fill('/permission/per_1/reply once'), 1]);
  });

  it('that never reached it is sent by the next look, as long as the turn lasts', async () => {
    const { desk: one, seen, idle, asks } = await desk([...Array(5).fill(500), 200]);
    one.permission(asked);
    await idle();
    assert.equal(seen.length, 5);
    one.reconcile([asked], []);
    await idle();
    one.reconcile([asked], []);
    await one.dispose(new Error('over'), true);
    assert.deepEqual([seen, asks()], [Array(6).fill('/permission/per_1/reply once'), 1]);
  });

  it('is not sent again when the server knows of no such ask', async () => {
    const { desk: one, seen, idle } = await desk([404]);
    one.permission(asked);
    await idle();
    await one.dispose(new Error('over'), true);
    assert.equal(seen.length, 1);
  });

  it('gives way to a refusal when the turn ends meanwhile', async () => {
    const ended: Promise<void>[] = [];
    const { desk: one, seen } = await desk([500, 200], () => ended.push(one.dispose(new Error('over'), true)));
    one.permission(asked);
    while (ended.length === 0) await systemClock.sleep(5);
    await Promise.all(ended);
    assert.deepEqual(seen, ['/permission/per_1/reply once', '/permission/per_1/reply reject']);
  });
});
