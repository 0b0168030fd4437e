import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, it } from 'mocha';
import { createAwakeClock } from '../../../../src/adapters/clock/awakeClock.ts';
import { ManualClock } from '../../../support/cli/manualClock.ts';

const HOUR = 3_600_000;

describe('a clock that does not count sleep', () => {
  it('passes no limit in a night, and goes on counting where it was', () => {
    const base = new ManualClock();
    const slept: number[] = [];
    const clock = createAwakeClock(base, { onSlept: (ms) => slept.push(ms) });
    const began = clock.monotonic();
    const rung: number[] = [];
    clock.schedule(HOUR / 2, () => rung.push(clock.monotonic() - began));
    base.advance(HOUR / 4);
    base.suspend(8 * HOUR);
    assert.deepEqual([rung, slept.length, clock.now() - base.now()], [[], 1, 0]);
    const atWaking = clock.monotonic() - began;
    assert.ok(atWaking <= HOUR / 4, String(atWaking));
    base.advance(HOUR / 2 - atWaking - 1000);
    assert.deepEqual(rung, []);
    base.advance(2000);
    assert.equal(rung.length, 1);
    clock.dispose();
  });

  it('counts all of the time while the machine is awake, however little is asked of it', () => {
    const base = new ManualClock();
    const clock = createAwakeClock(base);
    const began = clock.monotonic();
    base.advance(8 * HOUR);
    assert.equal(clock.monotonic() - began, 8 * HOUR);
    clock.dispose();
    assert.equal(base.timers, 0);
  });

  it('does not count while its process is stopped (SIGSTOP)', async function () {
    this.timeout(30_000);
    const clockUrl = new URL('../../../../src/adapters/clock/', import.meta.url);
    const program = `
      const { createAwakeClock } = await import('${clockUrl}awakeClock.ts');
      const { systemClock } = await import('${clockUrl}systemClock.ts');
      const clock = createAwakeClock(systemClock, { lookEveryMs: 20, asleepAfterMs: 1000, onSlept: (ms) => console.log('slept ' + ms) });
      let began = clock.monotonic();
      clock.schedule(1500, () => console.log('rung ' + (clock.monotonic() - began)));
      setInterval(() => {}, 60_000);
      console.log('began');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const line = async (): Promise<string> => (await lines.next()).value ?? '';
      assert.equal(await line(), 'began');
      child.kill('SIGSTOP');
      const stopped = performance.now();
      while (performance.now() - stopped < 3000) await new Promise((resolve) => setTimeout(resolve, 100));
      child.kill('SIGCONT');
      const slept = /^slept (.+)$/.exec(await line())?.[1];
      assert.ok(Number(slept) > 2500, slept);
      const rung = Number(/^rung (.+)$/.exec(await line())?.[1]);
      assert.ok(rung >= 1499, String(rung));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});
