import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { sha256 } from '../../../src/adapters/journal/sha256.ts';
import { silentLog } from '../../../src/base/log.ts';
import { event } from '../../../src/core/journal/events.ts';
import { MemoryJournal } from '../../../src/core/journal/memoryJournal.ts';
import { SecretGuard } from '../../../src/core/policy/secrets/secretGuard.ts';
import type { HostGrant, HostGrants } from '../../../src/core/ports/hostGrants.ts';
import { evolveRun } from '../../../src/core/run/evolve.ts';
import { ApprovalDesk } from '../../../src/engine/approvalDesk.ts';
import { Attendance } from '../../../src/engine/attendance.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { reviseCandidate } from '../../../src/engine/revise.ts';
import type { EngineContext } from '../../../src/engine/runContext.ts';
import { ManualClock } from '../../support/cli/manualClock.ts';
import { evidence, specOf } from '../../support/runStory.ts';

const never = new AbortController().signal;
const tree = 'd'.repeat(40);

describe('What waits for a person', () => {
  let ledger: Ledger;
  let desk: ApprovalDesk;
  let granted: string[];

  beforeEach(async () => {
    const clock = new ManualClock(1000);
    const journal = new MemoryJournal({ evolve: evolveRun, hash: sha256 });
    ledger = new Ledger({ journal, clock, log: silentLog, secrets: new SecretGuard([], sha256) });
    const attendance = new Attendance(silentLog);
    attendance.arrive();
    let ids = 0;
    granted = [];
    const hosts = { add: async ({ place, by, run }: HostGrant) => void granted.push(`${place} ${by} ${run}`) } as unknown as HostGrants;
    const deps = { ids: { short: () => `id${++ids}` }, clock, hosts, options: { unattendedGraceMs: 0 } as never };
    desk = new ApprovalDesk(ledger, attendance, deps);
    await ledger.append('run', 'person:ann', event('run/requested', { run: 'run', spec: specOf() }));
  });

  const ask = (): Promise<string> => desk.request('run', { kind: 'permission', attempt: 1, title: 't', detail: '', tree: null });

  it('is told to everybody who waits for the answer', async () => {
    const id = await ask();
    const waiting = [desk.waitFor('run', id, never), desk.waitFor('run', id, never)];
    await desk.answer({ run: 'run', id, decision: 'approved', tree: null, comment: null }, 'person:ann');
    const answers = await Promise.all(waiting);
    assert.deepEqual(
      answers.map((answer) => answer?.decision),
      ['approved', 'approved'],
    );
  });

  it('may be a host, allowed for good: that is kept apart from the run, and the journal says so', async () => {
    const permission = { permission: 'network', patterns: ['example.org:443'] };
    const id = await desk.request('run', { kind: 'permission', attempt: 1, title: 't', detail: '', tree: null, permission });
    await desk.answer({ run: 'run', id, decision: 'approved', tree: null, comment: null, always: true }, 'person:ann');
    assert.deepEqual(granted, ['example.org:443 person:ann run']);
    assert.deepEqual(ledger.expect('run').grantedPermissions, []);
  });

  it('is allowed for good only when it is a host, and never by a refusal', async () => {
    const always = { run: 'run', tree: null, comment: null, always: true } as const;
    const other = await ask();
    const permission = { permission: 'network', patterns: ['example.org:443'] };
    const id = await desk.request('run', { kind: 'permission', attempt: 1, title: 't', detail: '', tree: null, permission });
    for (const [asked, decision] of [
      [other, 'approved'],
      [id, 'rejected'],
    ] as const)
      await assert.rejects(desk.answer({ ...always, id: asked, decision }, 'person:ann'), /Nothing was decided/);
    assert.deepEqual([granted, ledger.expect('run').pending.length], [[], 2]);
  });

  it('is not waited for any more once it is withdrawn, and others are', async () => {
    const [id, other] = [await ask(), await ask()];
    const waiting = [desk.waitFor('run', id, never), desk.waitFor('run', id, never)];
    const stays = desk.waitFor('run', other, never);
    await ledger.append('run', 'engine', event('approval/withdrawn', { id, reason: 'the turn ended' }));
    assert.deepEqual(await Promise.all(waiting), [null, null]);
    desk.dispose();
    assert.equal(await stays, null);
  });

  /** A green change is up for review. */
  const askReview = async (): Promise<string> => {
    await ledger.append('run', 'engine', event('cell/planned', { worktree: '/cell', home: '/home', branch: 'b', base: tree }));
    await ledger.append('run', 'engine', event('attempt/started', { attempt: 1, prompt: 'p', because: 'first' }));
    const kept = { keptRef: 'refs/reactor/kept/run/1', keptCommit: tree, files: [], filesTotal: 1, added: 1, removed: 0 };
    await ledger.append('run', 'engine', event('attempt/candidateBuilt', { attempt: 1, tree, ...kept }));
    await ledger.append('run', 'engine', event('attempt/tested', { attempt: 1, tree, evidence: evidence(0), changedByTest: [] }));
    return desk.request('run', { kind: 'review', attempt: 1, title: 't', detail: '', tree });
  };

  it('has no edits to take from a worktree that is gone, and says what to do', async () => {
    await askReview();
    const engine = { ledger, deps: { files: { exists: async () => false } } } as unknown as EngineContext;
    await assert.rejects(reviseCandidate(engine, { run: 'run', tree, rejected: [], edited: true }, 'person:ann'), {
      code: 'notPossibleNow',
      message: 'The worktree of run is gone (/cell), and edits in it with it: approve or reject the change as the agent left it.',
    });
  });

  it('is not revised when it has been answered while the new candidate was built', async () => {
    const id = await askReview();
    const repository = {
      withoutChanges: async () => {
        await desk.answer({ run: 'run', id, decision: 'approved', tree, comment: null }, 'person:bob');
        return { ok: true, value: 'e'.repeat(40) };
      },
      writeCommit: async () => ({ ok: true, value: 'f'.repeat(40) }),
      moveRef: async () => ({ ok: true, value: undefined }),
      changes: async () => [],
    };
    const files = { changedSince: async () => ({ paths: [], isWhole: true }) };
    const engine = { ledger, deps: { repository, files } } as unknown as EngineContext;
    const request = { run: 'run', tree, rejected: [{ path: 'a', hunks: null }], edited: false };
    await assert.rejects(
      reviseCandidate(engine, request, 'person:ann'),
      /The review of run was answered meanwhile\. Nothing was changed\./,
    );
    assert.deepEqual(
      ledger.expect('run').attempts.map(({ candidate, review }) => [candidate?.tree, review?.decision]),
      [[tree, 'approved']],
    );
  });
});
