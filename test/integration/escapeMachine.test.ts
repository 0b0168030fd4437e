import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { attemptsScript, type EscapeAttempt } from '../support/escapeAttempts.ts';
import { loginFiles, machineAttempts } from '../support/machineAttempts.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { requires } from '../support/requires.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

const LOGIN = 'login of the user';
const shared =
  "python3 -c \"from multiprocessing import shared_memory, resource_tracker; s = shared_memory.SharedMemory(name='reactor-left', create=True, size=64); resource_tracker.unregister(s._name, 'shared_memory'); print(s.name)\"";

describe('What a sandboxed cell sees of the machine', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  let repository: string;
  let outcome: Outcome;
  let visible: string | null = null;
  const listening: Server[] = [];
  const connections: string[] = [];
  const reports = new Map<string, string>();

  const listen = (path: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    listening.push(createServer(() => connections.push(path)).listen(path));
  };

  before(async () => {
    ensureBubblewrap();
    let attempts: () => EscapeAttempt[] = () => [];
    reactor = await Reactor.open(
      byWord({
        machine: (call) =>
          tools(bash(`${shared}; ls /dev/shm > shm.txt`), bash('kill -9 -1'), write('attempts.sh', attemptsScript(attempts())), {
            name: 'bash',
            args: { command: 'sh attempts.sh', description: 'Try', timeout: 280_000 },
          })(call),
      }),
    );
    const home = join(reactor.root, 'user');
    for (const name of loginFiles) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), `token = "${LOGIN}"\n_authToken=x\n`);
    }
    writeFileSync(
      join(home, '.gitconfig'),
      `[user]\n\tname = Test\n\temail = test@example.invalid\n[url "https://ann:${LOGIN.replaceAll(' ', '-')}@example.org/"]\n\tinsteadOf = ex:\n[http]\n\textraheader = AUTHORIZATION: ${LOGIN}\n[safe]\n\tdirectory = *\n`,
    );
    for (const [name, text] of [
      ['.tool/bin/tool', `#!/bin/sh\ncat "${home}/.tool/lib/part"\n`],
      ['.tool/lib/part', 'works\n'],
    ] as const) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), text);
      chmodSync(join(home, name), 0o755);
    }
    const sockets = ['.ssh/agent/s.1', '.docker/desktop/docker.sock', '.tool/run.sock', '.tool/lib/run.sock', '.local/bin/x.sock'].map(
      (name) => join(home, name),
    );
    for (const path of sockets) listen(path);
    // Where everybody may look; only root can put one there.
    if (process.getuid?.() === 0) {
      visible = mkdtempSync('/var/lib/reactor-escape-');
      listen(join(visible, 'service.sock'));
      sockets.push(join(visible, 'service.sock'));
    }
    const env = reactor.env;
    env['PATH'] = `${join(home, '.tool/bin')}:${join(home, '.fly/bin')}:${env['PATH']}`;
    env['SSH_AUTH_SOCK'] = join(home, '.ssh/agent/s.1');
    env['DOCKER_HOST'] = `unix://${join(home, '.docker/desktop/docker.sock')}`;
    repository = await reactor.repository('plain', plainProject());
    attempts = () => machineAttempts({ home, sockets, outside: reactor.processes().map(({ pid }) => pid) });
    outcome = await reactor.run(repository, 'Try machine', ['--sandbox', 'required', '--land', 'branch', '--task', 'machine']);
    const { kept } = onlyRun(outcome);
    const names = (await git(repository, 'ls-tree', '-r', '--name-only', `${kept}`, 'report/')).split('\n');
    for (const name of names) reports.set(name.replace('report/', ''), await git(repository, 'show', `${kept}:${name}`));
    if (process.env['REACTOR_SHOW_REPORTS']) for (const [name, text] of reports) process.stderr.write(`--- ${name}\n${text}\n`);
  });
  after(async () => {
    for (const server of listening) server.close();
    if (visible !== null) rmSync(visible, { recursive: true, force: true });
    await reactor.close();
  });

  const report = (name: string): string => {
    const found = reports.get(name);
    if (found === undefined) throw new Error(`the attempt ${name} was not made: ${[...reports.keys()].join(' ')}\n${outcome.stderr}`);
    return found;
  };

  it('the run goes as any other, and only waits for a person because of a name that no review can show', () => {
    assert.equal(outcome.exitCode, 5, outcome.stderr);
    assert.match(onlyRun(outcome).reason, /tests green; \S+ name\.txt has a name that is not UTF-8, so that no review can show it$/);
  });

  it('kill-engine: neither engine, warden nor server is in reach, nor ended by a command that kills all it can', () => {
    assert.doesNotMatch(report('kill-engine'), /^(killed|stopped)/m);
    assert.equal(dataOf(outcome, 'cell/serverSpawned').length, 1);
  });
  it('trace-engine: nor can they be traced or read', () => {
    assert.match(report('trace-engine'), /^refused/m);
    assert.doesNotMatch(report('trace-engine'), /attached/);
  });
  it('warden-pipe: nothing leads to the warden', () => assert.equal(report('warden-pipe'), 'exit 0'));
  it('inherited-descriptors: a command has its own three streams and no other', () =>
    assert.match(report('inherited-descriptors'), /^\[0, 1, 2\]$/m));

  for (const name of [
    ...['keyring-of-the-login', 'keyring-new-key', 'keyring-request', 'io-rings'],
    ...['page-fault-handler', 'kernel-programs', 'performance-counters'],
  ]) {
    it(`${name}: the kernel refuses it`, function () {
      requires(this, process.arch === 'x64', 'x86-64');
      assert.equal(report(name), 'refused\nexit 0');
    });
  }
  it('terminal-input: nothing can be typed into a terminal', () => {
    assert.doesNotMatch(report('terminal-input'), /typed/);
    assert.match(report('terminal-input'), /^own 1$/m);
  });
  it('no-new-privileges: no program gives a command more rights', () =>
    assert.match(report('no-new-privileges'), /^NoNewPrivs:\t1\nSeccomp:\t2$/m));
  it('set-user-program: nor one that is another user’s', () => assert.doesNotMatch(report('set-user-program'), /NoNewPrivs:\t0/));
  it('shared-memory-of-another-command: memory of one command is not that of the next', async () => {
    assert.match(await git(repository, 'show', `${onlyRun(outcome).kept}:shm.txt`), /reactor-left|^$/);
    assert.doesNotMatch(report('shared-memory-of-another-command'), /attached|^reactor-left/m);
  });
  it('message-queues: nor are queues of the machine', () => assert.match(report('message-queues'), /^0$/m));
  it('agents-of-the-desktop: sockets of agents and daemons are not there, whatever leads to them', () => {
    assert.doesNotMatch(report('agents-of-the-desktop'), /connected/);
    assert.deepEqual(connections, []);
  });
  it('every-socket: nor is any other', () => assert.doesNotMatch(report('every-socket'), /connected/));
  for (const name of ['logins-in-the-home', 'logins-anywhere', 'git-logins']) {
    it(`${name}: no login of the user is read`, () => assert.doesNotMatch(report(name), /login.of.the.user/i));
  }
  it('git-logins: the rest of the settings is there', () => assert.match(report('git-logins'), /^Test$/m));
  it('tool-on-path: a tool finds its parts', () => assert.equal(report('tool-on-path'), 'works\nexit 0'));
  it('other-volumes: neither other volumes nor what the machine has kept', () => assert.equal(report('other-volumes'), 'exit 0'));
  it('users-checkout-elsewhere: of the checkout there is its git folder', () =>
    assert.equal(report('users-checkout-elsewhere'), '.git\nexit 0'));
  it('nested-sandbox: a sandbox in the sandbox sees no more', () => assert.match(report('nested-sandbox'), /^0$/m));
  it('core-dump-handler: no dump is written, and the limit can’t be lifted', () => {
    assert.doesNotMatch(report('core-dump-handler'), /^allowed|^\/.*core\.\d+/m);
  });
  it('file-watches: what is hidden can’t be watched', () => assert.match(report('file-watches'), /^\[False, False\]$/m));
  it('odd-files: pipes and sockets among the files hold nothing up', () => assert.match(report('odd-files'), /pipe/));
  it('invalid-names: a name that is no text is a name', async () => {
    const names = await git(repository, 'ls-tree', '-r', '--name-only', `${onlyRun(outcome).kept}`);
    assert.match(names, /^"\\377\\376 name\.txt"$/m);
  });
});
