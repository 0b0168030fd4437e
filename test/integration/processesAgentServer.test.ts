import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createPortLeases } from '../../src/adapters/freePort/portLeases.ts';
import { silentLog } from '../../src/base/log.ts';
import type { ProcessIdentity } from '../../src/core/ports/processes.ts';
import { ProcessLab, processes, until } from '../support/realProcesses.ts';

const manifest = createRequire(import.meta.url).resolve(`opencode-${process.platform}-${process.arch}/package.json`);

describe('INV-005: ending a real agent server', function () {
  this.timeout(180_000);
  let lab: ProcessLab;
  let server: ProcessIdentity;
  beforeEach(async () => {
    lab = new ProcessLab();
    const home = await lab.folder;
    await mkdir(join(home, 'worktree'));
    const { identify, isAlive } = processes;
    const lease = await createPortLeases({ clock: systemClock, log: silentLog, folder: home, identify, isAlive }).lease({
      from: 27_000,
      to: 27_900,
    });
    assert.ok(lease);
    const child = spawn(join(dirname(manifest), 'bin', 'opencode'), ['serve', '--port', String(lease.port), '--hostname', '127.0.0.1'], {
      cwd: join(home, 'worktree'),
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_STATE_HOME: join(home, 'state'),
        TMPDIR: home,
        OPENCODE_DISABLE_PROJECT_CONFIG: '1',
        REACTOR_CELL: lab.cell,
      },
    });
    await once(child, 'spawn');
    const identity = identify(child.pid ?? 0);
    assert.ok(identity);
    server = identity;
    const listening = (async () => {
      for await (const line of createInterface({ input: child.stdout })) if (line.includes('opencode server listening on')) return;
      throw new Error('the server ended before it listened');
    })();
    await listening;
  });
  afterEach(() => lab.close());

  it('leaves nothing of it', async () => {
    const report = await processes.endCell(lab.cell, server, 5000);
    assert.deepEqual([report.signalled.includes(server.pid), report.left, processes.markedWith(lab.cell)], [true, [], []]);
  });

  it('leaves nothing of it after it was killed itself', async () => {
    process.kill(server.pid, 'SIGKILL');
    await until('the server is gone', () => !processes.isAlive(server));
    const report = await processes.endCell(lab.cell, server, 5000);
    assert.deepEqual([report.left, processes.markedWith(lab.cell)], [[], []]);
  });
});
