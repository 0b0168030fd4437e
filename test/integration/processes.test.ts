import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { linuxProcessTable, parseStat } from '../../src/adapters/processes/linuxProcessTable.ts';
import { parseMarks, parseRows } from '../../src/adapters/processes/macProcessTable.ts';
import { thisProcessTable } from '../../src/adapters/processes/thisProcessTable.ts';
import { UserFacingError } from '../../src/base/userFacingError.ts';
import type { ProcessIdentity } from '../../src/core/ports/processes.ts';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { ProcessLab, processes, until } from '../support/realProcesses.ts';

describe('looking at processes', function () {
  this.timeout(120_000);
  let lab: ProcessLab;
  beforeEach(() => {
    lab = new ProcessLab();
  });
  afterEach(() => lab.close());

  it('tells a process from another with the same pid by its start time', async () => {
    const process = await lab.shell('echo ready; exec sleep 600');
    assert.deepEqual(
      {
        again: processes.identify(process.pid),
        isAlive: processes.isAlive(process),
        otherStart: processes.isAlive({ pid: process.pid, startTime: `${Number(process.startTime) + 1}` }),
        nobody: [processes.identify(0), processes.identify(-1), processes.identify(2 ** 30)],
      },
      { again: process, isAlive: true, otherStart: false, nobody: [null, null, null] },
    );
  });

  it('takes a process that ended and is not yet collected by its parent for gone', async () => {
    // `exec` replaces the shell, which would have collected its child, by a program that never does; the child ends when it has.
    const child = `sh -c 'until grep -q sleep /proc/$PPID/comm; do :; done'`;
    const parent = await lab.shell(`${child} & echo ready; exec sleep 600`);
    let zombie: number | undefined;
    await until('there is a zombie', () => {
      const rows = [...linuxProcessTable.scan().rows.values()];
      zombie = rows.find((row) => row.parent === parent.pid && row.ended)?.pid;
      return zombie !== undefined;
    });
    assert.deepEqual([processes.identify(zombie ?? 0), processes.markedWith(lab.cell)], [null, [parent]]);
  });

  it('reads the status of a process whose name has spaces and parentheses', () => {
    const fields = 'S 10 42 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 3 0 98765 1000 200';
    assert.deepEqual(parseStat(`42 (a) R 1 (b) ${fields}\n`), {
      pid: 42,
      parent: 10,
      group: 42,
      session: 41,
      startTime: '98765',
      ended: false,
    });
  });

  it('takes a process whose main thread ended before the others for running', () => {
    const status = (state: string, threads: number) => `7 (x) ${state} 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 ${threads} 0 5 0`;
    assert.deepEqual(
      [parseStat(status('Z', 1)), parseStat(status('Z', 2)), parseStat(status('X', 1))].map((row) => row?.ended),
      [true, false, true],
    );
  });

  it('tells the memory of the program in a sandbox, not of the sandbox', async () => {
    ensureBubblewrap();
    const script = "process.stdout.write('ready\\n'); setInterval(() => {}, 60_000)";
    const sandbox = await lab.shell(`exec bwrap --unshare-user --unshare-pid --dev-bind / / ${process.execPath} -e "${script}"`);
    const bytes = processes.residentBytes(sandbox.pid) ?? 0;
    // A Node that does nothing takes some 40 MB, bubblewrap one or two.
    assert.ok(bytes > 20e6, `${bytes} bytes`);
  });

  it('finds marked processes by the whole id of their cell only', async () => {
    const one = await lab.shell('echo ready; exec sleep 600');
    const longer = await lab.shell('echo ready; exec sleep 600', { cell: lab.anotherCell(`${lab.cell}0`) });
    const inValue = await lab.shell(`echo ready; exec env OTHER=REACTOR_CELL=${lab.cell} sleep 600`, { cell: lab.anotherCell('x-other') });
    // While a program replaces the shell its environment is empty for a moment.
    const isProgram = ({ pid }: ProcessIdentity): boolean => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep\0');
    await until('the programs have replaced the shells', () => [one, longer, inValue].every(isProgram));
    assert.deepEqual(
      { one: processes.markedWith(lab.cell), longer: processes.markedWith(`${lab.cell}0`), inValue: processes.markedWith('x-other') },
      { one: [one], longer: [longer], inValue: [inValue] },
    );
  });

  it('finds the marker behind a very large environment', async () => {
    const variables = Array.from({ length: 8 }, (_, index) => `BIG${index}=$x`).join(' ');
    const process = await lab.shell(`x=$(head -c 100000 /dev/zero | tr '\\0' x); echo ready; exec env ${variables} sleep 600`);
    await until('the large environment is there', () => (linuxProcessTable.residentBytes(process.pid) ?? 0) > 0);
    assert.deepEqual(processes.markedWith(lab.cell), [process]);
  });

  it('measures resident memory', () => {
    const bytes = processes.residentBytes(process.pid) ?? 0;
    assert.ok(bytes > 10_000_000 && bytes < 10_000_000_000, `${bytes} bytes`);
    assert.equal(processes.residentBytes(2 ** 30), null);
  });

  it('refuses systems whose processes it cannot tell apart', () => {
    assert.throws(
      () => thisProcessTable('win32'),
      (error) => error instanceof UserFacingError && error.code === 'environment',
    );
  });

  it('reads what ps prints on macOS', () => {
    const rows = parseRows('  501   1   501 Ss   Fri Nov 20 21:40:18 2026    \n77 501 501 Z    Fri Nov 20 21:40:19 2026\n');
    assert.deepEqual(
      [...rows.values()],
      [
        { pid: 501, parent: 1, group: 501, session: 0, startTime: 'Fri Nov 20 21:40:18 2026', ended: false },
        { pid: 77, parent: 501, group: 501, session: 0, startTime: 'Fri Nov 20 21:40:19 2026', ended: true },
      ],
    );
    const marks = parseMarks('  12 sleep 5 REACTOR_CELL=a HOME=/x\n13 sleep 5 XREACTOR_CELL=b\n14 sleep 5 A=b REACTOR_CELL=c\n');
    assert.deepEqual(
      [...marks],
      [
        [12, ['a']],
        [14, ['c']],
      ],
    );
  });
});
