import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { recordBranch } from '../../src/adapters/git/cellWorktree.ts';
import { createGit } from '../../src/adapters/git/git.ts';
import { wayOut } from '../../src/adapters/sandbox/cellNetwork.ts';
import { recallBrokered, seatbeltEnclosure } from '../../src/adapters/sandbox/seatbelt.ts';
import { silentLog } from '../../src/base/log.ts';
import { CellLimits } from '../../src/core/model/sandboxSpec.ts';
import type { AgentServer, ShellResult } from '../../src/core/ports/agent.ts';
import type { EncloseRequest, Enclosure } from '../../src/core/ports/sandbox.ts';
import { OpenCodeBench, runTurn } from '../support/openCodeCell.ts';
import { bash, tools } from '../support/sampleScript.ts';

/** The agent's command: what it finds, and what it leaves. */
const agents = `{ echo "$HOME"; echo "$TMPDIR"; env | grep -c -E '^OPENCODE_(SERVER_PASSWORD|CONFIG_CONTENT)|^ANTHROPIC'; cat ~/.gitconfig; } > found
touch ~/pass "$TMPDIR/pass"; git add add.js; git -c user.name=A -c user.email=a@b.c commit -q --allow-empty -m "of the agent"; git log --format=%s >> found`;
/** Asks for a page by the proxy that the environment names. */
const asks = `node -e 'const u=new URL(process.env.http_proxy);require("http").get({host:u.hostname,port:u.port,path:"http://example.org/"},(r)=>r.pipe(process.stdout))'`;

/**
 * All that Reactor does of the boundary of macOS, with a program in the place of the one that applies a profile, which applies none: what the
 * system itself would hold is not shown here.
 */
describe('A cell with the boundary of macOS', function () {
  this.timeout(120_000);
  let folder: string;
  let bench: OpenCodeBench;
  let server: AgentServer;
  let proxy: Server;
  let worktree: string;
  let home: string;
  let made: Enclosure;

  /** As the engine does: the cell's own view of git, the far end of its network, and its boundary. */
  async function enclose(request: EncloseRequest): Promise<Enclosure> {
    const repository = await createGit({ clock: systemClock, log: silentLog }).open(bench.repository);
    if (!repository.ok) throw new Error(repository.error.message);
    await recordBranch(join(bench.repository, '.git', 'worktrees', 'mac'), 'mac');
    const view = await repository.value.privateView(request.worktree, join(bench.root, 'view'), { isMounted: false });
    const laid = await view.laid;
    if (!laid.ok) throw new Error(laid.error.message);
    const waysOut = join(folder, 'net');
    const exit = wayOut(waysOut, request.cell);
    mkdirSync(exit, { recursive: true });
    await new Promise<void>((resolve) => proxy.listen(join(exit, 'proxy.sock'), resolve));
    ({ home } = request);
    made = seatbeltEnclosure({ ...request, git: view.mounts }, { hidden: [], waysOut, sandbox: join(folder, 'apply') });
    return made;
  }

  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'reactor-mac-')));
    const apply = `#!/bin/sh\nprintf '%s' "$2" > "${folder}/profile-$$"\nshift 2\nexec "$@"\n`;
    writeFileSync(join(folder, 'apply'), apply, { mode: 0o755 });
    proxy = createServer((wanted, answer) => answer.end(`page of ${wanted.url}`));
    bench = await OpenCodeBench.start(tools(bash(agents)), {
      env: { ANTHROPIC_API_KEY: 'sk-never-seen' },
      sandbox: { enclose, recall: recallBrokered },
    });
    writeFileSync(join(bench.userHome, '.gitconfig'), '[alias]\n\tof = the-user\n');
    const limits = CellLimits.parse({ openFiles: 333 });
    const boundary = { network: 'allowlist', read: [], write: [], limits, git: [] } as const;
    ({ server, worktree } = await bench.cell('mac', { limits, environment: { REACTOR_PORT: '8123' }, boundary }));
  });
  after(async () => {
    await bench.dispose();
    proxy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (command: string, more: { timeoutMs?: number; isGate?: boolean } = {}): Promise<ShellResult> =>
    server.client.shell(
      { sessionId: '', command, folder: '', timeoutMs: 60_000, outputFile: join(folder, 'output'), maxBytes: 1e6, ...more },
      new AbortController().signal,
    );

  it('runs setup and tests under the profile of commands, with their limits, ports, tools and way out', async () => {
    const { exitCode, tail } = await run(`echo "$REACTOR_PORT $HOME"; ulimit -n; cat ~/.gitconfig; ${asks}; exit 3`);
    const expected = ['8123', `${home}/user`].join(' ');
    assert.deepEqual([exitCode, tail], [3, `${expected}\n333\n[alias]\n\tof = the-user\npage of http://example.org/`]);
    const profiles = readdirSync(folder).flatMap((name) => (name.startsWith('profile-') ? [readFileSync(join(folder, name), 'utf8')] : []));
    const ofCommands = profiles.filter((text) => !text.includes('(remote ip "*:*")'));
    assert.equal(profiles.length - ofCommands.length, 1, 'the server alone reaches every host');
    for (const text of ofCommands) assert.match(text, /\(allow network-outbound \(remote ip "localhost:\d+"\)\)\n$/);
  });

  it('gives the agent a home and a git of its own, and none of what is the server’s', async () => {
    const { result } = await runTurn(server);
    assert.equal(result.end, 'done', JSON.stringify(result));
    const found = readFileSync(join(worktree, 'found'), 'utf8').split('\n');
    assert.deepEqual(found.slice(0, 3), [`${home}/user`, `${home}/user-tmp`, '0']);
    assert.deepEqual(found.slice(-3), ['of the agent', 'start', '']);
    assert.equal(bench.git('log', '--all', '--format=%s'), 'start\n');
    assert.equal(existsSync(join(bench.repository, '.git', 'objects', 'info', 'alternates')), false);
  });

  it('tests find no home that the agent has written', async () => {
    const { exitCode, tail } = await run('echo "$HOME"; ls ~/pass "$TMPDIR/pass"; cat ~/.gitconfig', { isGate: true });
    assert.deepEqual([exitCode, tail.split('\n')[0], /No such file.*No such file/s.test(tail)], [0, `${home}/gate/user`, true], tail);
  });

  it('ends a command that takes too long, with all that it started', async () => {
    const { end } = await run('(sleep 86123 & sleep 86123)', { timeoutMs: 1_000 });
    assert.equal(end, 'timedOut');
    assert.doesNotMatch(execFileSync('ps', ['-A', '-o', 'args'], { encoding: 'utf8' }), /^sleep 86123$/m);
  });

  it('can be made again by an engine that comes after', () => {
    const seen = [{ from: '/a', path: '/b' }];
    assert.deepEqual(recallBrokered(made.record)?.command(seen, true), made.command(seen, true));
    assert.equal(recallBrokered('{"version":1,"begin":["bwrap"],"through":[]}'), null);
  });
});
