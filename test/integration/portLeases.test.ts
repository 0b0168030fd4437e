import assert from 'node:assert/strict';
import { once } from 'node:events';
import { linkSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createPortLeases } from '../../src/adapters/freePort/portLeases.ts';
import { silentLog } from '../../src/base/log.ts';
import { UserFacingError } from '../../src/base/userFacingError.ts';
import type { PortLeases } from '../../src/core/ports/processes.ts';
import { outputOf, ProcessLab, processes, until } from '../support/realProcesses.ts';

describe('INV-001: port leases', function () {
  this.timeout(120_000);
  let lab: ProcessLab;
  let folder: string;
  let leases: PortLeases;
  let servers: Server[];
  const { identify, isAlive } = processes;
  // Below the ports that systems give out by themselves, and another block for each test.
  let from = 21_000 + (process.pid % 50) * 160;
  beforeEach(async () => {
    lab = new ProcessLab();
    folder = await lab.folder;
    leases = createPortLeases({ clock: systemClock, log: silentLog, folder, identify, isAlive });
    servers = [];
    from += 10;
  });
  afterEach(async () => {
    for (const server of servers) server.close();
    await lab.close();
  });

  const listen = async (port: number, host: string): Promise<void> => {
    const server = createServer().listen({ port, host });
    servers.push(server);
    await once(server, 'listening');
  };
  it('tell who listens on a port, whatever its address', async () => {
    assert.equal(await leases.listener(from), null);
    await listen(from, '127.0.0.1');
    await listen(from + 1, '::');
    assert.deepEqual(
      [await leases.listener(from), await leases.listener(from + 1), await leases.listener(from + 2)],
      [{ pid: process.platform === 'linux' ? process.pid : null }, { pid: process.platform === 'linux' ? process.pid : null }, null],
    );
  });

  const holder = (code: string) => `
    import { createPortLeases } from 'src/adapters/freePort/portLeases.ts';
    import { createProcesses } from 'src/adapters/processes/processes.ts';
    import { systemClock as clock } from 'src/adapters/clock/systemClock.ts';
    const log = { log() {} };
    const leases = createPortLeases({ clock, log, folder: ${JSON.stringify(folder)}, ...createProcesses({ clock, log }) });
    ${code}`;
  const leaseAll = async (size: number): Promise<number[]> => {
    const ports: number[] = [];
    for (;;) {
      const lease = await leases.lease({ from, to: from + size - 1 });
      if (lease === null) return ports.toSorted((a, b) => a - b);
      ports.push(lease.port);
    }
  };
  const range = (size: number): number[] => Array.from({ length: size }, (_, index) => from + index);
  /** Leases of a process that was killed while it held them. */
  const abandon = async (size: number): Promise<void> => {
    const { process: owner, child } = await lab.module(
      holder(`for (let n = 0; n < ${size}; n += 1) await leases.lease({ from: ${from}, to: ${from + size - 1} });
        console.log('leased'); setInterval(() => {}, 60000);`),
    );
    child.kill('SIGKILL');
    await until('the owner is gone', () => !isAlive(owner));
  };

  it('gives out each port of the range once, then null', async () => {
    assert.deepEqual(await leaseAll(6), range(6));
  });

  it('gives out different ports to all who ask at once in one process', async () => {
    const all = await Promise.all(range(8).map(() => leases.lease({ from, to: from + 7 })));
    assert.deepEqual(
      all.map((lease) => lease?.port ?? 0).toSorted((a, b) => a - b),
      range(8),
    );
  });

  it('gives out different ports to processes that ask at once', async () => {
    const code = holder(`const ports = [];
      for (let n = 0; n < 25; n += 1) ports.push((await leases.lease({ from: ${from}, to: ${from + 149} })).port);
      console.log(JSON.stringify(ports));
      // Held until all have theirs: what a process that has ended held is free again.
      setInterval(() => {}, 60000);`);
    const all = await Promise.all([1, 2, 3, 4].map(() => lab.module(code)));
    const ports = all.flatMap(({ line }) => JSON.parse(line) as number[]);
    assert.deepEqual([ports.length, new Set(ports).size], [100, 100]);
  });

  it('passes over ports that a foreign process listens on, on whichever address', async () => {
    await listen(from, '127.0.0.1');
    await listen(from + 1, '0.0.0.0');
    await listen(from + 2, '::');
    assert.deepEqual(await leaseAll(4), [from + 3]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => /^\d/.test(name)),
      [String(from + 3)],
    );
  });

  it('leaves the port free to be bound by the one who leased it', async () => {
    const lease = await leases.lease({ from, to: from });
    await listen(lease?.port ?? 0, '127.0.0.1');
    assert.equal(lease?.port, from);
  });

  it('can lease a port again as soon as it was given back, and giving it back twice spares the next holder', async () => {
    const first = await leases.lease({ from, to: from });
    await first?.release();
    const second = await leases.lease({ from, to: from });
    await first?.release();
    assert.deepEqual([first?.port, second?.port, await leases.lease({ from, to: from })], [from, from, null]);
  });

  it('takes over what a killed process held', async () => {
    await abandon(5);
    assert.deepEqual(await leaseAll(5), range(5));
    assert.deepEqual(
      readdirSync(folder)
        .filter((name) => !name.startsWith('owner.'))
        .toSorted(),
      range(5).map(String),
    );
  });

  it('lets only one of several processes take over each abandoned port', async () => {
    await abandon(60);
    const code = holder(`const ports = [];
      for (;;) {
        const lease = await leases.lease({ from: ${from}, to: ${from + 59} });
        if (lease === null) break;
        ports.push(lease.port);
      }
      console.log(JSON.stringify(ports));
      setInterval(() => {}, 60000);`);
    const all = await Promise.all([1, 2, 3, 4].map(() => lab.module(code)));
    const ports = all.flatMap(({ line }) => JSON.parse(line) as number[]);
    assert.deepEqual(
      ports.toSorted((a, b) => a - b),
      range(60),
    );
    from += 60;
  });

  it('takes over from a process that died while it took over', async () => {
    const dead = ['999999999-1', '999999998-2', '999999997-3'] as const;
    for (const owner of dead) writeFileSync(join(folder, owner), owner);
    linkSync(join(folder, dead[0]), join(folder, String(from)));
    linkSync(join(folder, dead[1]), join(folder, `${from}.after.${dead[0]}`));
    linkSync(join(folder, dead[2]), join(folder, `${from}.after.${dead[1]}`));
    assert.deepEqual(await leaseAll(1), [from]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith(`${from}`)),
      [String(from)],
    );
  });

  it('leaves a port alone that a live process is just taking over', async () => {
    const self = identify(process.pid);
    assert.ok(self);
    const other = await lab.shell('echo ready; exec sleep 600');
    writeFileSync(join(folder, String(from)), '999999999-1');
    writeFileSync(join(folder, `${from}.after.999999999-1`), `${other.pid}-${other.startTime}`);
    assert.deepEqual(await leaseAll(1), []);
  });

  it('takes a lease file that a power cut emptied for abandoned', async () => {
    writeFileSync(join(folder, String(from)), '');
    assert.deepEqual(await leaseAll(1), [from]);
  });

  it('goes on when a cleaner of temporary files removed its owner file', async () => {
    const first = await leases.lease({ from, to: from });
    await outputOf(`import { rmSync } from 'node:fs'; rmSync(${JSON.stringify(join(folder, `owner.${ownName()}`))});`);
    const second = await leases.lease({ from: from + 1, to: from + 1 });
    await first?.release();
    assert.deepEqual([second?.port, await leaseAll(2)], [from + 1, [from]]);
  });

  it('removes the owner files of the dead', async () => {
    await abandon(1);
    await leases.lease({ from, to: from });
    assert.deepEqual(readdirSync(folder).toSorted(), [String(from), `owner.${ownName()}`]);
  });

  it('stops when aborted and holds nothing', async () => {
    await assert.rejects(leases.lease({ from, to: from + 5 }, AbortSignal.abort(new Error('stop'))), /stop/);
    assert.deepEqual(await leaseAll(6), range(6));
  });

  it('has nothing to give from an empty range', async () => {
    assert.equal(await leases.lease({ from: from + 1, to: from }), null);
  });

  it('says what to do when its folder is missing', async () => {
    const missing = createPortLeases({ clock: systemClock, log: silentLog, folder: join(folder, 'missing'), identify, isAlive });
    await assert.rejects(missing.lease({ from, to: from }), (error) => error instanceof UserFacingError && error.code === 'environment');
  });
});

const ownName = (): string => `${process.pid}-${processes.identify(process.pid)?.startTime}`;
