import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Cell } from '../../../src/engine/cell.ts';
import type { RunContext } from '../../../src/engine/runContext.ts';
import { runTests } from '../../../src/engine/steps/runTests.ts';
import { EngineRoom } from '../../support/engineRoom.ts';
import { RunStory, specOf } from '../../support/runStory.ts';

describe('Set-up for another state of the target', () => {
  it('is run again for the state before, once it was broken off for the next', async () => {
    const ran: string[] = [];
    let end: 'exited' | 'aborted' = 'exited';
    const shell = async ({ command }: { readonly command: string }) => {
      ran.push(command);
      return { exitCode: end === 'exited' ? 0 : null, end, durationMs: 1, outputBytes: 0, truncated: false, tail: '' };
    };
    const cell = { setUpFor: null, server: { client: { shell } } } as unknown as Cell;
    const room = new EngineRoom({
      files: { outputFile: async () => '/out', editOutput: async () => {}, relative: (path) => path },
      repository: {
        snapshot: async () => ({ ok: true, value: { tree: 'laid out' } }),
        checkoutTree: async () => ({ ok: true, value: undefined }),
      },
    });
    const context = {
      deps: room.deps,
      engine: { limits: { watch: () => async () => {} } },
      state: new RunStory(specOf({ setup: 'install', test: 'check' })).ready().state,
      laidOut: new Set(['laid out', 'first', 'second']),
      remainingMs: () => 1e9,
      record: async () => 1,
    } as unknown as RunContext;
    const { signal } = new AbortController();
    const test = (ground: string) => runTests(context, cell, 'test', signal, { tree: 'laid out', what: 'it', ground });
    await test('first');
    end = 'aborted';
    assert.equal(await test('second'), null);
    end = 'exited';
    await test('first');
    await test('first');
    assert.deepEqual(ran, ['install', 'check', 'install', 'install', 'check', 'check']);
  });
});
