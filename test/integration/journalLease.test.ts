import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { acquireLease, heartbeat, readLease, releaseLease } from '../../src/adapters/journal/lease.ts';
import type { Clock } from '../../src/base/clock.ts';
import { holderNamed, isAlive, startTimeOf, temporaryFolder } from '../support/journalSamples.ts';

describe('the lease of a repository', function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  let now: number;
  const clock: Clock = { ...systemClock, now: () => now };
  beforeEach(() => {
    folder = temporaryFolder();
    file = join(folder.path, 'new', 'journal.db');
    now = 1_000_000;
  });
  afterEach(() => folder.remove());

  const acquire = (engine: string, more: { staleAfterMs?: number; process?: { pid: number; startTime: string } } = {}) => {
    const { process = holderNamed(engine).process, ...options } = more;
    const answer = acquireLease({ file, clock, holder: { ...holderNamed(engine), process }, isAlive, ...options });
    return answer.ok ? answer.token : `held by ${answer.holder.engine}`;
  };

  it("is one engine's at a time, and its token only grows", () => {
    assert.deepEqual([acquire('a'), acquire('b')], [1, 'held by a']);
    assert.equal(releaseLease({ file, token: 1 }), true);
    assert.deepEqual([acquire('b'), acquire('a')], [2, 'held by b']);
    assert.equal(releaseLease({ file, token: 1 }), false, 'a late farewell of the first engine changes nothing');
    assert.equal(acquire('a'), 'held by b');
  });

  it('tells clients where the engine is', () => {
    assert.equal(readLease(file), null);
    acquire('a');
    const lease = readLease(file);
    assert.deepEqual(
      [lease?.engine, lease?.socket, lease?.version, lease?.process, lease?.token, lease?.heartbeatAt, lease?.released],
      ['a', '/sockets/a', '0.1.0', holderNamed('a').process, 1, 1_000_000, false],
    );
    releaseLease({ file, token: 1 });
    assert.equal(readLease(file)?.released, true);
  });

  it('is free when its process is gone, also when another has its pid', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const pid = child.pid ?? 0;
      const identity = { pid, startTime: startTimeOf(pid) ?? '' };
      assert.deepEqual([acquire('a', { process: identity }), acquire('b')], [1, 'held by a']);
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
      assert.equal(acquire('b', { process: { pid: process.pid, startTime: 'long ago' } }), 2);
      assert.equal(acquire('c'), 3);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is free after a restart of the machine, although pid and start time have come again', () => {
    assert.deepEqual([acquire('a'), acquire('b')], [1, 'held by a']);
    const db = new DatabaseSync(file);
    db.exec("UPDATE lease SET bootId = 'an earlier start'");
    db.close();
    assert.equal(acquire('b'), 2);
  });

  it('is free when its heartbeat is too old, if the asker says so', () => {
    acquire('a');
    now += 60_000;
    assert.deepEqual([acquire('b'), acquire('b', { staleAfterMs: 60_000 })], ['held by a', 'held by a']);
    assert.equal(heartbeat({ file, clock, token: 1 }), true);
    now += 60_001;
    assert.equal(acquire('b', { staleAfterMs: 60_000 }), 2);
    assert.equal(heartbeat({ file, clock, token: 1 }), false, 'the engine that was too slow notices');
  });

  it('is free when its heartbeat lies in the time to come: the clock was set back since, and nobody has said anything', () => {
    acquire('a');
    now -= 60_000;
    assert.equal(acquire('b', { staleAfterMs: 60_000 }), 'held by a');
    now -= 1;
    assert.equal(acquire('b', { staleAfterMs: 60_000 }), 2);
  });

  it('is lost with its file', () => {
    acquire('a');
    rmSync(join(folder.path, 'new'), { recursive: true });
    assert.deepEqual([heartbeat({ file, clock, token: 1 }), readLease(file)], [false, null]);
  });

  it('can be read in a file of a newer format, so that a client can tell the newer engine', () => {
    acquire('a');
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
    assert.equal(readLease(file)?.engine, 'a');
    assert.throws(() => acquire('b'), { code: 'engineVersion' });
  });

  it('goes to exactly one of many processes that ask for a new file at once', async () => {
    const program = new URL('../support/journalLeaser.ts', import.meta.url).pathname;
    const answers = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const child = spawn(process.execPath, [program, file, `engine-${index}`], { stdio: ['pipe', 'pipe', 'inherit'] });
        const answer = await new Promise<string>((resolve) => child.stdout.once('data', (text: Buffer) => resolve(String(text).trim())));
        return { child, answer };
      }),
    );
    for (const { child } of answers) child.kill('SIGKILL');
    const winners = answers.filter(({ answer }) => answer === 'token 1');
    assert.deepEqual([winners.length, answers.filter(({ answer }) => answer === 'held').length], [1, 5]);
  });
});
