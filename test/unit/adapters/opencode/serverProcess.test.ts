import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../../../src/adapters/clock/systemClock.ts';
import { spawnServer } from '../../../../src/adapters/opencode/serverProcess.ts';

describe('An agent server that prints much', () => {
  let folder: string;
  let pid: number | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reactor-server-'));
  });
  afterEach(() => {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('is heard when it listens, and its last words are told', async () => {
    const executable = join(folder, 'server');
    const lines = 'i=0; while [ $i -lt 4000 ]; do echo "some words of the server $i"; i=$((i+1)); done';
    const text = `#!/bin/sh\n${lines}\necho opencode server listening on\necho the last word\nexec sleep 600\n`;
    writeFileSync(executable, text, { mode: 0o755 });
    const logFile = join(folder, 'log');
    writeFileSync(logFile, 'of another start: opencode server listening on\n');
    const started = await spawnServer({ executable, worktree: folder, port: 1, env: { PATH: '/bin:/usr/bin' }, logFile, boundary: [] });
    assert.ok(started.ok);
    pid = started.value.pid;
    const listening = await started.value.listening(systemClock, 60_000, new AbortController().signal);
    assert.equal(listening.ok, true);
    while (!started.value.logTail().endsWith('the last word\n')) await systemClock.sleep(5);
    assert.ok(started.value.logTail().length <= 4096);
  });
});
