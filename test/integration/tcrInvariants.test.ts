import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'mocha';
import { type Call, dataOf, type Outcome, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { RecordingServer } from '../support/sampleProxy.ts';
import { checkoutState, git } from '../support/sampleRepository.ts';
import { bash, byWord, Gate, tools, write } from '../support/sampleScript.ts';

const hold = (port: number): Promise<ReturnType<typeof createServer>> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

/** Two neighbouring ports, held. They lie below those that the system gives to outgoing connections, one of which could take a port that was let go. */
async function holdTwoPorts(): Promise<{ base: number; holders: ReturnType<typeof createServer>[] }> {
  for (let base = 20_000 + (process.pid % 5000); base < 32_000; base += 2) {
    const holders: ReturnType<typeof createServer>[] = [];
    try {
      for (const port of [base, base + 1]) holders.push(await hold(port));
      return { base, holders };
    } catch {
      for (const holder of holders) holder.close();
    }
  }
  throw new Error('no two neighbouring ports are free');
}

describe('The laws, seen on real processes', function () {
  this.timeout(180_000);
  const gate = new Gate();
  let reactor: Reactor;
  let recorder: RecordingServer;
  let first: string;
  let second: string;
  let untouched: Awaited<ReturnType<typeof checkoutState>>;
  const calls: Call[] = [];
  const outcomes: Outcome[] = [];
  const working: { port: number; cwd: string; worktree: string; status: number; foreign: number }[] = [];

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        alpha: gate.before(tools(bash('setsid nohup sleep 600 > /dev/null 2>&1 &'), write('alpha.txt', 'good\n'))),
        beta: gate.before(tools(write('beta.txt', 'good\n'))),
        gamma: tools(write('gamma.txt', 'good\n')),
      }),
    );
    recorder = new RecordingServer(reactor.root, 2);
    first = await reactor.repository('first', plainProject('setup: pwd\n'));
    second = await reactor.repository('second', plainProject());
    untouched = await checkoutState(first);
    // The recorder writes down what it hears where a sandbox would not let it.
    const env = { REACTOR_OPENCODE: recorder.executable, REACTOR_SANDBOX: 'off' };
    calls.push(
      reactor.startRun(first, 'Write alpha', ['--task', 'alpha', '--land', 'branch'], { env }),
      reactor.startRun(first, 'Write beta', ['--task', 'beta', '--land', 'branch'], { env }),
      reactor.startRun(second, 'Write alpha', ['--task', 'alpha', '--land', 'branch'], { env }),
    );
    await Promise.all(calls.map((call) => call.entry('attempt/started')));
    const authorizations = await until('each server was spoken to', () => {
      const known = new Map(
        recorder.requests.filter(({ authorization }) => authorization !== null).map(({ port, authorization }) => [port, authorization]),
      );
      return known.size === calls.length ? known : null;
    });
    for (const call of calls) {
      const [spawned] = dataOf(call, 'cell/serverSpawned');
      const [planned] = dataOf(call, 'cell/planned');
      if (spawned === undefined || planned === undefined) throw new Error('no cell');
      const ask = async (authorization: string | null | undefined): Promise<number> =>
        (await fetch(`http://127.0.0.1:${spawned.port}/session`, { headers: { authorization: authorization ?? '' } })).status;
      const other = [...authorizations].find(([port]) => port !== spawned.port);
      working.push({
        port: spawned.port,
        cwd: readlinkSync(`/proc/${spawned.process.pid}/cwd`),
        worktree: planned.worktree,
        status: await ask(authorizations.get(spawned.port)),
        foreign: await ask(other?.[1]),
      });
    }
    gate.open();
    for (const call of calls) outcomes.push(await call.outcome);
  });
  after(() => {
    gate.open();
    return reactor.close();
  });

  it('all of them went to their end', () => {
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.exitCode, onlyRun(outcome).status]),
      outcomes.map(() => [0, 'committed']),
    );
  });

  it('INV-001: each cell has a port of its own in the range, across repositories and engines', () => {
    const ports = working.map(({ port }) => port);
    assert.equal(new Set(ports).size, calls.length);
    assert.ok(
      ports.every((port) => port >= 8000 && port <= 9000),
      ports.join(),
    );
  });

  it('INV-001: a port that another process holds is not used, and with none left the run says so', async () => {
    const { base, holders } = await holdTwoPorts();
    try {
      const narrow = await reactor.repository('narrow', plainProject(`ports:\n  from: ${base}\n  to: ${base + 1}\n`));
      const refused = await reactor.run(narrow, 'Write gamma');
      assert.deepEqual([refused.exitCode, onlyRun(refused).status], [1, 'error']);
      assert.match(onlyRun(refused).reason, new RegExp(`no free port between ${base} and ${base + 1}`));
      holders[1]?.close();
      const outcome = await reactor.run(narrow, 'Write gamma');
      assert.deepEqual([outcome.exitCode, dataOf(outcome, 'cell/serverSpawned')[0]?.port], [0, base + 1]);
    } finally {
      for (const holder of holders) holder.close();
    }
  });

  it('INV-002: each server works in the worktree of its cell', () => {
    assert.deepEqual(
      working.map(({ cwd }) => cwd),
      working.map(({ worktree }) => worktree),
    );
  });

  it('INV-003: nothing but health checks is sent before one has answered 200', () => {
    for (const { port } of working) {
      const requests = recorder.requests.filter((request) => request.port === port);
      const healthy = requests.findIndex(({ path, status }) => path.startsWith('/global/health') && status === 200);
      assert.deepEqual(
        requests.slice(0, healthy).map(({ path, status }) => `${path.split('?')[0]} ${status}`),
        ['/global/health 503', '/global/health 503'],
      );
      assert.ok(requests.length > healthy + 1);
    }
  });

  it("INV-004: each client speaks to its own server's address alone, with that server's own password", () => {
    const used = working.map(({ port }) => {
      const requests = recorder.requests.filter((request) => request.port === port);
      const sent = requests.map(({ authorization }) => authorization).filter((authorization) => authorization !== null);
      return { hosts: [...new Set(requests.map(({ host }) => host))], own: sent[0] ?? '' };
    });
    assert.deepEqual(
      used.map(({ hosts }) => hosts),
      working.map(({ port }) => [`127.0.0.1:${port}`]),
    );
    assert.equal(new Set(used.map(({ own }) => own)).size, calls.length);
    assert.deepEqual(
      working.map(({ status, foreign }) => [status, foreign]),
      working.map(() => [200, 401]),
    );
  });

  it('INV-005: what the agent left in the background in a session of its own is gone with the cell', () => {
    const left = reactor.processes().filter(({ commandLine }) => /sleep 600|opencode/.test(commandLine));
    assert.deepEqual(left, []);
  });

  it('INV-006: set-up and tests run in the cell, through its server, never in the checkout', async () => {
    for (const [index, outcome] of outcomes.entries()) {
      const { worktree, port } = working[index] ?? { worktree: '', port: 0 };
      const places = [
        ...dataOf(outcome, 'cell/setupFinished').map(({ evidence }) => evidence.tail.trim()),
        ...[...dataOf(outcome, 'base/tested').filter(({ remembered }) => !remembered), ...dataOf(outcome, 'attempt/tested')].map(
          ({ evidence }) => evidence.tail.split('\n')[0],
        ),
      ];
      assert.deepEqual(
        places,
        places.map(() => worktree),
      );
      const shells = recorder.requests.filter(
        (request) => request.port === port && request.method === 'POST' && /^\/session\/[^/]+\/shell/.test(request.path),
      );
      assert.equal(shells.length, places.length);
    }
    assert.deepEqual(await checkoutState(first), untouched);
  });

  describe('INV-009', () => {
    const exported = async (): Promise<string[]> => (await reactor.call(first, ['export'])).stdout.trimEnd().split('\n');

    it('INV-009: the journal only grows, and each entry carries the hash of the one before it', async () => {
      const before = await exported();
      const outcome = await reactor.run(first, 'Write gamma', ['--land', 'branch']);
      const now = await exported();
      assert.deepEqual(now.slice(0, before.length), before);
      assert.ok(now.length >= before.length + outcome.entries.length);
      const chain = now.map((line) => JSON.parse(line) as { seq: number; prevHash: string; hash: string });
      assert.deepEqual(
        chain.map(({ seq, prevHash }) => [seq, prevHash]),
        chain.map((_, index) => [index + 1, chain[index - 1]?.hash ?? '0'.repeat(64)]),
      );
      const verified = await reactor.call(first, ['export', '--verify']);
      assert.equal(verified.exitCode, 0, verified.stderr);
    });

    it('INV-009: an entry that was tampered with is named, with exit code 1, and nothing is repaired', async () => {
      await reactor.call(first, ['engine', '--stop', '--now']);
      await until(
        'the engine has closed the journal',
        () => !reactor.processes().some(({ commandLine }) => commandLine.endsWith(`engine --repo ${first}`)),
      );
      const log = reactor.journal(first);
      const database = new DatabaseSync(log);
      const { seq } = database.prepare("SELECT min(seq) AS seq FROM entries WHERE type = 'run/requested'").get() as { seq: number };
      const { changes } = database.prepare("UPDATE entries SET data = replace(data, 'Write ', 'Wrote ') WHERE seq = ?").run(seq);
      assert.equal(changes, 1);
      database.close();
      const tampered = readFileSync(log);
      const verified = await reactor.call(first, ['export', '--verify']);
      assert.equal(verified.exitCode, 1);
      assert.match(verified.stderr, new RegExp(`broken at entry ${seq}\\b`));
      assert.deepEqual(readFileSync(log), tampered);
    });
  });

  it('INV-010: no branch, ref or worktree of the user is touched by runs that do not land', async () => {
    assert.equal(
      await git(first, 'for-each-ref', '--format=%(refname)', 'refs/heads/main', 'refs/tags', 'refs/remotes', 'refs/stash'),
      'refs/heads/main',
    );
    assert.equal(await git(second, 'rev-parse', 'main'), onlyRun(outcomes[2] as Outcome).base);
  });
});
