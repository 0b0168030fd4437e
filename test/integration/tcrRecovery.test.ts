import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import type { Entry } from '../../src/core/journal/entry.ts';
import { type Call, dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';
import type { ModelCall, ModelScript } from '../support/scriptedModel.ts';

const openCode = fileURLToPath(new URL('../../node_modules/opencode-linux-x64/bin/opencode', import.meta.url));

/** An agent server of the user's that dies at each of its first `serve` starts while the file of the count has more lines than that. */
const dyingServer = (countFile: string, deaths: number): string => `#!/bin/sh
case " $* " in *" serve "*)
  echo start >> ${countFile}
  [ "$(wc -l < ${countFile})" -le ${deaths} ] && { echo "no luck today" >&2; exit 3; };;
esac
exec ${openCode} "$@"
`;

/** An agent server that at its first start tells its port and waits until it has been taken. */
const lateServer = (asked: string, isTaken: string): string => `#!/bin/sh
case " $* " in *" serve "*)
  if [ ! -f ${isTaken} ]; then
    echo "$*" | sed 's/.*--port //' > ${asked}.part && mv ${asked}.part ${asked}
    until [ -f ${isTaken} ]; do sleep 0.1; done
  fi;;
esac
exec ${openCode} "$@"
`;

const serverPid = (spawned: Entry): number => (spawned.data as { process: { pid: number } }).process.pid;
const recoveries = (call: { readonly entries: readonly Entry[] }): string[] =>
  dataOf(call, 'run/recoveryApplied').map(({ code, retry }) => `${code} ${retry}`);

describe('Recovery from what dies below a run', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  /** The first call of a word's turn waits until the word is let go. */
  const held = new Map<string, () => void>();
  const holdOnce = (word: string, script: ModelScript): ModelScript => {
    const isOpen = new Promise<void>((resolve) => held.set(word, resolve));
    let isFirst = true;
    return async (call: ModelCall) => {
      if (call.turn === 1 && isFirst) {
        isFirst = false;
        await isOpen;
      }
      return script(call);
    };
  };
  const working = (word: string): Promise<boolean> =>
    until(`the model holds ${word}`, () => reactor.calls(word).some((call) => call.turn === 1));

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        alpha: tools(write('alpha.txt', 'good\n')),
        turning: holdOnce('turning', tools(write('turning.txt', 'good\n'))),
        removed: holdOnce('removed', tools(write('removed.txt', 'good\n'))),
        testing: tools(write('testing.txt', 'good\n')),
        killed: tools(write('killed.txt', 'good\n')),
        repeated: tools(write('repeated.txt', 'good\n')),
      }),
    );
    repository = await reactor.repository('plain', plainProject());
  });
  after(() => {
    for (const letGo of held.values()) letGo();
    return reactor.close();
  });

  it('BOOT_RETRY: a server that dies at its start is started anew, twice at most', async () => {
    const start = async (name: string, deaths: number) => {
      const executable = join(reactor.root, `${name}-opencode`);
      writeFileSync(executable, dyingServer(join(reactor.root, `${name}.count`), deaths), { mode: 0o755 });
      const own = await reactor.repository(name, plainProject());
      return reactor.run(own, 'Write alpha', [], { env: { REACTOR_OPENCODE: executable } });
    };
    const [lucky, unlucky] = await Promise.all([start('lucky', 2), start('unlucky', 99)]);
    assert.deepEqual([lucky.exitCode, onlyRun(lucky).status, recoveries(lucky)], [0, 'landed', ['BOOT_RETRY 1', 'BOOT_RETRY 2']]);
    assert.deepEqual(
      [unlucky.exitCode, onlyRun(unlucky).status, recoveries(unlucky)],
      [1, 'error', ['BOOT_RETRY 1', 'BOOT_RETRY 2', 'RB 0']],
    );
    assert.match(onlyRun(unlucky).reason, /the agent server did not start/);
    assert.match(dataOf(unlucky, 'cell/serverFailed')[0]?.logTail ?? '', /no luck today/);
    assert.equal(readFileSync(join(reactor.root, 'unlucky.count'), 'utf8'), 'start\nstart\nstart\n');
  });

  it('BOOT_RETRY: a port that is taken at the last moment is given up for another one', async () => {
    const [asked, isTaken] = [join(reactor.root, 'asked'), join(reactor.root, 'taken')];
    const executable = join(reactor.root, 'late-opencode');
    writeFileSync(executable, lateServer(asked, isTaken), { mode: 0o755 });
    const own = await reactor.repository('late', plainProject());
    const call = reactor.startRun(own, 'Write alpha', [], { env: { REACTOR_OPENCODE: executable } });
    const port = await until('the server was to start', () => existsSync(asked) && Number(readFileSync(asked, 'utf8')));
    const thief = createServer().listen(port, '127.0.0.1');
    try {
      await once(thief, 'listening');
      writeFileSync(isTaken, '');
      const outcome = await call.outcome;
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, recoveries(outcome)], [0, 'landed', ['BOOT_RETRY 1']], outcome.stderr);
      const ports = dataOf(outcome, 'cell/serverSpawned').map((data) => data.port);
      assert.deepEqual([ports[0], ports[1] === port, dataOf(outcome, 'cell/serverFailed')[0]?.code], [port, false, 'portTaken']);
    } finally {
      thief.close();
    }
  });

  it('R3: kill -9 of the server during a turn: the attempt is redone from the last green state', async () => {
    const call = reactor.startRun(repository, 'Write turning', ['--task', 'turning', '--land', 'branch']);
    const spawned = await call.entry('cell/serverSpawned');
    await working('turning');
    process.kill(serverPid(spawned), 'SIGKILL');
    held.get('turning')?.();
    const outcome = await call.outcome;
    const row = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, row.status, row.attempts], [0, 'committed', 2], row.reason);
    const [interrupted] = dataOf(outcome, 'attempt/interrupted');
    assert.equal(await git(repository, 'show', `${interrupted?.keptRef}:turning.txt`), 'good');
    assert.deepEqual(
      dataOf(outcome, 'attempt/started').map(({ because }) => because),
      ['first', 'interrupted'],
    );
    assert.equal(await git(repository, 'rev-list', '--count', `main..${row.branch}`), '1');
    assert.ok(recoveries(outcome).includes('R3 1'));
  });

  it('R3: kill -9 of the server during the tests: they run again on the same candidate', async () => {
    const count = join(reactor.root, 'testing.count');
    const test = `if [ -f testing.txt ]; then echo run >> ${count}; [ "$(wc -l < ${count})" -gt 1 ] || sleep 600; fi`;
    const call: Call = reactor.startRun(repository, 'Write testing', ['--task', 'testing', '--land', 'branch', '--test', test]);
    const spawned = await call.entry('cell/serverSpawned');
    await until('the test runs', () => existsSync(count));
    process.kill(serverPid(spawned), 'SIGKILL');
    const outcome = await call.outcome;
    const row = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, row.status, row.attempts], [0, 'committed', 1], `${row.reason}\n${outcome.stderr}`);
    assert.equal(readFileSync(count, 'utf8'), 'run\nrun\n');
    assert.equal(dataOf(outcome, 'attempt/tested').length, 1);
    assert.ok(recoveries(outcome).includes('R3 1'));
  });

  it('R3: tests that are killed, as by a machine out of memory, run again on the same tree: the base is not taken for red, nor the work', async () => {
    const [base, work] = [join(reactor.root, 'base.count'), join(reactor.root, 'work.count')];
    const dieOnce = (count: string): string =>
      `echo run >> ${count}; [ "$(wc -l < ${count})" -gt 1 ] || { echo junk > junk.txt; kill -9 $$; }`;
    const test = `if [ -f killed.txt ]; then ${dieOnce(work)}; else ${dieOnce(base)}; fi; [ ! -f junk.txt ]`;
    const outcome = await reactor.run(repository, 'Write killed', ['--task', 'killed', '--land', 'branch', '--test', test]);
    const row = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, row.status, row.attempts], [0, 'committed', 1], `${row.reason}\n${outcome.stderr}`);
    const told = dataOf(outcome, 'run/recoveryApplied').filter(({ what }) => what.startsWith('the tests were killed (signal 9)'));
    assert.deepEqual([told.length, readFileSync(base, 'utf8'), readFileSync(work, 'utf8')], [2, 'run\nrun\n', 'run\nrun\n']);
  });

  it('tests that are killed each time are red', async () => {
    const count = join(reactor.root, 'fatal.count');
    const test = `echo run >> ${count}; kill -9 $$`;
    const outcome = await reactor.run(repository, 'Write alpha', ['--task', 'fatal', '--test', test]);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [2, 'failed'], outcome.stderr);
    assert.match(onlyRun(outcome).reason, /the base is red before any change: .* ended with exit code 137/);
    assert.equal(readFileSync(count, 'utf8'), 'run\nrun\nrun\n');
  });

  it('INV-007: a test that was broken off runs again on the candidate alone; what it had written is kept', async () => {
    const [count, seen] = [join(reactor.root, 'repeated.count'), join(reactor.root, 'repeated.seen')];
    const first = `echo junk > junk.txt; sleep 600`;
    const test = `if [ -f repeated.txt ]; then echo run >> ${count}; if [ "$(wc -l < ${count})" = 1 ]; then ${first}; fi; echo *.txt > ${seen}; fi`;
    const call: Call = reactor.startRun(repository, 'Write repeated', ['--task', 'repeated', '--land', 'branch', '--test', test]);
    const spawned = await call.entry('cell/serverSpawned');
    const { worktree } = (await call.entry('cell/planned')).data as { worktree: string };
    await until('the test has written', () => existsSync(join(worktree, 'junk.txt')));
    process.kill(serverPid(spawned), 'SIGKILL');
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'committed', 1], outcome.stderr);
    assert.equal(readFileSync(seen, 'utf8'), 'readme.txt repeated.txt\n');
    const kept = dataOf(outcome, 'run/recoveryApplied').flatMap(({ what }) => /\(junk\.txt\) is kept as (\S+)$/.exec(what)?.[1] ?? []);
    assert.deepEqual([kept.length, await git(repository, 'show', `${kept[0]}:junk.txt`)], [1, 'junk']);
  });

  it('R3: a worktree that is removed under the agent is made again, and the attempt begins anew', async () => {
    const call = reactor.startRun(repository, 'Write removed', ['--task', 'removed', '--land', 'branch']);
    const planned = (await call.entry('cell/planned')).data as { worktree: string };
    await working('removed');
    rmSync(planned.worktree, { recursive: true });
    held.get('removed')?.();
    const outcome = await call.outcome;
    const row = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, row.status, row.attempts], [0, 'committed', 2], `${row.reason}\n${outcome.stderr}`);
    assert.equal(dataOf(outcome, 'attempt/interrupted')[0]?.reason, 'the worktree was removed by somebody');
    assert.equal(await git(repository, 'show', `${row.branch}:removed.txt`), 'good');
    assert.equal((await git(repository, 'worktree', 'list', '--porcelain')).includes(planned.worktree), false);
  });

  it('IG: a worktree that a person has locked is left where it is and told, and the run ends as it should', async () => {
    const test = 'if [ -f alpha.txt ]; then git worktree lock --reason "I look at it" "$PWD"; fi';
    const outcome = await reactor.run(repository, 'Write alpha', ['--task', 'alpha', '--land', 'branch', '--test', test]);
    const worktree = dataOf(outcome, 'cell/planned')[0]?.worktree ?? '';
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, recoveries(outcome)], [0, 'committed', ['IG 0']]);
    assert.match(dataOf(outcome, 'run/recoveryApplied')[0]?.what ?? '', /is locked by a person: I look at it/);
    assert.equal(readFileSync(join(worktree, 'alpha.txt'), 'utf8'), 'good\n');
    const cleaned = await reactor.call(repository, ['clean', '--json']);
    const { orphans } = JSON.parse(cleaned.stdout) as { orphans: { name: string; removed: boolean }[] };
    assert.deepEqual(
      orphans.filter(({ name }) => name === worktree).map(({ removed }) => removed),
      [false],
    );
    await git(repository, 'worktree', 'unlock', worktree);
    await reactor.call(repository, ['clean']);
    assert.equal(existsSync(worktree), false);
  });

  it('leaves nothing running', () => {
    assert.deepEqual(reactor.agentServers(), []);
  });
});
