import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { findOwnProcesses } from '../../support/runner/ownProcesses.ts';

const room = fileURLToPath(new URL('../../support/runner/testRoom.ts', import.meta.url));

/** Opens a room, starts a process in it that leads a group of its own, and says whose they are. */
const program = `
  import { spawn } from 'node:child_process';
  import { openTestRoom } from ${JSON.stringify(room)};
  const env = openTestRoom().environment('unit');
  spawn('sleep', ['300'], { env, detached: true, stdio: 'ignore' });
  console.log(JSON.stringify([env.REACTOR_TEST_RUN, env.HOME]));
  setInterval(() => {}, 1000);
`;

describe('a test run that is killed', () => {
  it('leaves no process and no folder behind', async function () {
    this.timeout(60_000);
    const runner = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(runner.stdout), 'line')) as [string];
    const [run, home] = JSON.parse(line) as [string, string];
    const left = (): string[] => findOwnProcesses(`REACTOR_TEST_RUN=${run}`, home).map(({ commandLine }) => commandLine);
    assert.deepEqual([left(), existsSync(home)], [['sleep 300'], true]);
    runner.kill('SIGKILL');
    while (left().length > 0 || existsSync(home)) await sleep(50);
  });
});
