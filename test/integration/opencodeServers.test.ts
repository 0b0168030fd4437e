import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isSupported, locateExecutable } from '../../src/adapters/opencode/locateExecutable.ts';
import { silentLog } from '../../src/base/log.ts';
import type { UserFacingError } from '../../src/base/userFacingError.ts';
import type { ProcessIdentity } from '../../src/core/ports/processes.ts';
import { freePort, markedPids, OpenCodeBench, runTurn } from '../support/openCodeCell.ts';
import type { ModelAction, ModelCall } from '../support/scriptedModel.ts';

describe('real agent servers', function () {
  this.timeout(180_000);
  let bench: OpenCodeBench;
  let script: (call: ModelCall) => ModelAction;
  beforeEach(async () => {
    script = () => ({ text: 'hello' });
    bench = await OpenCodeBench.start((call) => script(call));
  });
  afterEach(() => bench.dispose());

  it('INV-002 INV-004: two at once work in their own worktrees and let nobody in with another password', async () => {
    const [one, two] = await Promise.all([bench.cell('one'), bench.cell('two')]);
    const password = (pid: number): string =>
      /OPENCODE_SERVER_PASSWORD=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? '';
    const passwords = [password(one.server.process.pid), password(two.server.process.pid)];
    const status = async (url: string, secret: string | undefined): Promise<number> => {
      const headers = secret === undefined ? {} : { authorization: `Basic ${Buffer.from(`opencode:${secret}`).toString('base64')}` };
      return (await fetch(`${url}/session`, { headers })).status;
    };
    assert.deepEqual(
      await Promise.all([
        status(one.server.url, passwords[0]),
        status(one.server.url, passwords[1]),
        status(one.server.url, undefined),
        status(two.server.url, passwords[1]),
        status(two.server.url, passwords[0]),
      ]),
      [200, 401, 401, 200, 401],
    );
    script = ({ turn }) =>
      turn === 0 ? { tools: [{ name: 'bash', args: { command: 'pwd > where.txt', description: 'x' } }] } : { text: 'done' };
    await Promise.all([runTurn(one.server), runTurn(two.server)]);
    assert.deepEqual(
      [one, two].map(({ worktree }) => readFileSync(join(worktree, 'where.txt'), 'utf8').trim()),
      [one.worktree, two.worktree],
    );
  });

  it('warms up without asking a model or leaving a conversation, and then takes a turn', async () => {
    const { server } = await bench.cell('one');
    await server.client.warmUp();
    assert.equal(bench.model.calls.length, 0);
    assert.deepEqual(
      bench.lines.filter(({ message }) => message.includes('warmed up')),
      [],
    );
    const password = /OPENCODE_SERVER_PASSWORD=([^\0]+)/.exec(readFileSync(`/proc/${server.process.pid}/environ`, 'utf8'))?.[1] ?? '';
    const headers = { authorization: `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}` };
    assert.deepEqual(await (await fetch(`${server.url}/session`, { headers })).json(), []);
    const { result, messages } = await runTurn(server);
    assert.equal(result.end, 'done');
    assert.deepEqual(
      messages.map(({ provider, text }) => [provider, text]),
      [['scripted', 'hello']],
    );
  });

  it('gives a web page nothing: neither by its address under another name, nor across origins, nor over a socket, nor to another machine', async () => {
    const { server } = await bench.cell('one');
    const { port } = new URL(server.url);
    // A connection that is closed on one who wants a socket is as good as a refusal in words.
    const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
      new Promise<{ status: number | undefined; headers: IncomingHttpHeaders }>((resolve, reject) => {
        request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
          response.resume();
          resolve({ status: response.statusCode, headers: response.headers });
        })
          .on('upgrade', (response) => resolve({ status: response.statusCode, headers: response.headers }))
          .on('error', (error) =>
            'upgrade' in headers ? resolve({ status: 401, headers: {} }) : reject(new Error(`${method} ${path}`, { cause: error })),
          )
          .end();
      });
    const page = { origin: 'https://evil.example', referer: 'https://evil.example/' };
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const answers = await Promise.all([
      ask('/session', page),
      ask('/session', { ...page, host: 'evil.example' }),
      ask('/session', { ...page, 'content-type': 'text/plain' }, 'POST'),
      ask('/config', { host: `rebound.example:${port}` }),
      ask('/event', page),
      ask('/pty/x/connect', { ...page, ...upgrade }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 401),
    );
    // What a browser asks first may be answered; what counts is that no foreign page is let in with the answer.
    const preflight = await ask('/session', { ...page, 'access-control-request-method': 'POST' }, 'OPTIONS');
    for (const { headers } of [...answers, preflight]) {
      assert.ok(!['*', page.origin].includes(String(headers['access-control-allow-origin'])), JSON.stringify(headers));
    }
    const listening = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
    const hex = Number(port).toString(16).toUpperCase().padStart(4, '0');
    const addresses = [...listening.matchAll(new RegExp(`^ *\\d+: ([0-9A-F]+):${hex} \\S+ 0A `, 'gm'))].map((match) => match[1]);
    assert.deepEqual(addresses, ['0100007F']);
  });

  it('uses a prepared database from the second start on, and it holds nothing of the first', async () => {
    const first = await bench.cell('one');
    const session = await first.server.client.createSession({ title: 'Test' });
    assert.equal(readdirSync(join(bench.root, 'templates')).length, 1);
    const second = await bench.cell('two');
    assert.equal(await second.server.client.hasSession(session), false);
    assert.equal((await runTurn(second.server)).result.end, 'done');
  });

  it('writes no key of the user to disk', async () => {
    await bench.dispose();
    const secret = 'sk-do-not-write-this';
    bench = await OpenCodeBench.start((call) => script(call), {
      env: { OPENCODE_AUTH_CONTENT: JSON.stringify({ other: { type: 'api', key: secret } }) },
    });
    const { server } = await bench.cell('keys');
    await runTurn(server);
    const files = readdirSync(join(bench.root, 'homes'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 3);
    assert.deepEqual(
      files.map((entry) => join(entry.parentPath, entry.name)).filter((file) => readFileSync(file).includes(secret)),
      [],
    );
  });

  it('ends the turn when the server is killed in the middle of it', async () => {
    const { server } = await bench.cell('killed');
    script = () => ({ text: 'slowly '.repeat(5_000), chunkMs: 20 });
    const { result } = await runTurn(server, { onEvent: (event) => event.type === 'text' && process.kill(server.process.pid, 'SIGKILL') });
    assert.deepEqual([result.end, result.reason], ['serverGone', 'the agent server ended']);
    assert.deepEqual(await server.exited, { code: null, signal: 'SIGKILL' });
    await assert.rejects(server.client.createSession({ title: 'Test' }));
  });

  it('says that the port is taken, and leaves no process', async () => {
    const holder = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    try {
      const request = await bench.request('port', { port });
      const started = await bench.servers.start(request, new AbortController().signal);
      assert.equal(started.ok ? 'started' : started.error.code, 'portTaken');
      assert.deepEqual(markedPids(request.cell), []);
    } finally {
      await new Promise((resolve) => holder.close(resolve));
    }
  });

  it('INV-003: gives up when it is not healthy in time, and leaves no process', async () => {
    const request = await bench.request('late', { healthLimitMs: 50, healthEveryMs: 10 });
    const started = await bench.servers.start(request, new AbortController().signal);
    assert.equal(started.ok ? 'started' : started.error.code, 'unhealthy');
    assert.deepEqual(markedPids(request.cell), []);
  });

  it('leaves no process when the start is cancelled', async () => {
    const stop = new AbortController();
    const seen: ProcessIdentity[] = [];
    const request = await bench.request('cancelled', {
      onSpawned: (process) => {
        seen.push(process);
        stop.abort(new Error('cancelled by the test'));
      },
    });
    await assert.rejects(bench.servers.start(request, stop.signal), /cancelled by the test/);
    assert.deepEqual([seen.length, markedPids(request.cell)], [1, []]);
  });

  it('brings the user’s own agents and rules and what is safe of the project’s, and no plugin of the project', async () => {
    const marker = join(bench.root, 'plugin-ran');
    bench.write(
      '.opencode/plugin/evil.js',
      `import { writeFileSync } from 'node:fs'; export const Evil = async () => { writeFileSync(${JSON.stringify(marker)}, ''); return {}; };`,
    );
    bench.write(
      'opencode.json',
      JSON.stringify({
        plugin: ['./.opencode/plugin/evil.js'],
        permission: 'allow',
        agent: { helper: { prompt: 'You are the helper.', mode: 'primary', permission: { bash: 'allow' } } },
      }),
    );
    bench.write('AGENTS.md', 'PROJECT RULE 17\n');
    bench.git('add', '-A');
    bench.git('commit', '-q', '-m', 'configuration');
    const userFolder = join(bench.userHome, '.config', 'opencode');
    mkdirSync(join(userFolder, 'agent'), { recursive: true });
    writeFileSync(join(userFolder, 'AGENTS.md'), 'USER RULE 4\n');
    writeFileSync(join(userFolder, 'agent', 'mine.md'), '---\nmode: primary\npermission:\n  bash: allow\n---\nYou are mine.\n');
    const { server } = await bench.cell('configured', { permissions: [{ permission: 'bash', pattern: '*', action: 'ask' }] });
    const systemText = (): string =>
      JSON.stringify(bench.model.calls.at(-1)?.body.messages?.filter((message) => message.role === 'system'));
    await runTurn(server, { agent: 'helper' });
    assert.match(systemText(), /You are the helper\..*/s);
    assert.match(systemText(), /PROJECT RULE 17/);
    assert.match(systemText(), /USER RULE 4/);
    assert.equal(existsSync(marker), false);
    script = ({ turn }) => (turn === 0 ? { tools: [{ name: 'bash', args: { command: 'true', description: 'x' } }] } : { text: 'done' });
    for (const agent of ['mine', 'helper', 'build']) {
      let asked = 0;
      await runTurn(server, {
        agent,
        onPermission: async () => {
          asked += 1;
          return { reply: 'once' };
        },
      });
      assert.deepEqual([agent, asked], [agent, 1]);
    }
    assert.match(systemText(), /PROJECT RULE 17/);
  });
});

