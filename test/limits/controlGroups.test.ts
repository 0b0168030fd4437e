import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, describe, it } from 'mocha';
import { until } from '../support/realProcesses.ts';
import { commandOf, countIn, groupOf, has, inGroup, MOUNT, makeGroup, makeUserSession, read, Subject, write } from './hierarchy.ts';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const ALL = ['memory', 'pids', 'cpu'];
/** Keeps all it reads in memory: the machine has that much, and as much swap. */
const HOG = 'head -c 400000000 /dev/zero | tail >/dev/null';
const isAlive = (pid: number): boolean => commandOf(pid) !== '';
const pidsIn = (group: string): number[] => read(group, 'cgroup.procs').split('\n').filter(Boolean).map(Number);
const cellsIn = (group: string): string[] => readdirSync(join(MOUNT, group)).filter((name) => name.startsWith('reactor-cell-'));

describe('control groups of cells on a kernel that divides memory, processes and processor', function () {
  this.timeout(240_000);
  const subjects: Subject[] = [];
  let session: ReturnType<typeof makeUserSession>;
  before(() => {
    session = makeUserSession();
  });
  afterEach(async () => {
    for (const subject of subjects.splice(0)) await subject.end();
  });
  after(() => assert.deepEqual(cellsIn(session.service), []));
  const subject = (...args: ConstructorParameters<typeof Subject>): Subject => {
    const made = new Subject(...args);
    subjects.push(made);
    return made;
  };
  const inTerminal = (): Subject => subject(session.scopes[0]);
  const controllers = (...args: ConstructorParameters<typeof Subject>): Promise<unknown> => subject(...args).ask({ kind: 'controllers' });

  it('an ordinary user has them below the service that systemd delegates, and a cell enters its own before it starts anything', async () => {
    const engine = inTerminal();
    assert.deepEqual(await engine.ask({ kind: 'controllers' }), ALL);
    assert.deepEqual(cellsIn(session.service), []);
    const { pid, group } = await engine.start({ memoryMb: 100, processes: 20, cpus: 0.5 }, 'sleep 1000 & setsid sleep 1000 & wait');
    assert.match(group, new RegExp(`^${session.service}/reactor-cell-[0-9a-f]{16}$`));
    const written = ['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max', 'cpu.max'].map((file) =>
      existsSync(join(MOUNT, group, file)) ? read(group, file) : 'not here',
    );
    // Memory in whole pages.
    assert.deepEqual(written, [`${Math.floor(200e6 / 4096) * 4096}`, '0', '1', '560', '50000 100000']);
    await until('all of it is there', () => pidsIn(group).length === 3);
    const all = pidsIn(group);
    await engine.ask({ kind: 'end', pid });
    await until('all of it is gone', () => !all.some(isAlive));
    assert.equal(has(group), false);
  });

  it('memory: a cell over its group’s limit is killed as a whole, what has left its session too, and that is told after its end', async () => {
    const engine = inTerminal();
    const { pid, group } = await engine.start({ memoryMb: 40 }, `setsid sleep 1000 & ${HOG}; sleep 1000`);
    const all = pidsIn(group);
    assert.equal(await engine.ask({ kind: 'memoryAtKill', pid }), null);
    await until('the kernel has killed it, and its group has gone with it', () => !has(group));
    assert.deepEqual(all.filter(isAlive), []);
    assert.equal(await engine.ask({ kind: 'memoryAtKill', pid }), Math.floor(80e6 / 4096) * 4096);
  });

  it('processes: a fork bomb ends at the limit of its group, and the engine goes on to start cells', async () => {
    const engine = inTerminal();
    const bomb = await engine.start({ processes: 5 }, 'bomb() { sleep 1000 & bomb & sleep 1000; }; bomb');
    await until('the kernel has refused one', () => countIn(bomb.group, 'pids.events', 'max') > 0);
    assert.equal(read(bomb.group, 'pids.max'), '440');
    assert.ok(Number(read(bomb.group, 'pids.current')) <= 440);
    const other = await engine.start({ processes: 5 }, 'sleep 1000');
    assert.notEqual(other.group, bomb.group);
    await engine.ask({ kind: 'end', pid: bomb.pid });
    assert.equal(has(bomb.group), false);
    assert.equal(isAlive(other.pid), true);
    await engine.ask({ kind: 'end', pid: other.pid });
  });

  it('INV-005 what a cell has started is asked to end first, and what has shed its mark and its session is killed', async () => {
    const engine = inTerminal();
    const farewell = `/tmp/farewell-${process.pid}`;
    const slow = `(trap 'sleep 1; echo farewell >${farewell}; exit' TERM; while :; do sleep 0.1; done) &`;
    const { pid, group } = await engine.start({}, `${slow} env -i setsid /bin/sleep 1000 & exec sleep 1000`);
    await until(
      'all of it is there',
      () => pidsIn(group).length >= 3 && pidsIn(group).some((one) => commandOf(one) === '/bin/sleep 1000 '),
    );
    const all = pidsIn(group);
    await engine.ask({ kind: 'endCell', pid });
    assert.equal(readFileSync(farewell, 'utf8'), 'farewell\n');
    assert.deepEqual(all.filter(isAlive), []);
    assert.equal(has(group), false);
  });

  it('processors: a cell is held back at its share', async () => {
    const engine = inTerminal();
    const { pid, group } = await engine.start({ cpus: 0.5 }, 'while :; do :; done');
    await until('it was held back', () => countIn(group, 'cpu.stat', 'nr_throttled') > 0);
    await engine.ask({ kind: 'end', pid });
    assert.equal(has(group), false);
  });

  it('INV-005 an engine elsewhere finds the group of a cell whose engine was killed, and ends all that is in it', async () => {
    const engine = inTerminal();
    const { pid, group } = await engine.start({ processes: 20 }, '(setsid sleep 1000 &) ; sleep 1000');
    await engine.end();
    await until('all of it is there', () => pidsIn(group).length === 3);
    const all = pidsIn(group);
    makeGroup(`${session.service}/app.slice`, { passesOn: '+pids' });
    const later = subject(session.scopes[1]);
    assert.deepEqual(await later.ask({ kind: 'controllers' }), ['pids']);
    assert.equal(await later.ask({ kind: 'adopt', pid }), true);
    await later.ask({ kind: 'end', pid });
    await until('all of it is gone', () => !all.some(isAlive));
    assert.equal(has(group), false);
    makeGroup(`${session.service}/app.slice`, { passesOn: '-pids' });
  });

  it('a controller that is switched off while a cell lives takes its limit with it, and that is told', async () => {
    const engine = inTerminal();
    const { pid, group } = await engine.start({ memoryMb: 100, processes: 20 }, 'sleep 1000');
    assert.deepEqual(await engine.ask({ kind: 'lost', pid }), []);
    write(session.service, 'cgroup.subtree_control', '-memory');
    assert.deepEqual(await engine.ask({ kind: 'lost', pid }), ['memoryMb']);
    write(session.service, 'cgroup.subtree_control', '+memory');
    assert.equal(read(group, 'memory.max'), 'max');
    assert.deepEqual(await engine.ask({ kind: 'lost', pid }), []);
    await engine.ask({ kind: 'end', pid });
  });

  it('a group that a cell has made below its own goes with it', async () => {
    const engine = inTerminal();
    const inner = `own=${MOUNT}$(sed 's/^0:://' /proc/self/cgroup); mkdir -p "$own/inner/inmost" && echo 0 >"$own/inner/inmost/cgroup.procs"`;
    const { pid, group } = await engine.start({ processes: 20 }, `${inner}; sleep 1000`);
    await until('it is in the inner group', () => groupOf(pid) === `${group}/inner/inmost`);
    await engine.ask({ kind: 'end', pid });
    assert.equal(has(group), false);
  });

  it('an engine in a cell takes none beside it, and does not end the group that it is in', async () => {
    const outer = inTerminal();
    const { pid, group } = await outer.start({ processes: 100 }, 'sleep 1000');
    const inner = subject(group);
    assert.deepEqual(await inner.ask({ kind: 'controllers' }), []);
    assert.equal(await inner.ask({ kind: 'adopt', pid }), false);
    await outer.ask({ kind: 'end', pid });
  });

  it('none where nothing is delegated: a login beside the service, the machine’s own groups, files that can’t be written', async () => {
    assert.deepEqual(await controllers(session.login), []);
    assert.deepEqual(await controllers(makeGroup('system.slice', { passesOn: '+pids' })), []);
    const readOnly = ['unshare', '-m', '/bin/sh', '-c', `mount -o remount,bind,ro ${MOUNT} && exec "$@"`, 'sh'];
    assert.deepEqual(await controllers(session.scopes[0], { before: readOnly }), []);
  });

  it('without them a cell is started all the same', async () => {
    const { group } = await subject(session.login).start({ memoryMb: 100, processes: 20, cpus: 0.5 }, 'exec sleep 1');
    assert.equal(group, session.login);
  });

  it('`reactor doctor` says what there is', async () => {
    const home = '/tmp/doctor';
    const doctor = (group: string): string => {
      const command = [process.execPath, program, 'doctor', '--repo', `${home}/repository`];
      const env = { ...process.env, HOME: home, REACTOR_HOME: `${home}/reactor`, REACTOR_OPENCODE: '/bin/false' };
      return spawnSync('/bin/sh', inGroup(group, command), { encoding: 'utf8', env }).stdout;
    };
    spawnSync('/bin/sh', inGroup(session.login, ['git', 'init', '-q', `${home}/repository`]));
    assert.match(doctor(session.scopes[0]), /limits .*; cpus: exactly; control groups for memory, pids, cpu$/m);
    assert.match(doctor(session.login), /limits .*; cpus: by affinity; no control group is delegated here$/m);
  });

  it('none below a group of threads, which would take no process', async () => {
    // Controllers that threads can have are passed on although there are processes in it.
    const threads = makeGroup(`${session.service}/threads`, { delegated: true });
    const inside = subject(threads);
    assert.deepEqual(await inside.ask({ kind: 'controllers' }), ALL);
    write(threads, 'cgroup.subtree_control', '+pids +cpu');
    assert.equal(read(threads, 'cgroup.type'), 'domain threaded');
    const engine = subject(threads);
    const { pid, group } = await engine.start({ processes: 20 }, 'sleep 1000');
    assert.match(group, new RegExp(`^${session.service}/reactor-cell-`));
    await engine.ask({ kind: 'end', pid });
    assert.deepEqual(cellsIn(threads), []);
  });

  it('root has them in a container whose groups are its own, not where systemd divides the machine', async () => {
    const container = makeGroup('container', { passesOn: '+memory +pids' });
    const inside = makeGroup(`${container}/engine`);
    assert.deepEqual(await controllers(inside, { isRoot: true }), ['memory', 'pids']);
    // What is mounted is the machine's, and shows more than the namespace.
    assert.deepEqual(await controllers(inside, { isRoot: true, before: ['unshare', '-C'] }), []);
    const systemd = ['unshare', '-m', '/bin/sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec "$@"', 'sh'];
    assert.deepEqual(await controllers(inside, { isRoot: true, before: systemd }), []);
  });

  it('root in a container with a namespace of groups has those below its root', async () => {
    const container = makeGroup('namespaced', { passesOn: '' });
    makeGroup(`${container}/engine`);
    const enter = `echo 0 >${MOUNT}/${container}/cgroup.procs; exec unshare -C -m /bin/sh -c 'umount ${MOUNT}; mount -t cgroup2 cgroup2 ${MOUNT} && echo 0 >${MOUNT}/engine/cgroup.procs && echo "+memory +pids" >${MOUNT}/cgroup.subtree_control && exec "$@"' sh "$@"`;
    const engine = subject(container, { isRoot: true, before: ['sh', '-c', enter, 'sh'] });
    assert.deepEqual(await engine.ask({ kind: 'controllers' }), ['memory', 'pids']);
    const pid = Number(await engine.ask({ kind: 'start', limits: { processes: 20 }, script: 'sleep 1000' }));
    const group = groupOf(pid);
    assert.match(group, /^namespaced\/reactor-cell-[0-9a-f]{16}$/);
    await engine.ask({ kind: 'end', pid });
    assert.equal(has(group), false);
  });
});
