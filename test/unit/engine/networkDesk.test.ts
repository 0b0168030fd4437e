import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DomainEvent } from '../../../src/core/journal/events.ts';
import type { RunState } from '../../../src/core/run/state.ts';
import type { Answer } from '../../../src/engine/approvalDesk.ts';
import { NetworkDesk } from '../../../src/engine/networkDesk.ts';

const state = {
  run: 'a-r1',
  cell: { id: 'cell' },
  spec: { sandbox: { hosts: ['example.org'] } },
  grantedPermissions: [],
  attempts: [],
  pending: [],
} as unknown as RunState;

/** A desk whose questions the test answers. */
const deskWith = (isAttended: boolean, allowed: ReadonlySet<string> = new Set()) => {
  const told: DomainEvent[] = [];
  const asked: { title: string; signal?: AbortSignal; answer: (answer: Answer | null) => void }[] = [];
  const desk = new NetworkDesk(
    { openRuns: () => [state], state: () => state, append: async (_run, _actor, ...events) => told.push(...events) },
    {
      request: async (_run, { title }) => {
        asked.push({ title, answer: () => {} });
        return String(asked.length - 1);
      },
      waitFor: (_run, id, signal) =>
        new Promise((resolve) => {
          asked[Number(id)] = { title: asked[Number(id)]?.title ?? '', signal, answer: resolve };
          signal.addEventListener('abort', () => resolve(null));
        }),
    },
    { isAttended },
    { has: async (place) => allowed.has(place) },
  );
  const reach = (host: string, signal = new AbortController().signal) => desk.decide({ cell: 'cell', host, port: 443 }, signal);
  return { told, asked, reach };
};

describe('What commands may reach', () => {
  it('is told once for each host and at most a hundred times in a run, the last with a word that there are more', async () => {
    const { told, reach } = deskWith(false);
    assert.equal(await reach('example.org'), true);
    for (let i = 0; i < 150; i += 1) assert.equal(await reach(`h${i}.example.net`), false);
    await reach('h0.example.net');
    assert.deepEqual([told.length, told.at(-1)?.data], [100, { host: 'h99.example.net', port: 443, more: true }]);
  });

  it('is what a person has allowed for good, until it is taken back', async () => {
    const allowed = new Set(['good.example.net:443']);
    const { asked, told, reach } = deskWith(false, allowed);
    assert.deepEqual([await reach('good.example.net'), await reach('other.example.net')], [true, false]);
    allowed.clear();
    assert.deepEqual([await reach('good.example.net'), asked.length, told.length], [false, 0, 2]);
  });

  it('is no name that is longer than names are, and nobody is told or asked', async () => {
    const { told, asked, reach } = deskWith(true);
    assert.equal(await reach('x'.repeat(300)), false);
    assert.deepEqual([told.length, asked.length], [0, 0]);
  });

  it('is asked for five hosts at once, and thirty in a run', async () => {
    const { asked, reach } = deskWith(true);
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < 10; round += 1) {
      const before = asked.length;
      const all = Array.from({ length: 8 }, (_, i) => reach(`h${round}-${i}.example.net`));
      await settle();
      assert.equal(asked.length - before, round < 6 ? 5 : 0);
      for (const { answer } of asked) answer(null);
      await Promise.all(all);
    }
    assert.equal(asked.length, 30);
  });

  it('is asked once for all commands that wait, until the last of them has given up', async () => {
    const { asked, reach } = deskWith(true);
    const [one, two] = [new AbortController(), new AbortController()];
    const answers = [reach('slow.example.net', one.signal), reach('slow.example.net', two.signal)];
    await new Promise((resolve) => setImmediate(resolve));
    one.abort();
    assert.deepEqual([asked.length, asked[0]?.signal?.aborted], [1, false]);
    two.abort();
    assert.equal(asked[0]?.signal?.aborted, true);
    assert.deepEqual(await Promise.all(answers), [false, false]);
  });
});
