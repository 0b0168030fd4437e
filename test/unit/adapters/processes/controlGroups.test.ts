import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../../../src/adapters/clock/systemClock.ts';
import { createControlGroups, delegatedGroup } from '../../../../src/adapters/processes/controlGroups.ts';
import { silentLog } from '../../../../src/base/log.ts';

describe('control groups that are delegated', () => {
  let mount: string;
  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'reactor groups-'));
  });
  afterEach(() => rmSync(mount, { recursive: true, force: true }));

  const group = (path: string, controllers: string): string => {
    const folder = join(mount, path);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'cgroup.subtree_control'), `${controllers}\n`);
    writeFileSync(join(folder, 'cgroup.procs'), '');
    return folder;
  };
  const mounts = (root = '/'): string =>
    `22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 0:26 ${root} ${mount.replaceAll(' ', '\\040')} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`;
  const found = (membership: string, more: { root?: string; isForeign?: boolean; takes?: (folder: string) => boolean } = {}) =>
    delegatedGroup({ mounts: mounts(more.root), membership, isForeign: more.isForeign ?? false }, more.takes ?? (() => true));

  it('the nearest around this process that passes controllers on', () => {
    group('user.slice', 'memory pids cpu');
    const user = group('user.slice/user@1000.service', 'cpu memory pids io');
    group('user.slice/user@1000.service/app.slice/terminal.scope', '');
    const at = found('0::/user.slice/user@1000.service/app.slice/terminal.scope\n');
    assert.deepEqual(at, { folder: user, controllers: ['memory', 'pids', 'cpu'] });
  });

  it('below the root that a container sees', () => {
    const folder = group('inner', 'pids');
    assert.deepEqual(found('0::/docker/abc/inner\n', { root: '/docker/abc' }), { folder, controllers: ['pids'] });
    assert.equal(found('0::/docker/abcdef/inner\n', { root: '/docker/abc' }), null);
  });

  it('none where nothing is passed on, where it is another’s to divide, and with version 1 alone', () => {
    group('.', '');
    group('user.slice', '');
    assert.equal(found('0::/user.slice\n'), null);
    group('user.slice', 'pids');
    assert.equal(found('0::/user.slice\n', { isForeign: true }), null);
    assert.equal(found('8:pids:/user.slice\n'), null);
    assert.equal(delegatedGroup({ mounts: '22 1 254:0 / / rw - ext4 /dev/vda rw\n', membership: '0::/\n', isForeign: false }), null);
  });

  it('not one that takes no process, but one around it', () => {
    const user = group('user.slice', 'pids');
    const threads = group('user.slice/threads', 'pids');
    assert.deepEqual(found('0::/user.slice/threads\n', { takes: (folder) => folder !== threads }), { folder: user, controllers: ['pids'] });
  });

  it('none in a cell: what is in its group stays there', () => {
    group('user.slice', 'pids');
    group('user.slice/reactor-cell-0123456789abcdef/inner', 'pids');
    assert.equal(found('0::/user.slice/reactor-cell-0123456789abcdef\n'), null);
    assert.equal(found('0::/user.slice/reactor-cell-0123456789abcdef/inner\n'), null);
  });

  it('none outside what is mounted', () => {
    group('user.slice', 'pids');
    assert.equal(found('0::/../user.slice\n'), null);
  });

  const groups = () =>
    createControlGroups({
      clock: systemClock,
      log: silentLog,
      places: { mounts: mounts(), membership: '0::/user.slice\n', isForeign: false },
      takes: () => true,
    });
  const limits = { memoryMb: 1000, processes: 100, cpus: 0.5, diskMb: null, openFiles: null, files: null };

  it('a cell’s group keeps to what can be limited there, beyond what the engine ends a cell for', () => {
    const parent = group('user.slice', 'memory pids cpu');
    const [, , , procs = ''] = groups().open(limits)?.enter ?? [];
    const folder = join(procs, '..');
    assert.equal(join(folder, '..'), parent);
    const written = Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
    assert.deepEqual(written, { 'cpu.max': '50000 100000', 'memory.max': '2000000000', 'pids.max': '1200' });
  });

  it('a group without a limit that it could keep, for the end of all that is in it', () => {
    const parent = group('user.slice', 'pids');
    const [, , , procs = ''] = groups().open({ ...limits, processes: null })?.enter ?? [];
    assert.equal(join(procs, '../..'), parent);
    assert.deepEqual(readdirSync(join(procs, '..')), []);
  });

  it('a limit that it no longer keeps is told once, as long as the group is there', () => {
    group('user.slice', 'memory pids cpu');
    const cell = groups().open(limits);
    const folder = join(cell?.enter[3] ?? '', '..');
    writeFileSync(join(folder, 'cgroup.procs'), '');
    assert.deepEqual(cell?.takeLostLimits(), []);
    // As the kernel does when a controller is switched off, and when it is switched on again.
    rmSync(join(folder, 'memory.max'));
    assert.deepEqual([cell?.takeLostLimits(), cell?.takeLostLimits()], [['memoryMb'], []]);
    writeFileSync(join(folder, 'memory.max'), 'max\n');
    writeFileSync(join(folder, 'cpu.max'), 'max 100000\n');
    assert.deepEqual(cell?.takeLostLimits(), ['cpus']);
    rmSync(folder, { recursive: true });
    assert.deepEqual(cell?.takeLostLimits(), []);
  });

  it('a limit that was never kept is not missed', () => {
    group('user.slice', 'pids');
    const cell = groups().open(limits);
    const folder = join(cell?.enter[3] ?? '', '..');
    writeFileSync(join(folder, 'cgroup.procs'), '');
    writeFileSync(join(folder, 'pids.max'), '600\n');
    assert.deepEqual(cell?.takeLostLimits(), []);
  });

  it('empty groups of an engine that has died are removed, new ones are not', () => {
    const parent = group('user.slice', 'memory');
    for (const name of ['reactor-cell-old', 'reactor-cell-new', 'other']) mkdirSync(join(parent, name));
    for (const name of ['reactor-cell-old', 'other']) utimesSync(join(parent, name), 1_000_000, 1_000_000);
    groups().controllers();
    assert.deepEqual(
      readdirSync(parent).filter((name) => !name.startsWith('cgroup.')),
      ['other', 'reactor-cell-new'],
    );
  });
});
