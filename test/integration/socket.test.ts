import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import type { LineConnection, LineLimits } from '../../src/adapters/socket/lineConnection.ts';
import { connect, listen, type SocketServer } from '../../src/adapters/socket/localSocket.ts';
import { requires } from '../support/requires.ts';
import { Volumes } from '../support/volumes.ts';

const errors: unknown[] = [];
const deps = (limits?: LineLimits) => ({
  clock: systemClock,
  onListenerError: (error: unknown) => errors.push(error),
  ...(limits ? { limits } : {}),
});

/** Resolves with the first `count` messages. */
const messages = (connection: LineConnection, count: number): Promise<unknown[]> =>
  new Promise((resolve) => {
    const got: unknown[] = [];
    const subscription = connection.onMessage((message) => {
      got.push(message);
      if (got.length < count) return;
      subscription.dispose();
      resolve(got);
    });
  });

const closing = (connection: LineConnection): Promise<string> => new Promise((resolve) => connection.onClosed(resolve));

describe('the local socket', () => {
  let folder = '';
  let path = '';
  let servers: SocketServer[] = [];
  let sockets: Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reactor-socket-'));
    path = join(folder, 'engine.sock');
    servers = [];
    sockets = [];
    errors.length = 0;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function pair(serverLimits?: LineLimits): Promise<{ near: LineConnection; far: LineConnection }> {
    const accepted = Promise.withResolvers<LineConnection>();
    servers.push(await listen(path, accepted.resolve, deps(serverLimits)));
    const near = await connect(path, 5000, deps());
    assert.ok(near.ok);
    return { near: near.value, far: await accepted.promise };
  }

  /** A client that speaks bytes of its own. */
  async function raw(serverLimits?: LineLimits): Promise<{ socket: Socket; far: LineConnection }> {
    const accepted = Promise.withResolvers<LineConnection>();
    servers.push(await listen(path, accepted.resolve, deps(serverLimits)));
    const socket = createConnection(path);
    sockets.push(socket);
    await once(socket, 'connect');
    return { socket, far: await accepted.promise };
  }

  it('carries messages both ways, in order and whole, whatever their size and characters', async () => {
    const { near, far } = await pair();
    const sent = ['', 'line\nbreak', '漢字 👩‍👩‍👧 \u2028', 'x'.repeat(3_000_000), { deep: [1, null, { a: '\u0000' }] }];
    const there = messages(far, sent.length);
    for (const message of sent) near.send({ message });
    assert.deepEqual(
      await there,
      sent.map((message) => ({ message })),
    );
    const back = messages(near, 1000);
    for (let n = 0; n < 1000; n += 1) far.send(n);
    assert.deepEqual(
      await back,
      Array.from({ length: 1000 }, (_, n) => n),
    );
    near.close();
    assert.equal(await closing(far), 'closed by the other end');
  });

  it('reads characters that are cut between two chunks, and skips empty lines', async () => {
    const { socket, far } = await raw();
    const there = messages(far, 2);
    const bytes = Buffer.from('\n{"a":"漢"}\r\n\n[1]\n');
    for (const byte of bytes) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(await there, [{ a: '漢' }, [1]]);
  });

  it('keeps what comes before anybody listens', async () => {
    const { near, far } = await pair();
    near.send('early');
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await messages(far, 1), ['early']);
  });

  it('is for its own user only', async () => {
    await pair();
    const modes = [await lstat(folder), await lstat(path)].map(({ mode }) => (mode & 0o777).toString(8));
    assert.deepEqual([modes, await readdir(folder)], [['700', '600'], ['engine.sock']]);
  });

  it('is not opened in a folder that others can enter, or at a path that is too long', async () => {
    const open = join(folder, 'open');
    await mkdir(open);
    await chmod(open, 0o755);
    await assert.rejects(
      listen(join(open, 's'), () => {}, deps()),
      { code: 'environment', message: /Other users can reach the folder/ },
    );
    await assert.rejects(
      listen(join(folder, 'x'.repeat(120)), () => {}, deps()),
      { code: 'environment', message: /longer than 100 bytes/ },
    );
  });

  it('ends with a reason when the other end sends what is not JSON', async () => {
    const { socket, far } = await raw();
    far.onMessage(() => {});
    socket.write('hello\n');
    assert.equal(await closing(far), 'a message was not valid JSON');
    assert.equal(await closing(far), 'a message was not valid JSON', 'also told to who asks later');
  });

  it('ends when a line has no end within its bound', async () => {
    const { socket, far } = await raw({ maxLineBytes: 1000, maxQueuedBytes: 10_000 });
    far.onMessage(() => {});
    socket.on('error', () => {});
    socket.write('x'.repeat(1001));
    assert.equal(await closing(far), 'a message was longer than 1000 bytes');
  });

  it('sends nothing of a message that is too long, says so, and goes on', async () => {
    const { near, far } = await pair({ maxLineBytes: 1000, maxQueuedBytes: 10_000 });
    const there = messages(near, 1);
    assert.deepEqual([far.send('x'.repeat(1000)), far.send('short'), await there], [false, true, ['short']]);
  });

  it('cuts off a client that does not read, and drops what is sent after', async () => {
    const { socket, far } = await raw({ maxLineBytes: 1_000_000, maxQueuedBytes: 2_000_000 });
    socket.pause();
    const closed = closing(far);
    const message = 'x'.repeat(100_000);
    let sent = 0;
    let most = 0;
    const open = { is: true };
    far.onClosed(() => {
      open.is = false;
    });
    while (open.is && sent < 1000) {
      far.send(message);
      most = Math.max(most, far.queuedBytes);
      sent += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await closed, 'the other end left more than 2000000 bytes unread');
    far.send('late');
    assert.deepEqual([most <= 2_200_000, sent < 1000, far.queuedBytes], [true, true, 0]);
  });

  it('lets a writer of much wait for a slow reader, without a bound being passed', async () => {
    const { near, far } = await pair({ maxLineBytes: 1_000_000, maxQueuedBytes: 2_000_000 });
    const count = 300;
    const there = messages(near, count);
    let most = 0;
    for (let n = 0; n < count; n += 1) {
      far.send({ n, text: 'x'.repeat(100_000) });
      most = Math.max(most, far.queuedBytes);
      await far.drained();
    }
    assert.deepEqual(
      (await there).map((message) => (message as { n: number }).n),
      Array.from({ length: count }, (_, n) => n),
    );
    assert.ok(most <= 2_000_000, `${most} bytes were queued`);
  });

  it('delivers what was queued before it closes', async () => {
    const { near, far } = await pair();
    const there = messages(near, 50);
    for (let n = 0; n < 50; n += 1) far.send('x'.repeat(100_000));
    far.close();
    assert.equal((await there).length, 50);
    assert.equal(await closing(near), 'closed by the other end');
    assert.equal(await closing(far), 'closed by this end');
  });

  it('goes on when a listener throws, and tells of it', async () => {
    const { near, far } = await pair();
    far.onMessage(() => {
      throw new Error('listener');
    });
    const there = messages(far, 2);
    near.send(1);
    near.send(2);
    assert.deepEqual([await there, errors.length], [[1, 2], 2]);
  });

  it('tells where nobody listens', async () => {
    const nowhere = await connect(path, 1000, deps());
    await writeFile(join(folder, 'file'), '');
    const file = await connect(join(folder, 'file'), 1000, deps());
    assert.deepEqual(
      [nowhere, file].map((answer) => (answer.ok ? 'connected' : answer.error.code)),
      ['absent', 'absent'],
    );
  });

  it('takes the place of a socket whose server was killed', async () => {
    const code = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const stale = await connect(path, 1000, deps());
    assert.equal(stale.ok ? 'connected' : stale.error.code, 'absent');
    const { near } = await pair();
    near.close();
  });

  it('refuses a second server while the first one lives, and what is not a socket', async () => {
    await pair();
    await assert.rejects(
      listen(path, () => {}, deps()),
      { code: 'notPossibleNow', message: /Another engine already listens/ },
    );
    const file = join(folder, 'file');
    await writeFile(file, '');
    await assert.rejects(
      listen(file, () => {}, deps()),
      { code: 'environment', message: /is not a socket/ },
    );
  });

  it('removes its own file at the end, but not that of a server that has replaced it', async () => {
    const first = await listen(path, () => {}, deps());
    await rm(path);
    servers.push(await listen(path, () => {}, deps()));
    await first.close();
    const still = await connect(path, 1000, deps());
    assert.ok(still.ok);
    still.value.close();
    await servers.pop()?.close();
    assert.deepEqual(await readdir(folder), []);
  });

  it('closes its connections at the end also where its file can no longer be removed', async function () {
    const volumes = new Volumes();
    requires(this, Volumes.canMount(join(folder, 'mountable')), 'the right to mount a file system');
    const volume = volumes.mount(join(folder, 'volume'), 'size=1m');
    try {
      await chmod(volume, 0o700);
      path = join(volume, 'engine.sock');
      const { near } = await pair();
      near.onMessage(() => {});
      const closed = closing(near);
      volumes.remount(volume, 'ro');
      await servers.pop()?.close();
      assert.equal(await closed, 'closed by the other end');
    } finally {
      volumes.unmountAll();
    }
  });
});
