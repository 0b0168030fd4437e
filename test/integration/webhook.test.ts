import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { after, afterEach, before, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createWebhook, type WebhookOptions } from '../../src/adapters/http/webhook.ts';
import type { LogFields } from '../../src/base/log.ts';
import type { MoneyNotice } from '../../src/core/ports/notices.ts';
import { until } from '../support/reactor.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const notice: MoneyNotice = {
  kind: 'threshold',
  at: 1_790_000_000_000,
  repository: 'shop',
  run: 'TASK-001-r1',
  task: 'TASK-001',
  budget: { over: 'day', of: 'repository', period: '2026-09-21' },
  percent: 75,
  limitUsd: '10',
  spentUsd: '7.52',
  action: null,
};

describe('notifications by webhook, at a real server', () => {
  let server: Server;
  let url = '';
  let answer: (response: ServerResponse, n: number) => void = (response) => response.end();
  let received: Received[] = [];
  let lines: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
  const open: { dispose(): void }[] = [];
  const webhook = (change: Partial<WebhookOptions> = {}) => {
    const made = createWebhook({
      clock: systemClock,
      log: { log: (_level, message, fields) => lines.push({ message, fields }) },
      env: { HOOK_SECRET: 'a secret' },
      timeoutMs: 20_000,
      firstRetryMs: 5,
      tries: 4,
      most: 10,
      ...change,
    });
    open.push(made);
    return made;
  };
  const said = (): string[] =>
    lines.map(({ message, fields }) => {
      const error = fields?.['error'];
      return `${message}: ${typeof error === 'string' ? error : ''}`;
    });

  before(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        answer(response, received.length);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook?token=hidden`;
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.dispose();
    received = [];
    lines = [];
    answer = (response) => response.end();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('posts the notice as JSON with a signature that the receiver can check', async () => {
    webhook().notify({ url, secretEnv: 'HOOK_SECRET' }, notice);
    await until('it has come', () => received.length === 1);
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const { id, version, ...told } = JSON.parse(body) as MoneyNotice & { readonly id: string; readonly version: number };
    assert.deepEqual([told, version, headers['x-reactor-delivery'], headers['x-reactor-event']], [notice, 1, id, 'budget.threshold']);
    const expected = createHmac('sha256', 'a secret')
      .update(`${String(headers['x-reactor-timestamp'])}.${body}`)
      .digest('hex');
    assert.equal(headers['x-reactor-signature'], `sha256=${expected}`);
  });

  it('tries again, with the same delivery id, while the server fails, and stops when it answers', async () => {
    answer = (response, n) => {
      response.statusCode = [500, 503, 429][n - 1] ?? 204;
      response.end('x'.repeat(n === 1 ? 100_000 : 0));
    };
    webhook().notify({ url, secretEnv: null }, notice);
    await until('the fourth try has come', () => received.length === 4);
    assert.deepEqual(new Set(received.map(({ headers }) => headers['x-reactor-delivery'])).size, 1);
    assert.equal(received[0]?.headers['x-reactor-signature'], undefined);
  });

  it('gives up at once what is refused for good, and after its last try what goes on failing; the address stays out of the log', async () => {
    answer = (response) => {
      response.statusCode = 404;
      response.end();
    };
    webhook().notify({ url, secretEnv: null }, notice);
    await until('it is given up', () => lines.length === 1);
    answer = (response) => response.socket?.destroy();
    webhook().notify({ url, secretEnv: null }, notice);
    await until('it is given up too', () => lines.length === 2);
    assert.equal(received.length, 1 + 4);
    assert.match(said()[0] ?? '', /^a notice could not be delivered: answered with status 404$/);
    assert.equal(JSON.stringify(lines).includes('hidden'), false);
  });

  it('returns at once from a server that hangs, ends the try at its limit, and takes an answer that is late but within it', async () => {
    answer = (_response, n) => (n === 1 ? undefined : _response.end());
    webhook({ timeoutMs: 50 }).notify({ url, secretEnv: null }, notice);
    assert.deepEqual([received.length, lines.length], [0, 0], 'notify waits for nothing');
    await until('the second try was answered', () => received.length === 2);
    let late: ServerResponse | null = null;
    answer = (response) => {
      late = response;
    };
    received = [];
    webhook().notify({ url, secretEnv: null }, notice);
    const waiting = await until('the server holds it', () => late);
    waiting.end();
    await once(waiting, 'finish');
    assert.deepEqual([received.length, said()], [1, []]);
  });

  it('drops what comes beyond its bound, sends nothing unsigned where a signature is asked for, and ends with the engine', async () => {
    answer = () => {};
    const busy = webhook({ most: 1 });
    busy.notify({ url, secretEnv: null }, notice);
    busy.notify({ url, secretEnv: null }, notice);
    busy.notify({ url, secretEnv: 'NOT_SET' }, notice);
    await until('the first has come', () => received.length === 1);
    assert.deepEqual(said(), [
      'a notice was dropped: too many are under way: ',
      'a notice was not sent: the variable with its secret is not set: ',
    ]);
    busy.dispose();
    await until('the one under way is given up', () => lines.length === 3);
    assert.equal(received.length, 1);
  });
});
