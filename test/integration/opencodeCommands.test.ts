import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { AgentServer, ShellRequest, ShellResult } from '../../src/core/ports/agent.ts';
import { markedPids, OpenCodeBench } from '../support/openCodeCell.ts';

describe('INV-006: commands through a real agent server', function () {
  this.timeout(180_000);
  let bench: OpenCodeBench;
  let server: AgentServer;
  let worktree: string;
  let cell: string;
  let sessionId: string;

  before(async () => {
    bench = await OpenCodeBench.start(() => ({ text: 'nothing' }), { env: { XDG_CACHE_HOME: '/user/cache' } });
    ({ server, worktree, id: cell } = await bench.cell('commands', { environment: { REACTOR_PORT: '8123' } }));
    sessionId = await server.client.createSession({ title: 'Test' });
  });
  after(() => bench.dispose());

  const run = (command: string, over: Partial<ShellRequest> & { readonly signal?: AbortSignal } = {}): Promise<ShellResult> => {
    const { signal = new AbortController().signal, ...request } = over;
    return server.client.shell(
      { sessionId, command, folder: '', timeoutMs: 60_000, outputFile: join(bench.root, 'output'), maxBytes: 100_000, ...request },
      signal,
    );
  };
  const brief = ({ exitCode, end, tail }: ShellResult) => ({ exitCode, end, tail });

  for (const [name, command, exitCode, tail] of [
    ['success', 'echo fine', 0, 'fine\n'],
    ['failure', 'echo broken >&2; exit 1', 1, 'broken\n'],
    ['another code', '(exit 42)', 42, ''],
    ['exit in the middle', 'echo a\nexit 3\necho b', 3, 'a\n'],
    ['a signal that ends it', 'kill -TERM $$', 143, ''],
    ['a signal to its whole group', 'echo a; kill -KILL 0; sleep 60', 137, 'a\n'],
    ['a command that is not there', 'no-such-command-here 2>/dev/null', 127, ''],
    ['text that is no command', 'if then (', 2, null],
    ['quotes', `printf '%s|' "a'b" 'c"d' \\$HOME '$(x)'`, 0, `a'b|c"d|$HOME|$(x)|`],
    ['several lines', 'for n in 1 2\ndo\n  echo $n\ndone', 0, '1\n2\n'],
    ['a closed output', 'exec >/dev/null 2>&1; true', 0, ''],
    ['a comment at the end', 'true # nothing', 0, ''],
    ['input that is empty', 'cat; echo end', 0, 'end\n'],
    ['an open quote', `echo 'open`, 2, null],
  ] satisfies [string, string, number, string | null][]) {
    it(`tells the exit code of ${name}`, async () => {
      const result = await run(command);
      assert.deepEqual(brief(result), { exitCode, end: 'exited', tail: tail ?? result.tail });
    });
  }

  it('runs in the worktree or a folder of it, with the user’s path and folders and the cell’s variables', async () => {
    mkdirSync(join(worktree, 'packages', "it's"), { recursive: true });
    const { tail } = await run(
      'pwd; echo "$PATH"; echo "$REACTOR_PORT $XDG_CACHE_HOME [$XDG_DATA_HOME$TMPDIR$OPENCODE_SERVER_PASSWORD$OPENCODE_CONFIG_CONTENT$BUN_JSC_useFTLJIT]"',
      { folder: "packages/it's" },
    );
    assert.deepEqual(tail.split('\n'), [join(worktree, 'packages', "it's"), bench.env['PATH'], '8123 /user/cache []', '']);
  });

  it('says what it can not do when the folder is not there', async () => {
    const result = await run('echo never', { folder: 'nowhere' });
    assert.deepEqual([result.exitCode === 0, result.tail.includes('never\n')], [false, false]);
    assert.match(result.tail, /nowhere/);
  });

  it('keeps the output up to its bound, goes on reading, and shows the true end', async () => {
    const outputFile = join(bench.root, 'long');
    const result = await run('n=0; while [ $n -lt 40000 ]; do n=$((n+1)); echo line $n; done; exit 5', { outputFile, maxBytes: 10_000 });
    assert.deepEqual([result.exitCode, result.truncated, result.outputBytes, statSync(outputFile).size], [5, true, 10_000, 10_000]);
    assert.match(result.tail, /line 39999\nline 40000\n$/);
    assert.match(readFileSync(outputFile, 'utf8'), /^line 1\nline 2\n/);
    const whole = await run('printf abc', { outputFile, maxBytes: 3 });
    assert.deepEqual([whole.truncated, whole.outputBytes, whole.tail], [false, 3, 'abc']);
  });

  it('shows plain text of coloured output', async () => {
    const { tail } = await run(`printf '\\033[31mred\\033[0m\\r\\n10%%\\r100%%\\n\\033]0;title\\007end\\n'`);
    assert.equal(tail, 'red\n100%\nend\n');
  });

  it('ends what a command leaves running, and says so', async () => {
    const before = markedPids(cell).length;
    const result = await run('sleep 300 & (setsid sleep 300 >/dev/null 2>&1 &) ; echo started');
    assert.deepEqual(brief(result), { exitCode: 0, end: 'exited', tail: 'started\n' });
    assert.equal(markedPids(cell).length, before);
    assert.ok(bench.lines.some((line) => line.message.includes('left processes running')));
  });

  it('ends a command that takes too long with all it started, stubborn ones too', async () => {
    const before = markedPids(cell).length;
    const result = await run(`trap '' TERM; echo waiting; (trap '' TERM; setsid sleep 300 &) ; sleep 300; sleep 300`, { timeoutMs: 1_500 });
    assert.deepEqual(brief(result), { exitCode: null, end: 'timedOut', tail: 'waiting\n' });
    assert.equal(markedPids(cell).length, before);
  });

  it('ends a command when it is cancelled, and runs the next one', async () => {
    const stop = new AbortController();
    const running = run('echo begun > begun.txt; sleep 300', { signal: stop.signal });
    await bench.appears(join(worktree, 'begun.txt'));
    stop.abort();
    assert.equal((await running).end, 'aborted');
    assert.deepEqual(brief(await run('echo next')), { exitCode: 0, end: 'exited', tail: 'next\n' });
    assert.equal((await run('echo never', { signal: stop.signal })).end, 'aborted');
  });

  it('runs several at once', async () => {
    const results = await Promise.all([1, 2, 3].map((n) => run(`echo ${n}; exit ${n}`, { outputFile: join(bench.root, `output${n}`) })));
    assert.deepEqual(
      results.map((result) => [result.exitCode, result.tail]),
      [
        [1, '1\n'],
        [2, '2\n'],
        [3, '3\n'],
      ],
    );
  });

  it('leaves nothing of a command behind in the worktree or the conversation', async () => {
    writeFileSync(join(worktree, 'begun.txt'), '');
    await run('true');
    assert.deepEqual(await server.client.messages(sessionId), []);
  });

  it('says that the server is gone when it is', async () => {
    const { server: other, id } = await bench.cell('gone');
    const session = await other.client.createSession({ title: 'Test' });
    const marker = join(bench.root, 'gone-begun');
    const running = other.client.shell(
      {
        sessionId: session,
        command: `: > '${marker}'; sleep 300`,
        folder: '',
        timeoutMs: 60_000,
        outputFile: join(bench.root, 'gone'),
        maxBytes: 1_000,
      },
      new AbortController().signal,
    );
    await bench.appears(marker);
    process.kill(other.process.pid, 'SIGKILL');
    const result = await running;
    assert.deepEqual([result.end, result.exitCode], ['serverGone', null]);
    assert.deepEqual(
      markedPids(id).filter((pid) => pid !== other.process.pid),
      [],
    );
  });
});
