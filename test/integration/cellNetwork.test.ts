import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { hostname } from 'node:os';
import { after, before, describe, it } from 'mocha';
import type { EventData } from '../../src/core/journal/events.ts';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { attemptsScript, type EscapeAttempt } from '../support/escapeAttempts.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

const PORTS = [9320, 9327] as const;

const attemptsAt = (allowed: number, refused: number): EscapeAttempt[] => {
  const curl = 'curl -sS -m 10 -o - -w "\\ncode %{http_code}"';
  const direct = "curl -sS -m 5 --noproxy '*'";
  return [
    { name: 'allowed-http', command: `${curl} --noproxy x http://localhost:${allowed}/hello` },
    { name: 'allowed-tunnel', command: `${curl} --noproxy x -p http://localhost:${allowed}/hello` },
    {
      name: 'allowed-node',
      command: `NO_PROXY= no_proxy= node -e "fetch('http://localhost:${allowed}/hello').then(r => r.text()).then(console.log)"`,
    },
    { name: 'posted', command: `${curl} --noproxy x -d some=data http://localhost:${allowed}/echo` },
    { name: 'refused-host', command: `${curl} http://refused.example.org/; ${curl} https://refused.example.org/ || true` },
    {
      name: 'refused-port',
      command: `${curl} --noproxy x http://localhost:${refused}/; ${curl} --noproxy x http://127.0.0.1:${refused}/ || true`,
    },
    { name: 'own-name', command: `${curl} http://${hostname()}:${refused}/` },
    {
      name: 'other-spellings',
      command: `for h in 0 127.1 2130706433 0x7f000001 '[::ffff:127.0.0.1]' '[::1]'; do ${curl} --noproxy x "http://$h:${refused}/"; done`,
    },
    {
      name: 'direct',
      command: `${direct} http://127.0.0.1:${allowed}/ && echo reached; ${direct} http://127.0.0.1:${refused}/ && echo reached; true`,
    },
    {
      name: 'other-cells-port',
      command: `for p in $(seq ${PORTS[0]} ${PORTS[1]}); do ${direct} -o /dev/null http://127.0.0.1:$p/ && echo reached; ${curl} --noproxy x http://127.0.0.1:$p/config; done`,
    },
    { name: 'dns', command: 'getent hosts example.org && echo resolved; true' },
    {
      name: 'udp',
      command: `python3 -c "import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x',('8.8.8.8',53)); print('sent')"`,
    },
    {
      name: 'ipv6',
      command: `${direct} -g "http://[::1]:${refused}/" && echo reached; ${direct} -g "http://[2606:4700::1111]/" && echo reached; true`,
    },
    {
      name: 'abstract-socket',
      command: `python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.connect('\\0reactor-network'); print('connected')"`,
    },
    { name: 'interfaces', command: 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "' },
    { name: 'engine-sockets', command: 'ls /run/reactor; find /run /tmp -type s' },
    {
      name: 'not-a-proxy-for-files',
      command: `${curl} -x http://localhost/ file:///etc/passwd >/dev/null; printf 'GET ftp://example.org/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' | python3 -c "import os,socket,sys; s=socket.socket(); h=os.environ['HTTP_PROXY'].split('//')[1].split(':'); s.connect((h[0],int(h[1]))); s.sendall(sys.stdin.buffer.read()); print(s.recv(200).decode().split('\\r\\n')[0])"`,
    },
    {
      name: 'own-app',
      command: `node -e "const s=require('node:http').createServer((q,r)=>r.end('own app')).listen(process.env.REACTOR_PORT,'127.0.0.1')" & sleep 1; curl -s http://127.0.0.1:$REACTOR_PORT/; kill $!`,
    },
    { name: 'exit-code', command: 'sh -c "exit 7"' },
  ];
};

describe('network: allowlist', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  const servers: { close(): unknown }[] = [];
  const requests: string[] = [];
  let outcome: Outcome;
  const reports = new Map<string, string>();
  let allowedPort = 0;
  let refusedPort = 0;

  const serve = async (name: string): Promise<number> => {
    const server: Server = createHttpServer((request, response) => {
      requests.push(`${name} ${request.method} ${request.url}`);
      if (request.method === 'POST') request.pipe(response);
      else response.end(`hello from ${name}`);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    return (server.address() as AddressInfo).port;
  };

  before(async () => {
    ensureBubblewrap();
    let script = '';
    reactor = await Reactor.open(
      byWord({
        listed: (call) =>
          tools(write('attempts.sh', script), {
            name: 'bash',
            args: { command: 'sh attempts.sh', description: 'Try', timeout: 280_000 },
          })(call),
      }),
    );
    [allowedPort, refusedPort] = [await serve('allowed'), await serve('refused')];
    servers.push(createServer().listen('\0reactor-network'));
    script = attemptsScript(attemptsAt(allowedPort, refusedPort));
    const hosts = `network: allowlist\nhosts: ["localhost:${allowedPort}", "${hostname()}:${refusedPort}", "*.invalid"]\n`;
    const repository = await reactor.repository(
      'listed',
      plainProject(`ports: { from: ${PORTS[0]}, to: ${PORTS[1]} }\ncells: { ports: 1 }\n${hosts}`),
    );
    outcome = await reactor.run(repository, 'Try listed', ['--sandbox', 'required', '--land', 'branch', '--task', 'listed']);
    const { kept } = onlyRun(outcome);
    const names = (await git(repository, 'ls-tree', '-r', '--name-only', `${kept}`, 'report/')).split('\n');
    for (const name of names) reports.set(name.replace('report/', ''), await git(repository, 'show', `${kept}:${name}`));
    if (process.env['REACTOR_SHOW_REPORTS']) for (const [name, text] of reports) process.stderr.write(`--- ${name}\n${text}\n`);
  });
  after(async () => {
    for (const server of servers) server.close();
    await reactor.close();
  });

  const report = (name: string): string => {
    const found = reports.get(name);
    if (found === undefined) throw new Error(`the attempt ${name} was not made: ${[...reports.keys()].join(' ')}\n${outcome.stderr}`);
    return found;
  };

  it('the run goes as any other', () => assert.equal(outcome.exitCode, 0, outcome.stderr));
  for (const name of ['allowed-http', 'allowed-tunnel']) {
    it(`${name}: a host of the list is reached`, () => assert.match(report(name), /^hello from allowed\ncode 200/));
  }
  it('allowed-node: also by programs that take the proxy from their environment', () =>
    assert.match(report('allowed-node'), /^hello from allowed/));
  it('posted: what is sent arrives', () => assert.match(report('posted'), /^some=data\ncode 200/));
  it('refused-host: another host is refused, and the answer says by whom', () => {
    assert.match(
      report('refused-host'),
      /Reactor: refused\.example\.org:80 is not on the list of this run \(network: allowlist\)\n\ncode 403/,
    );
    assert.match(report('refused-host'), /403/);
  });
  for (const name of ['refused-port', 'own-name', 'other-spellings', 'direct', 'other-cells-port', 'ipv6']) {
    it(`${name}: no other port of this machine is reached`, () => {
      assert.doesNotMatch(report(name), /hello|reached|code 200|code 401/, name);
    });
  }
  it('nothing arrived where nothing may', () =>
    assert.deepEqual([...new Set(requests)].toSorted(), ['allowed GET /hello', 'allowed POST /echo']));
  it('own-name: a name of the list that leads to this machine leads nowhere', () =>
    assert.match(report('own-name'), /there is no address of .* outside this machine\n\ncode 502/));
  for (const name of ['dns', 'udp', 'abstract-socket']) {
    it(`${name}: there is no other way out`, () => assert.doesNotMatch(report(name), /^(resolved|sent|connected)/m));
  }
  it('interfaces: there is only a loopback', () => assert.equal(report('interfaces'), 'lo\nexit 0'));
  it('engine-sockets: of sockets there is only the way out', () =>
    assert.equal(report('engine-sockets'), 'forward.cjs\nproxy.sock\n/run/reactor/proxy.sock\nexit 0'));
  it('not-a-proxy-for-files: HTTP only', () => assert.match(report('not-a-proxy-for-files'), /HTTP\/1\.1 400/));
  it('own-app: the app under test is reached on its leased port', () => assert.match(report('own-app'), /^own app/));
  it('exit-code: a command keeps its exit code', () => assert.equal(report('exit-code'), 'exit 7'));
  it('each refusal is told once', () => {
    const told = dataOf(outcome, 'network/refused').map(({ host, port }) => `${host}:${port}`);
    assert.equal(new Set(told).size, told.length);
    for (const place of ['refused.example.org:80', 'refused.example.org:443', `localhost:${refusedPort}`, `127.0.0.1:${refusedPort}`])
      assert.ok(told.includes(place), `${place} in ${told.join(' ')}`);
  });
});

describe('network: allowlist, with a person there', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  let port = 0;
  const server = createHttpServer((_, response) => response.end('hello'));

  before(async () => {
    ensureBubblewrap();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    const twice = (name: string): string => `for i in 1 2; do curl -s -m 60 --noproxy x http://localhost:${port}/ >> ${name}.out; done`;
    reactor = await Reactor.open(
      byWord({
        granted: (call) => tools(bash(twice('granted')))(call),
        denied: (call) => tools(bash(twice('denied')))(call),
        always: (call) => tools(bash(twice('always')))(call),
      }),
    );
  });
  after(async () => {
    server.close();
    await reactor.close();
  });

  /** A client that stays, so that runs ask and wait. */
  const somebodyThere = async (repository: string) => {
    const person = spawn(process.execPath, ['test/support/attendant.ts', repository], {
      env: reactor.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => person.stdout.once('data', resolve));
    return person;
  };

  for (const [word, answer] of [
    ['granted', 'approve'],
    ['denied', 'reject'],
  ] as const) {
    it(`${word}: the command waits for the answer, which holds for the run`, async () => {
      const repository = await reactor.repository(word, plainProject('network: allowlist\n'));
      const call = reactor.startRun(repository, `Fetch ${word}`, ['--sandbox', 'required', '--land', 'branch', '--task', word]);
      await call.entry('cell/serverSpawned');
      const person = await somebodyThere(repository);
      try {
        const asked = (await call.entry('approval/requested')).data as EventData<'approval/requested'>;
        assert.deepEqual(
          [asked.kind, asked.title, asked.permission],
          ['permission', `let commands reach localhost:${port}`, { permission: 'network', patterns: [`localhost:${port}`] }],
        );
        await reactor.call(repository, [answer, word, '--detach']);
        const outcome = await call.outcome;
        assert.equal(outcome.exitCode, 0, `${outcome.stdout.slice(-3000)}\n${outcome.stderr}`);
        assert.equal(dataOf(outcome, 'approval/requested').length, 1);
        const heard = await git(repository, 'show', `reactor/${word}:${word}.out`);
        if (word === 'granted') assert.equal(heard, 'hellohello');
        else assert.match(heard, /is not on the list of this run/);
        assert.equal(dataOf(outcome, 'network/refused').length, word === 'granted' ? 0 : 1);
      } finally {
        person.kill('SIGKILL');
      }
    });
  }

  it('always: what a person allowed for good holds for the next run with nobody there, and no more once it is taken back', async () => {
    const repository = await reactor.repository('always', plainProject('network: allowlist\n'));
    const settings = ['--sandbox', 'required', '--land', 'branch', '--task'];
    const call = reactor.startRun(repository, 'Fetch always', [...settings, 'always']);
    await call.entry('cell/serverSpawned');
    const person = await somebodyThere(repository);
    try {
      await call.entry('approval/requested');
      await reactor.call(repository, ['approve', 'always', '--always', '--detach']);
      const first = await call.outcome;
      assert.equal(first.exitCode, 0, first.stderr);
      assert.deepEqual(
        dataOf(first, 'approval/answered').map(({ decision, always }) => [decision, always]),
        [['approved', true]],
      );
    } finally {
      person.kill('SIGKILL');
    }
    const heard = async (word: string): Promise<string> => {
      const outcome = await reactor.run(repository, `Fetch always, ${word}`, [...settings, word]);
      assert.deepEqual([outcome.exitCode, dataOf(outcome, 'approval/requested')], [0, []], outcome.stderr);
      return git(repository, 'show', `reactor/${word}:always.out`);
    };
    assert.equal(await heard('second'), 'hellohello');
    assert.match((await reactor.call(repository, ['hosts'])).stdout, new RegExp(`^localhost:${port} +\\S+ +\\S+ +always-r1$`, 'm'));
    assert.equal((await reactor.call(repository, ['hosts', '--remove', `localhost:${port}`])).exitCode, 0);
    assert.match(await heard('third'), /is not on the list of this run/);
  });
});
