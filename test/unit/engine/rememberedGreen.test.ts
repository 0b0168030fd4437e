import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../src/core/journal/events.ts';
import { SandboxSpec } from '../../../src/core/model/sandboxSpec.ts';
import type { RunState } from '../../../src/core/run/state.ts';
import { rememberedGreen } from '../../../src/engine/rememberedGreen.ts';
import type { RunContext } from '../../../src/engine/runContext.ts';
import { baseCommit, baseTree, evidence, RunStory, specOf } from '../../support/runStory.ts';

type Bounds = { readonly boundary: string | null; readonly network?: 'open' | 'none'; readonly ports?: number };

const cellWithin = ({ boundary, network = 'open', ports = 0 }: Bounds): RunStory =>
  new RunStory(specOf({ ports, sandbox: SandboxSpec.parse({ mode: 'preferred', network }) })).tell(
    event('run/started', {}),
    event('cell/planned', { worktree: '/w', home: '/h', branch: 'reactor/TASK-001', base: baseCommit }),
    event('cell/serverSpawned', { process: { pid: 9, startTime: '1' }, port: 8000, start: 1, boundary }),
  );

/** Whether a run within `present` goes without a test of a base that was green within `former`. */
function isRemembered(former: Bounds, present: Bounds): boolean {
  const before = cellWithin(former).tell(event('base/tested', { tree: baseTree, evidence: evidence(0), remembered: false })).state;
  const state: RunState = { ...cellWithin(present).state, run: 'TASK-002-r1' };
  const context = { run: state.run, state, deps: { journal: { recentRuns: () => [before] } } };
  return rememberedGreen(context as unknown as RunContext, baseTree) !== null;
}

describe('a base that was green before', () => {
  it('need not be tested again within the same boundary', () => {
    for (const bounds of [{ boundary: null }, { boundary: 'bubblewrap', network: 'none', ports: 2 }] as const)
      assert.equal(isRemembered(bounds, bounds), true);
  });

  it('says nothing of what passes without the sandbox, without the network, or with ports', () => {
    const former: Bounds = { boundary: 'bubblewrap' };
    for (const present of [{ boundary: null }, { ...former, network: 'none' }, { ...former, ports: 1 }] as const)
      assert.equal(isRemembered(former, present), false, JSON.stringify(present));
  });
});