describe('finding the agent server', function () {
  this.timeout(120_000);
  let bench: OpenCodeBench;
  beforeEach(async () => {
    bench = await OpenCodeBench.start(() => ({ text: 'hello' }));
  });
  afterEach(() => bench.dispose());

  const locate = (configured: string | null, path: string) =>
    locateExecutable({ configured, env: { ...process.env, PATH: path }, packageFolders: [], log: silentLog });
  const fake = (folder: string, version: string): string => {
    mkdirSync(join(bench.root, folder), { recursive: true });
    const file = join(bench.root, folder, 'opencode');
    writeFileSync(file, `#!/bin/sh\necho ${version}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  it('takes the configured one alone, then the one on the path, then the installed package', async () => {
    const configured = fake('a', '1.19.2');
    const onPath = fake('b', '1.20.0');
    const path = `${join(bench.root, 'b')}:/usr/bin:/bin`;
    assert.deepEqual(await locate(configured, path), { path: configured, version: '1.19.2', preloads: false });
    assert.deepEqual(await locate(null, path), { path: onPath, version: '1.20.0', preloads: false });
    const packaged = await locate(null, '/usr/bin:/bin');
    assert.match(packaged?.path ?? '', /opencode-\w+-\w+\/bin\/opencode$/);
    assert.equal(packaged?.preloads, true);
    assert.equal(await locate(join(bench.root, 'nothing'), path), null);
  });

  it('says of one that does not answer that it did not, in place of that there is none', async () => {
    const file = fake('slow', '1.18.0');
    writeFileSync(file, '#!/bin/sh\nexec sleep 60\n');
    const asked = locateExecutable({ configured: file, env: process.env, packageFolders: [], log: silentLog, versionLimitMs: 100 });
    await assert.rejects(asked, (error: UserFacingError) => error.code === 'environment' && error.message.includes('did not answer'));
  });

  it('remembers what programs of this size said, for all who name the same file, until they change', async () => {
    const asked = join(bench.root, 'asked');
    const memory = join(bench.root, 'memory', 'versions.json');
    const large = (folder: string, version: string): string => {
      const file = fake(folder, version);
      writeFileSync(file, `#!/bin/sh\necho ${version} | tee -a '${asked}'\nexit 0\n${'#'.repeat(10_000_000)}`);
      return file;
    };
    const [first, second] = [large('one', '1.18.1'), large('two', '1.18.2')];
    const versionOf = async (file: string) =>
      (await locateExecutable({ configured: file, env: process.env, packageFolders: [], log: silentLog, memory }))?.version;
    const said: (string | undefined)[] = [];
    for (const file of [first, second, first, second]) said.push(await versionOf(file));
    large('one', '1.18.3');
    for (const file of [first, second, first]) said.push(await versionOf(file));
    assert.deepEqual(said, ['1.18.1', '1.18.2', '1.18.1', '1.18.2', '1.18.3', '1.18.2', '1.18.3']);
    assert.equal(readFileSync(asked, 'utf8'), '1.18.1\n1.18.2\n1.18.3\n');
  });

  it('passes over one that is too old or does not run', async () => {
    fake('old', '1.17.9');
    const onPath = fake('new', '1.18.0');
    const broken = join(bench.root, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'opencode'), 'not a program');
    chmodSync(join(broken, 'opencode'), 0o755);
    const path = [join(bench.root, 'old'), broken, join(bench.root, 'new'), '/usr/bin', '/bin'].join(':');
    assert.deepEqual(await locate(null, path), { path: onPath, version: '1.18.0', preloads: false });
    assert.deepEqual(['1.18.33', '1.17.0', '2.0.0', '0.9.0', '1.20.1'].map(isSupported), [true, false, false, false, true]);
  });
});
