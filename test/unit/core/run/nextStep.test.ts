import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { composePrompt } from '../../../../src/core/run/composePrompt.ts';
import { baseCommit, baseTree, evidence, RunStory, specOf } from '../../../support/runStory.ts';

const tree = '1'.repeat(40);
const other = '2'.repeat(40);

describe('what a run does next', () => {
  it('goes from request to landing when all is green', () => {
    const story = new RunStory();
    const steps = [story.next];
    story.ready();
    steps.push(story.next);
    story.tell(event('attempt/started', { attempt: 1, prompt: 'Fix it.', because: 'first' }));
    steps.push(story.next);
    story.tell(event('attempt/executed', { attempt: 1, end: 'done', steps: 1, durationMs: 1 }));
    steps.push(story.next);
    const whole = new RunStory().ready().attempt(1, tree);
    steps.push(whole.next);
    steps.push(whole.tested(1, tree, 0).next);
    steps.push(whole.reviewed('approved', tree).next);
    steps.push(whole.committed(1, tree).next);
    whole.tell(event('landing/queued', { target: 'main' }));
    steps.push(whole.next);
    whole.tell(event('landing/started', { target: 'main', from: 'b'.repeat(40), mode: 'ff' }));
    whole.tell(event('landing/prepared', { commit: 'd'.repeat(40), tree, onto: 'b'.repeat(40), merged: false }));
    steps.push(whole.next);
    whole.tell(event('landing/landed', { target: 'main', from: 'b'.repeat(40), to: 'd'.repeat(40), tree, checkout: 'followed' }));
    steps.push(whole.next);
    whole.tell(event('run/concluded', { status: 'landed', exitCode: 0, reason: 'landed on main' }));
    steps.push(whole.next);
    whole.tell(event('cell/removed', {}));
    steps.push(whole.next);
    whole.tell(event('run/finished', { status: 'landed', exitCode: 0, reason: 'landed on main', durationMs: 1 }));
    steps.push(whole.next);
    assert.deepEqual(steps, [
      'boot',
      'startAttempt because=first',
      'execute attempt=1',
      'buildCandidate attempt=1',
      'test attempt=1',
      'approveByPolicy attempt=1',
      'commit attempt=1',
      'queueLanding',
      'prepareLanding',
      'moveTarget',
      'conclude status=landed exitCode=0 reason=landed on main',
      'teardown',
      'finish',
      'rest',
    ]);
  });

  it('ends before any money is spent when the base is red', () => {
    const story = new RunStory().ready().tell(event('base/tested', { tree: baseTree, evidence: evidence(1), remembered: false }));
    assert.equal(
      story.next,
      'conclude status=failed exitCode=2 reason=the base is red before any change: `npm test` ended with exit code 1',
    );
  });

  it('tests no base where there is no commit, and tests the one that another run has settled since', () => {
    const story = new RunStory(specOf({ unborn: baseCommit }));
    story.tell(
      event('run/started', {}),
      event('cell/planned', { worktree: '/w', home: '/h', branch: 'reactor/TASK-001', base: baseCommit }),
      event('cell/serverSpawned', { process: { pid: 9, startTime: '1' }, port: 8000, start: 1 }),
      event('cell/ready', { url: 'http://127.0.0.1:8000', version: '1', session: 's', bootMs: 1 }),
    );
    assert.equal(story.next, 'startAttempt because=first');
    assert.equal(story.tell(event('run/baseSettled', { base: 'c'.repeat(40), baseTree })).next, 'testBase');
  });

  it('reverts a red attempt, feeds the failure back, and ends when no attempt is left', () => {
    const story = new RunStory().ready().attempt(1, tree).tested(1, tree, 1);
    assert.equal(story.next, 'revert attempt=1 reason=the tests failed');
    story.tell(event('attempt/reverted', { attempt: 1, to: 'b'.repeat(40), reason: 'the tests failed' }));
    assert.equal(story.next, 'startAttempt because=testsFailed');
    assert.match(composePrompt(story.state), /failed its tests[\s\S]*ended with exit code 1[\s\S]*Fix it\./);
    story.attempt(2, other, 'testsFailed').tested(2, other, 1);
    story.tell(event('attempt/reverted', { attempt: 2, to: 'b'.repeat(40), reason: 'the tests failed' }));
    assert.equal(story.next, 'conclude status=failed exitCode=2 reason=never green in 2 attempts');
  });

  it('ends as failed when the agent changed nothing', () => {
    assert.equal(new RunStory().ready().attempt(1, baseTree).next, 'conclude status=failed exitCode=2 reason=the agent changed nothing');
  });

  it('sends a candidate with a secret back to the agent as it stands, and ends with exit code 4 when no attempt is left', () => {
    const secrets = [{ path: 'a.ts', line: 3, name: 'GitHub token', id: 'github:0123456789abcdef' }];
    const candidate = (attempt: number) =>
      event('attempt/candidateBuilt', {
        ...{
          attempt,
          tree,
          keptRef: 'refs/reactor/kept/x/1',
          keptCommit: 'c'.repeat(40),
          files: [],
          filesTotal: 1,
          added: 1,
          removed: 0,
          secrets,
        },
      });
    const executed = (attempt: number) => event('attempt/executed', { attempt, end: 'done', steps: 1, durationMs: 1 });
    const story = new RunStory().ready().tell(event('attempt/started', { attempt: 1, prompt: 'Fix it.', because: 'first' }));
    story.tell(executed(1), candidate(1));
    assert.equal(story.next, 'startAttempt because=secret');
    assert.match(composePrompt(story.state), /still in place[\s\S]*a\.ts:3 \(GitHub token\)[\s\S]*Fix it\./);
    story.tell(event('attempt/started', { attempt: 2, prompt: 'Fix it.', because: 'secret' }), executed(2), candidate(2));
    assert.equal(
      story.next,
      'conclude status=failed exitCode=4 reason=a secret would be committed: a.ts:3 (GitHub token); if it is none, list it in reactor.yaml under secrets.allow: github:0123456789abcdef',
    );
  });

  it('never commits an attempt with a security violation', () => {
    const violations = [{ kind: 'editOutside', detail: 'write /etc/x' }];
    const story = new RunStory().ready();
    story.tell(
      event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }),
      event('attempt/violated', { attempt: 1, violations }),
      event('attempt/executed', { attempt: 1, end: 'done', steps: 1, durationMs: 1 }),
    );
    assert.equal(story.next, 'buildCandidate attempt=1');
    const built = new RunStory()
      .ready()
      .attempt(1, tree)
      .tell(event('attempt/violated', { attempt: 1, violations }));
    assert.equal(built.next, 'revert attempt=1 reason=security violation: write /etc/x');
    built.tell(event('attempt/reverted', { attempt: 1, to: 'b'.repeat(40), reason: 'security' }));
    assert.equal(built.next, 'conclude status=failed exitCode=4 reason=security violation: write /etc/x');
  });

  it('waits for a review and goes on with a comment in the same worktree', () => {
    const story = new RunStory(specOf({ approve: 'ask' })).ready().attempt(1, tree).tested(1, tree, 0);
    assert.equal(story.next, 'askReview attempt=1');
    story.reviewed('rejected', tree, 'rename x');
    assert.equal(story.next, 'startAttempt because=comment');
    assert.match(composePrompt(story.state), /still in place[\s\S]*rename x/);
    story.attempt(2, other, 'comment');
    assert.equal(story.next, 'test attempt=2');
  });

  it('ends a run that a person rejects without a comment', () => {
    const story = new RunStory(specOf({ approve: 'ask' })).ready().attempt(1, tree).tested(1, tree, 0).reviewed('rejected', tree);
    assert.equal(story.next, 'conclude status=failed exitCode=2 reason=rejected by ann rejected=true by=person:ann');
  });

  it('keeps a parked run at rest once its server has ended', () => {
    const story = new RunStory(specOf({ approve: 'ask' })).ready().attempt(1, tree).tested(1, tree, 0);
    story.tell(event('approval/requested', { id: 'q', kind: 'review', attempt: 1, title: 't', detail: '', tree }));
    assert.equal(story.next, 'wait');
    story.tell(event('run/parked', { code: 'review', reason: 'waits', exitCode: 5 }));
    assert.equal(story.next, 'suspend');
    story.tell(event('cell/serverStopped', { killed: [], left: [] }));
    assert.equal(story.next, 'rest');
    story.tellAs('person:ann', event('approval/answered', { id: 'q', decision: 'approved', tree, comment: null }));
    story.tell(event('run/resumed', { why: 'answered' }));
    assert.equal(story.next, 'commit attempt=1');
  });

  it('grants what a parked agent asked for and goes on in a new attempt', () => {
    const story = new RunStory().ready().tell(event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }));
    const permission = { permission: 'webfetch', patterns: ['https://example.org'] };
    story.tell(
      event('approval/requested', { id: 'p', kind: 'permission', attempt: 1, title: 'webfetch', detail: '', tree: null, permission }),
      event('run/parked', { code: 'permission', reason: 'waits', exitCode: 5 }),
      event('cell/serverStopped', { killed: [], left: [] }),
    );
    story.tellAs('person:ann', event('approval/answered', { id: 'p', decision: 'approved', tree: null, comment: null }));
    story.tell(event('run/resumed', { why: 'answered' }));
    assert.equal(story.next, 'boot');
    story.tell(event('cell/ready', { url: 'u', version: '1', session: 's', bootMs: 1 }));
    assert.equal(story.next, 'startAttempt because=granted');
    assert.deepEqual(story.state.grantedPermissions, [{ permission: 'webfetch', pattern: 'https://example.org', action: 'allow' }]);
  });

  it('keeps what a cancelled agent did before it ends', () => {
    const story = new RunStory().ready().tell(event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }));
    story.tellAs('person:ann', event('run/cancelRequested', {}));
    assert.equal(story.next, 'buildCandidate attempt=1');
    const whole = new RunStory().ready().attempt(1, tree).tellAs('person:ann', event('run/cancelRequested', {}));
    assert.equal(whole.next, 'conclude status=cancelled exitCode=130 reason=cancelled by ann by=person:ann');
  });

  it('ends with the time limit after keeping the work', () => {
    const story = new RunStory()
      .ready()
      .attempt(1, tree)
      .tell(event('run/timedOut', { afterMs: 60_000 }));
    assert.equal(story.next, 'conclude status=failed exitCode=3 reason=the time limit of 60 s has passed');
  });

  it('parks on a spent budget and goes on when it is raised', () => {
    const story = new RunStory(specOf({ limits: { ...specOf().limits, budgetUsd: '0' } })).ready();
    story.tell(
      event('attempt/started', { attempt: 1, prompt: 'x', because: 'first' }),
      event('attempt/executed', { attempt: 1, end: 'limit', limit: 'budget', steps: 1, durationMs: 1 }),
      event('attempt/candidateBuilt', {
        attempt: 1,
        tree,
        keptRef: 'refs/reactor/kept/TASK-001-r1/1',
        keptCommit: 'c'.repeat(40),
        files: [],
        filesTotal: 1,
        added: 1,
        removed: 0,
      }),
    );
    assert.equal(story.next, 'park code=budget exitCode=6 reason=the budget of $0 is used up');
    story.tell(event('run/budgetRaised', { budgetUsd: '1' }));
    assert.equal(story.next, 'startAttempt because=granted');
  });

  it('INV-007: a merge with a moved target is tested before it may land', () => {
    const story = new RunStory().ready().attempt(1, tree).tested(1, tree, 0).reviewed('approved', tree).committed(1, tree);
    story.tell(event('landing/started', { target: 'main', from: 'e'.repeat(40), mode: 'ff' }));
    story.tell(event('landing/prepared', { commit: 'f'.repeat(40), tree: other, onto: 'e'.repeat(40), merged: true }));
    assert.equal(story.next, 'testLanding');
    story.tell(event('landing/tested', { tree: other, evidence: evidence(0) }));
    assert.equal(story.next, 'moveTarget');
  });

  it('parks what can not land, each with its code', () => {
    const codes = (['dirty', 'conflict', 'red', 'moved', 'gone'] as const).map((code) => {
      const story = new RunStory().ready().attempt(1, tree).tested(1, tree, 0).reviewed('approved', tree).committed(1, tree);
      story.tell(event('landing/started', { target: 'main', from: 'e'.repeat(40), mode: 'ff' }));
      story.tell(event('landing/refused', { code, message: 'm', paths: [] }));
      return story.next;
    });
    assert.deepEqual(codes, [
      'park code=dirtyTarget exitCode=5 reason=m',
      'park code=conflict exitCode=7 reason=m',
      'park code=redMerge exitCode=7 reason=m',
      'park code=targetMoved exitCode=7 reason=m',
      'park code=targetMoved exitCode=7 reason=m',
    ]);
  });

  const committed = (retries = 0): RunStory =>
    new RunStory(specOf({ landing: { batch: 8, retries } }))
      .ready()
      .attempt(1, tree)
      .tested(1, tree, 0)
      .reviewed('approved', tree)
      .committed(1, tree)
      .tell(event('landing/queued', { target: 'main' }));
  const batched = (leader: string) =>
    event('landing/batched', {
      ...{ target: 'main', onto: 'e'.repeat(40), commit: 'f'.repeat(40), tree: other, leader },
      runs: [leader, 'TASK-001-r1'],
    });

  it('leads its batch, or waits for the one that does', () => {
    assert.deepEqual(
      [committed().tell(batched('TASK-001-r1')).next, committed().tell(batched('TASK-009-r1')).next],
      ['landBatch', 'prepareLanding'],
    );
  });

  it('has landed when another run landed it, even when it was cancelled in that moment', () => {
    const story = committed().tell(batched('TASK-009-r1')).tellAs('person:ann', event('run/cancelRequested', {}));
    assert.equal(story.next, 'settleLanding');
    story.tell(event('landing/landed', { target: 'main', from: 'e'.repeat(40), to: 'f'.repeat(40), tree: other, checkout: 'none' }));
    assert.equal(story.next, 'conclude status=landed exitCode=0 reason=landed on main');
  });

  it('ends as cancelled when it was stopped in the line and has not landed', () => {
    const story = committed().tellAs('person:ann', event('run/cancelRequested', {}));
    assert.equal(story.next, 'conclude status=cancelled exitCode=130 reason=cancelled by ann by=person:ann');
    story.tell(batched('TASK-009-r1'), event('landing/refused', { code: 'stopped', message: 'stopped before it landed', paths: [] }));
    assert.equal(story.next, 'conclude status=cancelled exitCode=130 reason=cancelled by ann by=person:ann');
  });

  it('goes back to the agent with a conflict, as often as is set, and lands what comes of it', () => {
    const story = committed(1).tell(event('landing/refused', { code: 'conflict', message: 'm', paths: ['a.ts'] }));
    assert.equal(story.next, 'rework code=conflict');
    const onto = { code: 'conflict' as const, onto: 'e'.repeat(40), ontoTree: '7'.repeat(40), tree: other };
    story.tell(event('landing/reworked', { ...onto, keptRef: 'refs/reactor/kept/x', paths: ['a.ts'], text: 'a.ts conflicts' }));
    assert.equal(story.next, 'startAttempt because=conflict');
    assert.match(composePrompt(story.state), /^a\.ts conflicts[\s\S]*The task was:\n\nFix it\./);
    story.attempt(2, other, 'conflict').tested(2, other, 0).reviewed('approved', other);
    assert.equal(story.next, 'commit attempt=2');
    story.committed(2, other);
    assert.equal(story.next, 'queueLanding');
    story.tell(event('landing/queued', { target: 'main' }), event('landing/refused', { code: 'conflict', message: 'm', paths: ['a.ts'] }));
    assert.equal(story.next, 'park code=conflict exitCode=7 reason=m');
  });

  it('goes back to the agent with the words of a person who has sent a refused landing back', () => {
    const story = committed().tell(event('landing/refused', { code: 'red', message: 'm', paths: [] }));
    story.tell(event('run/parked', { code: 'redMerge', reason: 'm', exitCode: 7 }));
    story.tellAs('person:ann', event('run/resumed', { why: 'sent back by ann', comment: 'Keep left.txt.' }));
    assert.equal(story.next, 'rework code=comment');
    const onto = { code: 'comment' as const, onto: 'e'.repeat(40), ontoTree: '7'.repeat(40), tree: other };
    story.tell(event('landing/reworked', { ...onto, keptRef: 'refs/reactor/kept/x', paths: [], text: 'Keep left.txt.' }));
    assert.equal(story.next, 'startAttempt because=conflict');
    // Without a comment the landing is tried again as it is.
    const again = committed().tell(event('landing/refused', { code: 'red', message: 'm', paths: [] }));
    again.tell(event('run/parked', { code: 'redMerge', reason: 'm', exitCode: 7 }), event('run/resumed', { why: 'resumed by ann' }));
    assert.equal(again.next, 'queueLanding');
  });

  it('ends with a conflict when the agent never gets it green on the target', () => {
    const story = committed(1).tell(event('landing/refused', { code: 'red', message: 'm', paths: [] }));
    const onto = { code: 'red' as const, onto: 'e'.repeat(40), ontoTree: '7'.repeat(40), tree: other };
    story.tell(event('landing/reworked', { ...onto, keptRef: 'refs/reactor/kept/x', paths: [], text: 'red' }));
    for (const attempt of [2, 3]) {
      assert.match(story.next, /^startAttempt/);
      story.attempt(attempt, other, 'conflict').tested(attempt, other, 1);
      story.tell(event('attempt/reverted', { attempt, to: 'e'.repeat(40), reason: 'the tests failed' }));
    }
    assert.match(story.next, /^conclude status=failed exitCode=7 reason=green alone, but never with main as it is now.*--attempt 1$/);
  });

  it('does not count time in the line of the target', () => {
    const story = committed();
    assert.equal(story.state.waitingSince !== null, true);
    story.tell(event('landing/started', { target: 'main', from: 'e'.repeat(40), mode: 'ff' }));
    // A second of review, and one in the line.
    assert.deepEqual([story.state.waitedMs, story.state.waitingSince], [2000, null]);
  });

  it('does not count time spent waiting for a person', () => {
    const story = new RunStory(specOf({ approve: 'ask' })).ready().attempt(1, tree).tested(1, tree, 0);
    story.tell(event('approval/requested', { id: 'q', kind: 'review', attempt: 1, title: 't', detail: '', tree }));
    story.tell(event('run/parked', { code: 'review', reason: 'waits', exitCode: 5 }));
    story.tellAs('person:ann', event('approval/answered', { id: 'q', decision: 'approved', tree, comment: null }));
    assert.equal(story.state.waitingSince !== null, true);
    story.tell(event('run/resumed', { why: 'answered' }));
    assert.deepEqual([story.state.waitedMs, story.state.waitingSince], [3000, null]);
  });
});

