import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import {
  attemptsScript,
  type EscapeAttempt,
  fileAttempts,
  gitAttempts,
  networkAttempts,
  processAttempts,
  type Targets,
} from '../support/escapeAttempts.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { requires } from '../support/requires.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

const PORTS = [9310, 9317] as const;
/** What the next command of the agent finds of what those before it have put into the server's folder. */
const afterwards =
  'find ../home -type f > report/next-command; echo out > /etc/reactor-escape && echo written >> report/next-command; true';
const SHARED_MEMORY = `/dev/shm/reactor-escape-${process.pid}`;

describe('Ways out of a sandboxed cell', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  let repository: string;
  let targets: Targets;
  let abstract: Server;
  let main: string;
  let config: string;
  let open: Outcome;
  let alone: Outcome;
  const reports = new Map<string, string>();

  before(async () => {
    ensureBubblewrap();
    const attempts: Record<string, EscapeAttempt[]> = {};
    const trying = (word: string) => (call: Parameters<ReturnType<typeof tools>>[0]) =>
      tools(
        write('attempts.sh', attemptsScript(attempts[word] ?? [])),
        { name: 'bash', args: { command: 'sh attempts.sh', description: 'Try', timeout: 280_000 } },
        bash(afterwards),
      )(call);
    reactor = await Reactor.open(byWord({ open: trying('open'), alone: trying('alone') }), { ANTHROPIC_API_KEY: 'sk-never-seen' });
    repository = await reactor.repository(
      'plain',
      plainProject(`ports: { from: ${PORTS[0]}, to: ${PORTS[1]} }\nprotectedPaths: ["!.gitattributes"]\n`),
    );
    mkdirSync(join(repository, 'sub'));
    await git(repository, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    await git(repository, 'commit', '--quiet', '-m', 'submodule');
    const outside = join(reactor.root, 'outside');
    const home = join(reactor.root, 'user');
    for (const folder of [outside, join(home, '.ssh'), join(home, '.aws')]) mkdirSync(folder);
    writeFileSync(join(outside, 'mark'), 'untouched');
    for (const file of ['.ssh/id_rsa', '.aws/credentials', '.profile', '.bashrc']) writeFileSync(join(home, file), 'secret of the user');
    writeFileSync(SHARED_MEMORY, 'x');
    abstract = createServer().listen('\0reactor-escape');
    main = await git(repository, 'rev-parse', 'main');
    config = readFileSync(join(repository, '.git', 'config'), 'utf8');
    const data = dirname(reactor.journal(repository));
    targets = { outside, home, data, repository, pid: process.pid, ports: PORTS, seconds: 90_000 + (process.pid % 9_000) };
    attempts['open'] = [...fileAttempts(targets), ...gitAttempts(targets), ...processAttempts(targets)];
    attempts['alone'] = networkAttempts(reactor.model.port);
    const settings = ['--sandbox', 'required', '--land', 'branch'];
    [open, alone] = await Promise.all([
      reactor.run(repository, 'Try open', [...settings, '--task', 'open']),
      reactor.run(repository, 'Try alone', [...settings, '--network', 'none', '--task', 'alone']),
    ]);
    for (const outcome of [open, alone]) {
      const { kept } = onlyRun(outcome);
      const names = (await git(repository, 'ls-tree', '-r', '--name-only', `${kept}`, 'report/')).split('\n');
      for (const name of names) reports.set(name.replace('report/', ''), await git(repository, 'show', `${kept}:${name}`));
    }
    if (process.env['REACTOR_SHOW_REPORTS']) for (const [name, text] of reports) process.stderr.write(`--- ${name}\n${text}\n`);
  });
  after(async () => {
    rmSync(SHARED_MEMORY, { force: true });
    abstract?.close();
    await reactor.close();
  });

  const report = (name: string): string => {
    const found = reports.get(name);
    if (found === undefined)
      throw new Error(`the attempt ${name} was not made: ${[...reports.keys()].join(' ')}\n${open.stderr}\n${alone.stderr}`);
    return found;
  };
  /** The attempt was made, and nothing in its report says that it worked. */
  const failed = (
    name: string,
    words: RegExp = /^(written|linked|read|made|mounted|remounted|gone|reached|killed|entered|changed|resolved|sent|connected|uncovered|removed|opened)\b/m,
  ): void => assert.doesNotMatch(report(name), words, name);
  const outsideIsUntouched = (): void => assert.equal(readFileSync(join(targets.outside, 'mark'), 'utf8'), 'untouched');

  it('the cell says which boundary it has, and its work is committed', () => {
    assert.deepEqual([open.exitCode, alone.exitCode], [0, 0], `${open.stderr}\n${alone.stderr}`);
    assert.deepEqual(
      dataOf(open, 'cell/serverSpawned').map(({ boundary }) => boundary),
      ['bubblewrap'],
    );
  });

  describe('files', () => {
    for (const name of ['absolute-path', 'dot-dot', 'symlink', 'python']) {
      it(`${name}: a file outside is not changed`, () => {
        failed(name, /^(written|untouched)$/m);
        outsideIsUntouched();
      });
    }
    for (const name of ['system-file', 'program']) {
      it(`${name}: the system is read-only`, () => {
        failed(name);
        assert.match(report(name), /Read-only file system/);
        assert.deepEqual([existsSync('/etc/reactor-escape'), existsSync('/usr/bin/reactor-escape')], [false, false]);
      });
    }
    for (const name of ['hard-link', 'proc-self-root', 'proc-one-root', 'proc-cwd']) {
      it(`${name}: no other way to the same files`, () => {
        failed(name);
        outsideIsUntouched();
      });
    }
    it('host-temporary-files: the temporary folder is the cell’s own', () => failed('host-temporary-files', /^mark|^[0-9]+$/m));
    it('shared-memory: so is shared memory', () => assert.match(report('shared-memory'), /^0\n/));
    it('private-key: keys in the home folder are not there', () => failed('private-key', /secret of the user/));
    it('shell-profile: profiles are neither read nor written', () => {
      failed('shell-profile', /secret of the user/);
      assert.equal(readFileSync(join(targets.home, '.bashrc'), 'utf8'), 'secret of the user');
    });
    it('git-identity: the user’s git settings are read-only', () => {
      failed('git-identity');
      assert.match(report('git-identity'), /Read-only|cannot create/);
    });
    it('users-checkout: the user’s checkout is not there', () => {
      failed('users-checkout');
      assert.equal(existsSync(join(repository, 'escape')), false);
    });
    it('journal: the journal is not there', () => failed('journal'));
    it('engine-socket: the engine’s socket is not there', () => failed('engine-socket', /engine\.sock$|^connected/m));
    it('other-cells: other cells are not there', () => failed('other-cells', /alone|journal|runs|engine/));
    it('other-cells-files: nor can anything be written to them', async () => {
      failed('other-cells-files');
      assert.equal(existsSync(join(targets.data, 'cells', 'planted')), false);
      for (const outcome of [open, alone])
        assert.doesNotMatch(await git(repository, 'ls-tree', '-r', '--name-only', `${onlyRun(outcome).kept}`), /escape\.txt/);
    });
    it('server-folder: the server’s folder is empty', () => failed('server-folder', /opencode|^sh$|commands/m));
    for (const name of ['command-shell', 'server-plugin']) {
      it(`${name}: what is put into the server’s folder is gone with the command; the next one is confined as before`, () => {
        report(name);
        assert.equal(report('next-command'), '');
        assert.deepEqual(dataOf(open, 'cell/serverFailed'), []);
      });
    }
  });

  describe('git', () => {
    const untouched = async (): Promise<void> => {
      assert.equal(await git(repository, 'rev-parse', 'main'), main);
      assert.equal(readFileSync(join(repository, '.git', 'config'), 'utf8'), config);
      outsideIsUntouched();
    };
    it('git-hook: no hook of the repository can be written', async () => {
      failed('git-hook');
      assert.equal(existsSync(join(repository, '.git', 'hooks', 'escape')), false);
      await untouched();
    });
    for (const name of ['git-config', 'git-filter']) {
      it(`${name}: settings end in the cell, and git outside does not run what they name`, async () => {
        report(name);
        await untouched();
      });
    }
    for (const name of ['git-main', 'git-refs-file', 'git-worktree-entry', 'git-submodule-url']) {
      it(`${name}: the repository’s refs stay where they are`, async () => {
        report(name);
        await untouched();
        assert.equal(await git(repository, 'status', '--porcelain'), '');
      });
    }
    it('git-objects: objects of the repository are neither changed nor removed', async () => {
      failed('git-objects');
      assert.doesNotMatch(await git(repository, 'fsck', '--full'), /missing|corrupt|error/);
    });
    it('git-alternates: no object store is added to the repository', () => {
      report('git-alternates');
      assert.equal(existsSync(join(repository, '.git', 'objects', 'info', 'alternates')), false);
    });
    it('git-stash: a stash of the agent’s stays in the cell', async () => {
      assert.match(report('git-stash'), /stash@\{0\}/);
      assert.equal(await git(repository, 'stash', 'list'), '');
    });
    it('git-file: a .git file that leads elsewhere leads nobody', async () => {
      report('git-file');
      await untouched();
    });
    it('git-file-of-a-submodule: git outside obeys no repository of the agent’s in its place', async () => {
      assert.match(report('git-file-of-a-submodule'), /^planted$/m);
      await untouched();
    });
    it('text-for-terminals: control and bidirectional characters in names and output are shown, not obeyed', async () => {
      assert.ok(report('text-for-terminals').includes('\u001b]0;title'));
      for (const command of ['show', 'logs']) {
        const { stdout } = await reactor.call(repository, [command, 'open']);
        assert.doesNotMatch(stdout, /[^\P{C}\n]/u, command);
        if (command === 'show') assert.match(stdout, /hidden<U\+202E>txt\.exe/);
      }
    });
    it('odd-names: names like options and with line ends are names', async () => {
      const { kept } = onlyRun(open);
      const names = (await git(repository, 'ls-tree', '-r', '-z', '--name-only', `${kept}`)).split('\0');
      for (const name of ['-rf', 'new\nline', 'a b/--exec=id']) assert.ok(names.includes(name), name);
    });
  });

  describe('processes and the server', () => {
    for (const name of ['kill-outside', 'trace', 'enter-namespaces', 'chroot', 'server-memory']) {
      it(`${name}: nothing outside is in reach`, () => failed(name));
    }
    it('kill-everything-else: no process number outside means anything', () =>
      assert.match(report('kill-everything-else'), /^reached 0$/m));
    it('server-environment: the server’s environment can’t be read', () => assert.match(report('server-environment'), /^0\n/));
    it('server-files: nor its open files', () => assert.match(report('server-files'), /^0\n/));
    it('own-environment: a command has no secret of the server', () => assert.equal(report('own-environment'), '0\nexit 1'));
    it('provider-key: nor a provider’s key', () => assert.equal(report('provider-key'), '0\n0\nexit 1'));
    it('control-port: without the password the server’s interface is closed', () => {
      const codes = [...report('control-port').matchAll(/^\s*\d+ (\d{3})$/gm)].map((match) => match[1]);
      assert.ok(codes.includes('401'), report('control-port'));
      assert.deepEqual(
        codes.filter((code) => code !== '401' && code !== '000'),
        [],
      );
    });
    it('capabilities: there are none', () => assert.deepEqual([...report('capabilities').matchAll(/:\s+0+$/gm)].length, 3));
    it('set-user: no other user can be had', () => failed('set-user', new RegExp(`uid=(?!${process.getuid?.()}\\b)\\d+`)));
    for (const name of ['mount', 'new-namespace', 'device', 'kernel-settings', 'control-groups']) {
      it(`${name}: the machine’s own things stay closed`, () => {
        failed(name);
        assert.equal(existsSync('/etc/reactor-escape'), false);
      });
    }
    it('device: only harmless devices are there', () => assert.match(report('device'), /^0$/m));
    it('other-sockets: no socket of another program is there', () => failed('other-sockets', /^\/.*(sock|bus)/m));
    it('abstract-socket-outside: with the network open neither, where the kernel can keep them apart', function () {
      requires(this, scopesSockets(), 'Linux 6.12 with Landlock');
      failed('abstract-socket-outside');
      assert.match(report('abstract-socket-outside'), /PermissionError/);
    });
    it('abstract-socket-own: programs of one cell reach each other', () => assert.match(report('abstract-socket-own'), /^own$/m));
    it('interprocess: namespaces are the command’s own', () => {
      for (const link of report('interprocess').match(/\w+:\[\d+\]/g) ?? []) {
        assert.notEqual(link, readlinkSync(`/proc/self/ns/${link.split(':')[0]}`));
      }
    });
    it('daemon: nothing that it left behind outlives the cell', () => {
      assert.match(report('daemon'), /started/);
      assert.deepEqual(
        commandLines().filter((line) => line.includes(`sleep ${targets.seconds}`)),
        [],
      );
    });
  });

  describe('network: none', () => {
    for (const name of ['tcp', 'tcp-address', 'dns', 'udp', 'ipv6', 'abstract-socket']) {
      it(`${name}: nothing is reached`, () => failed(name));
    }
    it('interfaces: there is only a loopback', () => assert.equal(report('interfaces'), 'lo\nexit 0'));
    it('own-loopback: programs of one command reach each other', () => assert.match(report('own-loopback'), /^own$/m));
  });
});

/** Whether the kernel has what keeps sockets with abstract names apart, asked as the kernel's own samples do. */
const scopesSockets = (): boolean =>
  Number(spawnSync('python3', ['-c', 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))'], { encoding: 'utf8' }).stdout) >=
  6;

const commandLines = (): string[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
