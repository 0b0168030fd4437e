import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { linuxProcessTable } from '../../src/adapters/processes/linuxProcessTable.ts';
import type { ProcessIdentity } from '../../src/core/ports/processes.ts';
import { ProcessLab, processes, until } from '../support/realProcesses.ts';

const WARDEN = join(import.meta.dirname, '..', '..', 'src', 'adapters', 'processes', 'wardenMain.ts');

/** What a stand-in for the engine says about itself once its warden watches. */
interface Started {
  readonly warden: ProcessIdentity;
  readonly leader: ProcessIdentity;
}

describe('INV-005: the warden', function () {
  this.timeout(180_000);
  let lab: ProcessLab;
  beforeEach(() => {
    lab = new ProcessLab();
  });
  afterEach(() => lab.close());

  /**
   * A process that does what the engine does: starts a warden, then a server in a group of its own (marked, and later than the
   * warden, so that it would inherit a leaked pipe), has it watched, and then runs `then`.
   */
  const engine = async (options: {
    graceMs: number;
    killGraceMs?: number;
    server?: string;
    /** Done before the engine tells that it is there, so that a kill can't come before it. */
    first?: string;
    then: string;
    env?: NodeJS.ProcessEnv;
  }) => {
    const code = `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import { createProcesses } from 'src/adapters/processes/processes.ts';
      import { createWardens } from 'src/adapters/processes/wardens.ts';
      import { systemClock as clock } from 'src/adapters/clock/systemClock.ts';
      const log = { log() {} };
      const processes = createProcesses({ clock, log });
      const command = ${JSON.stringify([process.execPath, WARDEN])};
      const wardens = createWardens({ clock, log, processes, command, killGraceMs: ${options.killGraceMs ?? 60_000} });
      const restarted = [];
      const warden = await wardens.start({
        graceMs: ${options.graceMs},
        logFile: ${JSON.stringify(join(await lab.folder, 'warden.log'))},
        onRestarted: (process) => restarted.push(process),
      });
      const script = ${JSON.stringify(options.server ?? 'exec sleep 600')};
      const server = spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore', env: { ...process.env, REACTOR_CELL: '${lab.cell}' } });
      await once(server, 'spawn');
      const leader = processes.identify(server.pid);
      warden.watch('${lab.cell}', leader);
      ${options.first ?? ''}
      console.log(JSON.stringify({ warden: warden.process, leader }));
      ${options.then}`;
    const { process: identity, line, child } = await lab.module(code, options.env);
    const started = JSON.parse(line) as Started;
    lab.adopt(started.warden);
    return { ...started, engine: identity, child, exit: once(child, 'exit') as Promise<[number | null, string | null]> };
  };
  const STAY = 'setInterval(() => {}, 60000);';
  const wardenLog = async (): Promise<string[]> =>
    (await readFile(join(await lab.folder, 'warden.log'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { message: string }).message);
  const gone = (...all: ProcessIdentity[]) => until('they are gone', () => !all.some(processes.isAlive));

  it('ends the cells of an engine that was killed, and itself', async () => {
    const { warden, leader, child } = await engine({ graceMs: 100, server: 'setsid sleep 600 & exec sleep 600', then: STAY });
    child.kill('SIGKILL');
    await gone(warden, leader);
    assert.deepEqual(
      { marked: processes.markedWith(lab.cell), log: await wardenLog() },
      { marked: [], log: ['the engine ended without a farewell', 'ended the processes of a cell'] },
    );
  });

  it('kills servers that swallow SIGTERM', async () => {
    const server = "trap '' TERM; while :; do sleep 1; done";
    const { warden, leader, child } = await engine({ graceMs: 0, killGraceMs: 100, server, then: STAY });
    child.kill('SIGKILL');
    await gone(warden, leader);
    assert.deepEqual(processes.markedWith(lab.cell), []);
  });

  it('takes an exit without farewell for a crash', async () => {
    const { warden, leader } = await engine({ graceMs: 0, then: 'process.exit(1);' });
    await gone(warden, leader);
    assert.deepEqual(processes.markedWith(lab.cell), []);
  });

  it('ends with a farewell, kills nothing and lets the engine end by itself', async () => {
    const { warden, leader, exit } = await engine({ graceMs: 0, then: 'server.unref(); await warden.farewell();' });
    assert.deepEqual(await exit, [0, null]);
    assert.deepEqual([processes.isAlive(warden), processes.isAlive(leader)], [false, true]);
  });

  it('does not keep an engine alive by itself', async () => {
    const { exit } = await engine({ graceMs: 60_000, then: 'server.unref();' });
    assert.deepEqual(await exit, [0, null]);
  });

  it('kills nothing that was forgotten before', async () => {
    const { warden, leader, child } = await engine({ graceMs: 0, first: `warden.forget('${lab.cell}');`, then: STAY });
    child.kill('SIGKILL');
    await gone(warden);
    assert.deepEqual(
      { alive: processes.isAlive(leader), log: await wardenLog() },
      { alive: true, log: ['the engine ended without a farewell and without cells'] },
    );
  });

  it('is stood down by a new engine and then kills nothing', async () => {
    const { warden, leader, child } = await engine({ graceMs: 3_600_000, then: STAY });
    child.kill('SIGKILL');
    await until('it has noticed', async () => (await wardenLog().catch(() => [])).length > 0);
    const next = await engine({
      graceMs: 60_000,
      then: `await wardens.standDown(${JSON.stringify(warden)}); console.log('done'); ${STAY}`,
    });
    await gone(warden);
    assert.deepEqual(
      { alive: processes.isAlive(leader), log: await wardenLog() },
      { alive: true, log: ['the engine ended without a farewell'] },
    );
    next.child.kill('SIGKILL');
  });

  it('does not stand down a process that got the pid of a warden of old', async () => {
    const stranger = await lab.shell('echo ready; exec sleep 600');
    const old = JSON.stringify({ pid: stranger.pid, startTime: '1' });
    const { exit } = await engine({ graceMs: 0, then: `await wardens.standDown(${old}); server.kill(); await warden.farewell();` });
    assert.deepEqual([await exit, processes.isAlive(stranger)], [[0, null], true]);
  });

  it('is stood down even when it is stopped', async () => {
    const { warden, leader, child } = await engine({ graceMs: 3_600_000, then: STAY });
    process.kill(warden.pid, 'SIGSTOP');
    child.kill('SIGKILL');
    await gone({ pid: child.pid ?? 0, startTime: '' });
    await engine({ graceMs: 60_000, then: `await wardens.standDown(${JSON.stringify(warden)}); ${STAY}` });
    await gone(warden);
    assert.equal(processes.isAlive(leader), true);
  });

  it('outlives signals meant for the engine and its terminal', async () => {
    const { warden, leader, child } = await engine({ graceMs: 0, then: STAY });
    assert.equal(linuxProcessTable.row(warden.pid)?.session, warden.pid);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(warden.pid, signal);
    // Signals of different kinds are not queued in order, so their arrival is seen by an effect that comes after: the warden still works.
    child.kill('SIGKILL');
    await gone(warden, leader);
    assert.deepEqual(await wardenLog(), ['the engine ended without a farewell', 'ended the processes of a cell']);
  });

  it('is not marked as part of a cell that the engine itself may run in', async () => {
    const outer = lab.anotherCell();
    const { warden, engine: self } = await engine({ graceMs: 0, then: STAY, env: { REACTOR_CELL: outer } });
    assert.deepEqual([processes.markedWith(outer), processes.isAlive(warden)], [[self], true]);
  });

  it('is small', async () => {
    const { warden } = await engine({ graceMs: 0, then: STAY });
    const bytes = processes.residentBytes(warden.pid) ?? 0;
    assert.ok(bytes > 0 && bytes < 90 * 2 ** 20, `${bytes} bytes`);
  });

  it('is replaced when it dies, and the new one knows the cells', async () => {
    const { warden, leader, child } = await engine({
      graceMs: 0,
      then: `while (restarted.length === 0) await clock.sleep(10);
        console.log(JSON.stringify(restarted));
        ${STAY}`,
    });
    const more = restartedOf(child);
    process.kill(warden.pid, 'SIGKILL');
    const [second] = await more;
    assert.ok(second);
    lab.adopt(second);
    assert.notEqual(second.pid, warden.pid);
    child.kill('SIGKILL');
    await gone(second, leader);
    assert.deepEqual(await wardenLog(), ['the engine ended without a farewell', 'ended the processes of a cell']);
  });
});

const restartedOf = async (child: { stdout: NodeJS.ReadableStream | null }): Promise<ProcessIdentity[]> => {
  assert.ok(child.stdout);
  const [chunk] = (await once(child.stdout, 'data')) as [string];
  return JSON.parse(chunk) as ProcessIdentity[];
};