describe('what a run in step mode does next', () => {
  const stepping = () => new RunStory(specOf({ tcr: 'step' })).ready();
  const step = (story: RunStory, attempt: number, of: string): RunStory =>
    story
      .attempt(attempt, of, attempt === 1 ? 'first' : 'step')
      .tested(attempt, of, 0)
      .tell(event('attempt/stepCommitted', { attempt, step: attempt, commit: of, tree: of, branch: 'reactor/TASK-001' }));

  it('commits each green turn and goes on until a turn changes nothing; then all of it goes to the gate', () => {
    const first = stepping().attempt(1, tree).tested(1, tree, 0);
    assert.equal(first.next, 'commitStep attempt=1');
    const story = step(stepping(), 1, tree);
    assert.equal(story.next, 'startAttempt because=step');
    assert.match(composePrompt(story.state), /^Step 1 passed the tests and is committed/);
    step(story, 2, other).attempt(3, other, 'step').tested(3, other, 0);
    assert.equal(story.next, 'approveByPolicy attempt=3');
    assert.deepEqual(story.state.gated, { commit: 'b'.repeat(40), tree: baseTree });
    story.tell(event('attempt/approvedByPolicy', { attempt: 3, tree: other, rule: 'approve: auto' }));
    assert.equal(story.next, 'commit attempt=3');
    assert.equal(story.committed(3, other).next, 'queueLanding');
  });

  it('a first turn that changes nothing fails, as without steps', () => {
    assert.match(stepping().attempt(1, baseTree).next, /^conclude status=failed exitCode=2 reason=the agent changed nothing$/);
  });

  it('counts red turns anew after each green step', () => {
    const story = step(stepping(), 1, tree).attempt(2, other, 'step').tested(2, other, 1);
    assert.equal(story.next, 'revert attempt=2 reason=the tests failed');
    story.tell(event('attempt/reverted', { attempt: 2, to: tree, reason: 'the tests failed' }));
    assert.equal(story.next, 'startAttempt because=testsFailed');
    story.attempt(3, other, 'testsFailed').tested(3, other, 1);
    story.tell(event('attempt/reverted', { attempt: 3, to: tree, reason: 'the tests failed' }));
    assert.match(story.next, /^conclude .*reason=never green in 2 attempts; 1 green step is on reactor\/TASK-001$/);
  });

  it('a candidate that a person took in part goes to the gate, not to the next step', () => {
    const story = step(stepping(), 1, tree).attempt(2, tree, 'step').tested(2, tree, 0);
    story.tell(
      event('attempt/revised', { attempt: 2, from: tree, rejected: [], coAuthor: null }),
      event('attempt/candidateBuilt', {
        attempt: 2,
        tree: other,
        keptRef: 'refs/reactor/kept/x',
        keptCommit: 'c'.repeat(40),
        files: [],
        filesTotal: 1,
        added: 1,
        removed: 0,
      }),
    );
    assert.equal(story.tested(2, other, 0).next, 'approveByPolicy attempt=2');
  });
});
