import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { type Bounds, chooseBatch, nextProbe } from '../../../../src/core/landing/batch.ts';
import { SandboxSpec } from '../../../../src/core/model/sandboxSpec.ts';
import type { RunState } from '../../../../src/core/run/state.ts';
import { baseCommit, RunStory, specOf } from '../../../support/runStory.ts';

const run = (name: string, change: Parameters<typeof specOf>[0] = {}): RunState => ({
  ...new RunStory(specOf({ landing: { batch: 3, retries: 0 }, ...change })).state,
  run: name,
});
const names = (states: readonly RunState[]): string[] => states.map((state) => state.run);

/** Which links are tested, and how it ends, when the first `bad` links together are red. */
function search(links: number, bad: number): { readonly probes: number[]; readonly end: Bounds } {
  const probes: number[] = [];
  let bounds: Bounds = { green: 0, red: links };
  for (let probe = nextProbe(bounds); probe !== null; probe = nextProbe(bounds)) {
    probes.push(probe);
    bounds = probe >= bad ? { ...bounds, red: probe } : { ...bounds, green: probe };
  }
  return { probes, end: bounds };
}

describe('a batch of landings', () => {
  it('takes who waits behind the first, in order, up to its limit', () => {
    assert.deepEqual(names(chooseBatch(['a', 'b', 'c', 'd'].map((name) => run(name)))), ['a', 'b', 'c']);
  });

  it('takes only runs whose tests and set-up are the same', () => {
    const line = [run('a'), run('other', { test: 'make check' }), run('b'), run('c', { setup: 'npm ci' }), run('d', { folder: 'app' })];
    assert.deepEqual(names(chooseBatch(line)), ['a', 'b']);
  });

  it('takes no run with a merge commit that a hook of the repository decides on', () => {
    const hooked = { hooks: true, land: 'merge' } as const;
    const line = [run('a', { hooks: true }), run('merge', hooked), run('b', { hooks: true })];
    assert.deepEqual(
      [names(chooseBatch(line, true)), names(chooseBatch(line))],
      [
        ['a', 'b'],
        ['a', 'merge', 'b'],
      ],
    );
    assert.deepEqual(names(chooseBatch([run('merge', hooked), run('b', { hooks: true })], true)), ['merge']);
  });

  it('takes only runs that were tested within the same boundary', () => {
    const sandbox = (change: object) => SandboxSpec.parse({ mode: 'preferred', ...change });
    const within = (name: string, boundary: string | null, change: object = {}, spec: Parameters<typeof specOf>[0] = {}): RunState => {
      const story = new RunStory(specOf({ landing: { batch: 9, retries: 0 }, sandbox: sandbox(change), ...spec }));
      story.tell(
        event('run/started', {}),
        event('cell/planned', { worktree: '/w', home: '/h', branch: 'reactor/x', base: baseCommit }),
        event('cell/serverSpawned', { process: { pid: 1, startTime: '1' }, port: 8000, start: 1, boundary }),
      );
      return { ...story.state, run: name };
    };
    const line = [
      within('a', 'bubblewrap'),
      within('without', null),
      within('offline', 'bubblewrap', { network: 'none' }),
      within('hosts', 'bubblewrap', { hosts: ['example.org'] }),
      within('files', 'bubblewrap', { read: ['/models'] }),
      within('limits', 'bubblewrap', { limits: { memoryMb: 100 } }),
      within('ports', 'bubblewrap', {}, { ports: 1 }),
      within('b', 'bubblewrap', { mode: 'required' }),
    ];
    assert.deepEqual(names(chooseBatch(line)), ['a', 'b']);
    assert.deepEqual(names(chooseBatch([within('c', null), within('d', null, { network: 'none' })])), ['c', 'd']);
  });

  it('is one run where a run is set to land alone', () => {
    const alone = { landing: { batch: 1, retries: 0 } };
    assert.deepEqual(
      [names(chooseBatch([run('a', alone), run('b')])), names(chooseBatch([run('a'), run('b', alone), run('c')]))],
      [['a'], ['a', 'c']],
    );
  });

  it('finds the run that turns it red by halving, whichever it is', () => {
    for (const links of [2, 3, 8, 20]) {
      for (let bad = 1; bad <= links; bad += 1) {
        const { probes, end } = search(links, bad);
        assert.deepEqual(end, { green: bad - 1, red: bad });
        assert.ok(probes.length <= Math.ceil(Math.log2(links)), `${probes.length} tests for ${links}`);
      }
    }
  });
});
