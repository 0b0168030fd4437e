import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { endCell } from '../../src/adapters/processes/endCell.ts';
import { linuxProcessTable } from '../../src/adapters/processes/linuxProcessTable.ts';
import type { ProcessIdentity } from '../../src/core/ports/processes.ts';
import { NEVER_WAITED_OUT_MS, outputOf, ProcessLab, processes, until } from '../support/realProcesses.ts';

describe('INV-005: ending a cell', function () {
  this.timeout(120_000);
  let lab: ProcessLab;
  beforeEach(() => {
    lab = new ProcessLab();
  });
  afterEach(() => lab.close());

  /** Processes that the shell script of `parent` started and that are still running, marked or not. */
  const childrenOf = (parent: ProcessIdentity): ProcessIdentity[] =>
    [...linuxProcessTable.scan().rows.values()]
      .filter((row) => row.parent === parent.pid && !row.ended)
      .map(({ pid, startTime }) => ({ pid, startTime }));

  it('ends the whole group by SIGTERM and does not wait the grace time out', async () => {
    const leader = await lab.shell('sleep 600 & sleep 600 & echo ready; wait');
    const children = childrenOf(leader);
    const report = await processes.endCell(lab.cell, leader, NEVER_WAITED_OUT_MS);
    assert.deepEqual(
      { report, alive: [leader, ...children].filter(processes.isAlive) },
      {
        report: { signalled: [leader, ...children].map(({ pid }) => pid).toSorted((a, b) => a - b), killed: [], left: [] },
        alive: [],
      },
    );
    assert.equal(children.length, 2);
  });

  it('kills what swallows SIGTERM, once the grace time is over', async () => {
    const leader = await lab.shell("trap '' TERM; sleep 600 & echo ready; while :; do sleep 1; done");
    const report = await processes.endCell(lab.cell, leader, 200);
    assert.deepEqual([report.killed.includes(leader.pid), report.left, processes.markedWith(lab.cell)], [true, [], []]);
  });

  it('finds what moved away by setsid, nohup and a double fork', async () => {
    const leader = await lab.shell(
      'setsid sleep 600 & nohup sleep 600 >/dev/null 2>&1 & (setsid sh -c "sleep 600 & sleep 600 & exit" &) ; echo ready; exec sleep 600',
    );
    await until('all five run', () => processes.markedWith(lab.cell).filter(({ pid }) => nameOf(pid) === 'sleep').length === 5);
    const all = processes.markedWith(lab.cell);
    const report = await processes.endCell(lab.cell, leader, NEVER_WAITED_OUT_MS);
    assert.deepEqual(
      { report, alive: all.filter(processes.isAlive) },
      {
        report: { signalled: all.map(({ pid }) => pid).toSorted((a, b) => a - b), killed: [], left: [] },
        alive: [],
      },
    );
  });

  it('wakes stopped processes so that they end in good order', async () => {
    const leader = await lab.shell('echo ready; kill -STOP $$; sleep 600');
    await until('it is stopped', () => stateOf(leader.pid) === 'T');
    const report = await processes.endCell(lab.cell, leader, NEVER_WAITED_OUT_MS);
    assert.deepEqual(report, { signalled: [leader.pid], killed: [], left: [] });
  });

  it('lets a shutdown handler finish its work within the grace time', async () => {
    const leader = await lab.shell("trap 'sleep 0.3; exit' TERM; echo ready; while :; do sleep 0.05; done");
    const report = await processes.endCell(lab.cell, leader, NEVER_WAITED_OUT_MS);
    assert.deepEqual([report.killed, report.left, processes.isAlive(leader)], [[], [], false]);
  });

  it('reaches processes that cleared their environment through group, session and parent', async () => {
    const inGroup = 'env -i sleep 601 &';
    const inSessionOfMarked = `setsid sh -c '(env -i sleep 602 &); exec sleep 600' &`;
    const childOfMarked = `setsid sh -c 'env -i setsid sleep 603 & wait' &`;
    const leader = await lab.shell(`${inGroup} ${inSessionOfMarked} ${childOfMarked} echo ready; wait`);
    const sleeping = (): ProcessIdentity[] =>
      [...linuxProcessTable.scan().rows.values()].filter(
        ({ pid, startTime }) => Number(startTime) >= Number(leader.startTime) && /^sleep 60[123]$/.test(commandOf(pid)),
      );
    await until('all three run', () => sleeping().length === 3);
    const hidden = sleeping();
    for (const process of hidden) lab.adopt(process);
    await processes.endCell(lab.cell, leader, NEVER_WAITED_OUT_MS);
    assert.deepEqual(hidden.filter(processes.isAlive), []);
  });

  it('ends what a leader left behind that is already gone, unmarked members of its group included', async () => {
    const leader = await lab.shell('sleep 600 & env -i sleep 600 & echo ready; sleep 0.2');
    await until('the leader is gone', () => !processes.isAlive(leader));
    const orphans = [...linuxProcessTable.scan().rows.values()].filter((row) => row.group === leader.pid && !row.ended);
    for (const orphan of orphans) lab.adopt(orphan);
    const report = await processes.endCell(lab.cell, leader, NEVER_WAITED_OUT_MS);
    assert.deepEqual(report, { signalled: orphans.map(({ pid }) => pid).toSorted((a, b) => a - b), killed: [], left: [] });
    assert.equal(orphans.length, 2);
  });

  it('does not touch a process that got the pid of a leader of old, nor other cells', async () => {
    const stranger = await lab.shell('sleep 600 & echo ready; wait', { cell: null });
    lab.adopt(stranger);
    for (const child of childrenOf(stranger)) lab.adopt(child);
    const neighbour = await lab.shell('echo ready; exec sleep 600', { cell: lab.anotherCell(`${lab.cell}0`) });
    const report = await processes.endCell(lab.cell, { pid: stranger.pid, startTime: '1' }, 0);
    assert.deepEqual(
      { report, alive: [stranger, ...childrenOf(stranger), neighbour].map(processes.isAlive) },
      { report: { signalled: [], killed: [], left: [] }, alive: [true, true, true] },
    );
  });

  it('spares itself when it runs in the cell, but not its own children', async () => {
    const printed = await outputOf(
      `import { spawn } from 'node:child_process';
       import { once } from 'node:events';
       import { createProcesses } from 'src/adapters/processes/processes.ts';
       import { systemClock } from 'src/adapters/clock/systemClock.ts';
       const child = spawn('sleep', ['600']);
       await once(child, 'spawn');
       const processes = createProcesses({ clock: systemClock, log: { log() {} } });
       const leader = processes.identify(process.pid);
       const report = await processes.endCell('${lab.cell}', leader, 60000);
       console.log(JSON.stringify({ ...report, signalled: report.signalled.map((pid) => pid === child.pid) }));`,
      { REACTOR_CELL: lab.cell },
    );
    assert.deepEqual(JSON.parse(printed), { signalled: [true], killed: [], left: [] });
  });

  it('catches up with a process that keeps starting others', async () => {
    await lab.shell("trap '' TERM; echo ready; while :; do setsid sh -c 'trap \"\" TERM; sleep 600; sleep 600' & sleep 0.01; done");
    await until('there are some', () => processes.markedWith(lab.cell).length > 10);
    const report = await processes.endCell(lab.cell, null, 100);
    assert.deepEqual([report.left, processes.markedWith(lab.cell)], [[], []]);
  });

  it('ends many cells side by side', async () => {
    const cells = Array.from({ length: 10 }, () => lab.anotherCell());
    const leaders = await Promise.all(cells.map((cell) => lab.shell('setsid sleep 600 & echo ready; exec sleep 600', { cell })));
    const reports = await Promise.all(cells.map((cell, index) => processes.endCell(cell, leaders[index] ?? null, NEVER_WAITED_OUT_MS)));
    assert.deepEqual(
      reports.map(({ killed, left }) => [...killed, ...left]),
      cells.map(() => []),
    );
    assert.deepEqual(cells.flatMap(processes.markedWith), []);
  });

  it('signals a process that left the group after it was found there', async () => {
    const leader = await lab.shell('echo ready; exec sleep 600');
    const moved = await lab.shell('echo ready; exec sleep 600');
    // The first look is one from before it moved.
    let looks = 0;
    const scan = () => {
      const now = linuxProcessTable.scan();
      const row = now.rows.get(moved.pid);
      looks += 1;
      return looks > 1 || row === undefined ? now : { ...now, rows: new Map([...now.rows, [moved.pid, { ...row, group: leader.pid }]]) };
    };
    const deps = { table: { ...linuxProcessTable, scan }, clock: systemClock };
    const report = await endCell(deps, lab.cell, leader, NEVER_WAITED_OUT_MS);
    assert.deepEqual(report, { signalled: [leader.pid, moved.pid].toSorted((a, b) => a - b), killed: [], left: [] });
  });

  it('reports what even SIGKILL does not end instead of waiting for ever', async () => {
    // The one thing scripted here is a table that goes on listing a process, as one in an uninterruptible call would be.
    const leader = await lab.shell('echo ready; exec sleep 600');
    const row = linuxProcessTable.row(leader.pid);
    assert.ok(row);
    const stuck = {
      ...linuxProcessTable,
      row: (pid: number) => (pid === row.pid ? row : linuxProcessTable.row(pid)),
      scan: () => ({ rows: new Map([[row.pid, row]]), cells: new Map([[row.pid, [lab.cell]]]) }),
    };
    const report = await endCell({ table: stuck, clock: systemClock }, lab.cell, null, 0);
    assert.deepEqual(report, { signalled: [leader.pid], killed: [leader.pid], left: [leader.pid] });
  });
});

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
const nameOf = (pid: number): string => read(`/proc/${pid}/comm`).trim();
const stateOf = (pid: number): string => /^State:\s+(\S)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '';
const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1).join(' ');
