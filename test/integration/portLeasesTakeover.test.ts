import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LeaseFolder } from '../../src/adapters/freePort/leaseFolder.ts';

const PORT = 8000;

/** Parties in one process that are stopped where they look whether an owner is alive, which is where others can overtake them. */
describe('INV-001: taking over an abandoned port', () => {
  let folder: string;
  let alive: Set<string>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reactor-takeover-'));
    alive = new Set();
    abandonedBy('dead');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const pids = ['dead', 'a', 'b', 'c', 'deadTaker'];
  const pidOf = (name: string): number => 1000 + pids.indexOf(name);
  const abandonedBy = (name: string): void => {
    writeFileSync(join(folder, String(PORT)), `${pidOf(name)}-1`);
  };
  /** @param overtaken runs when the party has seen that `dead` is dead and not yet acted on it; once. */
  const party = (name: string, overtaken: () => void = () => {}): LeaseFolder => {
    alive.add(name);
    let isFirst = false;
    const leases = new LeaseFolder(
      folder,
      () => ({ pid: pidOf(name), startTime: '1' }),
      ({ pid }) => {
        const isAlive = alive.has(pids[pid - 1000] ?? '');
        if (!isAlive && isFirst) {
          isFirst = false;
          overtaken();
        }
        return isAlive;
      },
    );
    // The first lease of a process looks at all owners; that look is not the one to be overtaken in.
    leases.claim(PORT + pidOf(name));
    isFirst = true;
    return leases;
  };
  const leaseFiles = (): string[] => readdirSync(folder).filter((name) => name.split('.')[0] === `${PORT}`);

  it('leaves it to the one who was faster', () => {
    const b = party('b');
    let isB = false;
    const a = party('a', () => {
      isB = b.claim(PORT);
    });
    assert.deepEqual([a.claim(PORT), isB, leaseFiles()], [false, true, [`${PORT}`]]);
  });

  it('gets it when the faster one has given it back already', () => {
    const b = party('b');
    const a = party('a', () => {
      b.claim(PORT);
      b.release(PORT);
    });
    assert.deepEqual([a.claim(PORT), b.claim(PORT), leaseFiles()], [true, false, [`${PORT}`]]);
  });

  it('gets it when the faster one has died since', () => {
    const b = party('b');
    const a = party('a', () => {
      b.claim(PORT);
      alive.delete('b');
    });
    assert.deepEqual([a.claim(PORT), party('c').claim(PORT), leaseFiles()], [true, false, [`${PORT}`]]);
  });

  it('has one winner among three, also behind one who died in taking over', () => {
    writeFileSync(join(folder, `${PORT}.after.${pidOf('dead')}-1`), `${pidOf('deadTaker')}-1`);
    const outcome: Record<string, boolean> = {};
    const c = party('c');
    const b = party('b', () => {
      outcome['c'] = c.claim(PORT);
    });
    const a = party('a', () => {
      outcome['b'] = b.claim(PORT);
    });
    outcome['a'] = a.claim(PORT);
    assert.deepEqual([outcome, leaseFiles()], [{ a: false, b: false, c: true }, [`${PORT}`]]);
  });

  it('gives back only what it holds', () => {
    const a = party('a');
    const b = party('b');
    assert.equal(a.claim(PORT), true);
    b.release(PORT);
    assert.equal(b.claim(PORT), false);
  });
});
