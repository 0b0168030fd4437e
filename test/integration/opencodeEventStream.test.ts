import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { EventStream } from '../../src/adapters/opencode/eventStream.ts';
import { ServerCallFailed, ServerConnection } from '../../src/adapters/opencode/serverConnection.ts';
import { silentLog } from '../../src/base/log.ts';

describe('the event stream of a server', function () {
  this.timeout(60_000);
  let server: ReturnType<typeof createServer>;
  let connection: ServerConnection;
  let stream: EventStream;
  let streams: ServerResponse[];
  let refusals: number;
  const send = (response: ServerResponse | undefined, event: object): boolean | undefined =>
    response?.write(`data: ${JSON.stringify(event)}\n\n`);
  const idle = (sessionID: string): object => ({ id: 'e', type: 'session.idle', properties: { sessionID } });

  beforeEach(async () => {
    streams = [];
    refusals = 0;
    server = createServer((request, response) => {
      if (request.url?.startsWith('/session')) return; // Never answered.
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(500).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      streams.push(response);
      send(response, { id: 'e', type: 'server.connected', properties: {} });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    connection = new ServerConnection({ url: `http://127.0.0.1:${address.port}`, password: 'p', directory: '/tree', clock: systemClock });
    stream = new EventStream(connection, systemClock, silentLog);
  });
  afterEach(async () => {
    stream.close();
    connection.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is connected again when it breaks or ends, also after refusals, and says so each time', async () => {
    await stream.connect(new AbortController().signal);
    const seen: string[] = [];
    stream.onEvent((event) => seen.push(event.type === 'session.idle' ? event.properties.sessionID : event.type));
    const reconnected = (): Promise<void> => new Promise((resolve) => stream.onDidReconnect(() => resolve()));
    send(streams[0], idle('first'));
    const broken = reconnected();
    while (seen.length < 1) await systemClock.sleep(5);
    streams[0]?.destroy();
    await broken;
    const ended = reconnected();
    refusals = 2;
    send(streams[1], idle('second'));
    streams[1]?.end();
    await ended;
    send(streams[2], idle('third'));
    while (seen.length < 3) await systemClock.sleep(5);
    assert.deepEqual(seen, ['first', 'second', 'third']);
  });

  it('gives up connecting when told to', async () => {
    refusals = 1_000_000;
    const stop = new AbortController();
    const connecting = stream.connect(stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(connecting, /enough/);
  });

  it('a call that is not answered fails in time, or when cancelled', async () => {
    const call = (options: { timeoutMs?: number; signal?: AbortSignal }): Promise<unknown> =>
      connection.call('sessions', (signal) => connection.sdk.session.list({}, { signal }), options);
    await assert.rejects(call({ timeoutMs: 50 }), (error) => error instanceof ServerCallFailed && error.status === null);
    const stop = new AbortController();
    const calling = call({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(calling, /enough/);
  });
});
