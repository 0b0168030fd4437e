import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { parseWardenLine, wardenLine } from '../../src/adapters/processes/wardenProtocol.ts';
import { createWardens } from '../../src/adapters/processes/wardens.ts';
import type { Log } from '../../src/base/log.ts';
import { UserFacingError } from '../../src/base/userFacingError.ts';
import { ProcessLab, processes, until } from '../support/realProcesses.ts';

const WARDEN = join(import.meta.dirname, '..', '..', 'src', 'adapters', 'processes', 'wardenMain.ts');

describe('wardens', function () {
  this.timeout(180_000);
  let lab: ProcessLab;
  let errors: string[];
  const log: Log = {
    log(level, message) {
      if (level === 'error') errors.push(message);
    },
  };
  beforeEach(() => {
    lab = new ProcessLab();
    errors = [];
  });
  afterEach(() => lab.close());

  it('gives up on a warden that keeps dying, and says so', async () => {
    // Time stands still, so that the deaths of a slow machine lie within one minute too.
    const clock = { ...systemClock, monotonic: () => 0 };
    const wardens = createWardens({ clock, log, processes, command: [process.execPath, WARDEN] });
    let started = 1;
    const warden = await wardens.start({
      graceMs: 0,
      logFile: join(await lab.folder, 'warden.log'),
      onRestarted: () => {
        started += 1;
      },
    });
    for (let death = 1; death <= 6; death += 1) {
      assert.equal(started, death);
      lab.adopt(warden.process);
      process.kill(warden.process.pid, 'SIGKILL');
      await until('it is replaced or given up', () => started === death + 1 || errors.length > 0);
    }
    assert.deepEqual([started, errors.length], [6, 1]);
    warden.watch(lab.cell, null);
    await warden.farewell();
  });

  for (const [what, command] of [
    ['does not exist', ['/nonexistent/warden']],
    ['fails at once', [process.execPath, '-e', 'process.exit(3)', '--']],
    ['is no program at all', []],
  ] as const) {
    it(`says so when the warden's program ${what}`, async () => {
      const wardens = createWardens({ clock: systemClock, log, processes, command });
      const logFile = join(await lab.folder, 'warden.log');
      await assert.rejects(
        wardens.start({ graceMs: 0, logFile }),
        (error) => error instanceof UserFacingError && error.code === 'environment' && error.actions[0] === `See ${logFile}.`,
      );
    });
  }

  it('leaves nothing behind when the warden never gets ready', async () => {
    const clock = { ...systemClock, schedule: (_ms: number, run: () => void) => systemClock.schedule(500, run) };
    const command = ['/bin/sh', '-c', `REACTOR_CELL=${lab.cell} exec sleep 600`, 'sh'];
    const wardens = createWardens({ clock, log, processes, command });
    await assert.rejects(wardens.start({ graceMs: 0, logFile: join(await lab.folder, 'warden.log') }), UserFacingError);
    await until('it is gone', () => processes.markedWith(lab.cell).length === 0);
  });

  it('speaks in lines that come back as they were, and skips what is none', () => {
    const messages = [
      { add: { cell: 'a', leader: { pid: 5, startTime: '17' } } },
      { add: { cell: 'b\n"', leader: null } },
      { remove: 'a' },
      { bye: true },
    ] as const;
    assert.deepEqual(
      messages.map((message) => parseWardenLine(wardenLine(message).trimEnd())),
      messages,
    );
    const broken = ['', '{', 'null', '7', '{"add":{}}', '{"add":{"cell":"a"}}', '{"add":{"cell":"a","leader":{"pid":"1"}}}', '{"bye":1}'];
    assert.deepEqual(
      broken.map(parseWardenLine),
      broken.map(() => null),
    );
  });
});
