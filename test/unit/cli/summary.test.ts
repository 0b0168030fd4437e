import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runDetails } from '../../../src/cli/render/runDetails.ts';
import { liveLines } from '../../../src/cli/render/runLine.ts';
import { statusLines } from '../../../src/cli/render/statusLines.ts';
import type { Style } from '../../../src/cli/render/style.ts';
import { summaryLines } from '../../../src/cli/render/summary.ts';
import { taskTreeLines } from '../../../src/cli/render/taskTreeLines.ts';
import { textWidth } from '../../../src/cli/render/textWidth.ts';
import { event } from '../../../src/core/journal/events.ts';
import { taskTree } from '../../../src/core/projections/costs/taskCosts.ts';
import type { RunState } from '../../../src/core/run/state.ts';
import { statusOf } from '../../../src/engine/queries.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { readerOf } from '../../support/cli/fakeHost.ts';
import { greenRun, landRun, storySpec, told } from '../../support/cli/story.ts';

const plain: Style = { columns: 80, colours: false };

const shown = (lines: readonly string[]): string => `\n${lines.join('\n')}\n`;

/** Landed at once, landed after a red attempt, never green. */
function endedRuns(): FakeEngine {
  const engine = new FakeEngine();
  greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
  landRun(engine, 'r1');
  const red = [
    told.attempt(1),
    told.message(1),
    told.executed(1),
    told.candidate(1),
    told.tested(1, 1, 'not ok 1\nexpected 5\n'),
    told.reverted(1),
  ];
  engine.tell('r2', told.requested('r2', storySpec('TASK-002', 'Parse durations')), told.started(), ...red);
  engine.tell('r2', told.attempt(2), told.message(2), told.executed(2), told.candidate(2), told.tested(2, 0));
  landRun(engine, 'r2', 2);
  engine.tell('r3', told.requested('r3', storySpec('TASK-003', 'Impossible', { attempts: 1 })), told.started(), told.attempt(1));
  engine.tell('r3', told.message(1, null), told.executed(1), told.candidate(1), told.tested(1, 1), told.reverted(1));
  engine.tell('r3', ...told.ended('failed', 2, 'never green in 1 attempt'));
  return engine;
}

/** Parked for a review, asking for a permission, at work. */
function openRuns(): FakeEngine {
  const engine = new FakeEngine();
  greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
  engine.tell('r1', told.review(1), told.parked());
  engine.tell('r2', told.requested('r2', storySpec('TASK-002', 'A very long title 漢字漢字 that does not fit in any column at all')));
  engine.tell('r2', told.started(), told.attempt(1), told.message(1), told.permission());
  engine.tell('r3', told.requested('r3', storySpec('TASK-003', 'Short')), told.started(), told.attempt(1), told.message(1));
  return engine;
}

const all = (engine: FakeEngine) => [...engine.states.values()];

describe('the closing summary', () => {
  it('says how each run ended, what moved and what to do next', () => {
    const engine = endedRuns();
    assert.equal(
      shown(summaryLines(all(engine), plain, engine.at)),
      `
  TASK-001 Add slugify      ✓ landed     attempt 1  11 s  1,830 tok  $0.0121
           boot 1.0 s → agent 3.1 s → test ✓ 0.8 s → commit → landed
           2 files +12 −3
             M src/slug.ts        +10 −3
             A test/slug.test.ts  +2 −0
  TASK-002 Parse durations  ✓ landed     attempt 2  17 s  3,660 tok  $0.0242
           boot 1.0 s → agent 3.1 s → test ✗ 0.8 s → reverted → agent 3.1 s →
           test ✓ 0.8 s → commit → landed
           2 files +12 −3
             M src/slug.ts        +10 −3
             A test/slug.test.ts  +2 −0
  TASK-003 Impossible       ✗ failed     1 attempt  8.0 s  1,830 tok  unpriced
           never green in 1 attempt
           boot 1.0 s → agent 3.1 s → test ✗ 0.8 s → reverted → failed
           2 files +12 −3, kept in refs/reactor/kept/run/1
             M src/slug.ts        +10 −3
             A test/slug.test.ts  +2 −0
  main  b1c2d3e → d4e5f6a  2 landed · 1 failed · 2 attempts reverted
  Next:
    reactor show TASK-003     see what happened
    reactor restore TASK-003  bring the last attempt back as a branch
`,
    );
  });

  it('says what becomes of a run that asks to go without a sandbox', () => {
    const engine = new FakeEngine();
    engine.tell('r1', told.requested('r1', storySpec('TASK-001', 'Add slugify')), told.started(), told.unsandboxed());
    assert.equal(
      shown(summaryLines(all(engine), plain, engine.at).slice(-3)),
      `
  Next:
    reactor approve TASK-001  allow it in this run
    reactor reject TASK-001   deny it; the task does not go on
`,
    );
  });

  it('says what to do about a key that the provider did not take', () => {
    const engine = new FakeEngine();
    engine.tell('r1', told.requested('r1', storySpec('TASK-001', 'Add slugify')), told.started(), told.attempt(1));
    engine.tell('r1', ...told.ended('failed', 2, 'the agent failed: APIError: Incorrect API key provided (status 401)'));
    assert.equal(
      shown(summaryLines(all(engine), plain, engine.at).slice(-3)),
      `
  Next:
    opencode auth login    give a key that the provider takes
    reactor show TASK-001  see what happened
`,
    );
  });

  it('says what to do about a model that OpenCode does not know', () => {
    const engine = new FakeEngine();
    engine.tell('r1', told.requested('r1', storySpec('TASK-001', 'Add slugify')), told.started(), told.attempt(1));
    engine.tell('r1', ...told.ended('failed', 2, 'ProviderModelNotFoundError: Model not found: openai/gtp-5.'));
    assert.equal(
      shown(summaryLines(all(engine), plain, engine.at).slice(-3)),
      `
  Next:
    opencode models        list the models that OpenCode knows
    reactor show TASK-001  see what happened
`,
    );
  });

  it('says what to do about runs that wait', () => {
    const engine = openRuns();
    assert.equal(
      shown(summaryLines(all(engine), plain, engine.at).slice(-7)),
      `
  1 parked · 2 running
  Next:
    reactor show TASK-001 --diff           look at the change
    reactor approve TASK-001               take it
    reactor reject TASK-001 --comment "…"  send it back to work
    reactor approve TASK-002               allow it once and go on
    reactor reject TASK-002 --comment "…"  deny it; the agent finds another way
`,
    );
  });

  it('names the lock of another git, in place of changes that nobody has', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
    engine.tell('r1', told.committed(1), told.landing());
    engine.tell('r1', event('landing/refused', { code: 'dirty', message: 'Another git holds index.lock.', paths: [], locked: true }));
    engine.tell('r1', event('run/parked', { code: 'dirtyTarget', reason: 'Another git holds index.lock.', exitCode: 5 }));
    const text = summaryLines(all(engine), plain, engine.at).join('\n');
    assert.match(text, /reactor resume TASK-001 {2}land it, once no other git holds the lock/);
    assert.doesNotMatch(text, /stash/);
  });

  it('says of what a person did not want that it was rejected, not that it failed', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
    engine.tell('r1', told.review(1), told.answered('a1', 'rejected'), ...told.rejected());
    const text = summaryLines(all(engine), plain, engine.at).join('\n');
    assert.match(text, /TASK-001 Add slugify {2}■ rejected {3}[^\n]*\n {11}rejected by ann\n[\s\S]* {2}1 rejected\n/);
    assert.doesNotMatch(text, /failed|✗/);
    const costs = taskTreeLines(taskTree(all(engine), new Map(), engine.at), plain).join('\n');
    assert.match(costs, /r1 {2}rejected {2}1 attempt/);
  });

  it('tells a dirty target, a used-up budget and a conflict apart', () => {
    const hintsOf = (code: 'dirtyTarget' | 'budget' | 'conflict') => {
      const engine = new FakeEngine();
      greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
      engine.tell('r1', event('run/parked', { code, reason: `because of ${code}`, exitCode: 5 }));
      const lines = summaryLines(all(engine), { columns: 200, colours: false }, engine.at);
      return lines.slice(lines.indexOf('  Next:') + 1).map((line) => line.trim().replace(/ {2,}/, ' - '));
    };
    assert.deepEqual(
      [hintsOf('dirtyTarget'), hintsOf('budget'), hintsOf('conflict')],
      [
        [
          'reactor resume TASK-001 - land it, after you have committed or stashed your changes in /repository',
          'reactor kill TASK-001 - give it up; what was done is kept',
        ],
        ['reactor resume TASK-001 --budget USD - go on with a higher limit', 'reactor kill TASK-001 - give it up; what was done is kept'],
        [
          'reactor resume TASK-001 - try again on main as it is now',
          'reactor reject TASK-001 --comment "…" - send it back to work on that, with what you say',
          'reactor restore TASK-001 - make a branch of it and merge by hand',
          'reactor kill TASK-001 - give it up; what was done is kept',
        ],
      ],
    );
  });

  it('never passes the width of the terminal, whatever the titles and paths', () => {
    const nasty = ['漢'.repeat(90), '👩‍👩‍👧'.repeat(40), 'é'.repeat(200), '\u202e\u001b[31mred\u0007', ''];
    for (const columns of [40, 60, 80, 132]) {
      const engine = new FakeEngine();
      for (const [index, title] of nasty.entries()) greenRun(engine, `r${index}`, storySpec(`TASK-${index}`, title));
      const style = { columns, colours: false };
      const activities = new Map(all(engine).map(({ run }) => [run, 'edit '.repeat(50)]));
      const lines = [
        ...summaryLines(all(engine), style, engine.at),
        ...liveLines(all(engine), style, engine.at, activities),
        ...statusLines(statusOf(readerOf(engine), null, null), style, engine.at),
      ];
      assert.deepEqual(
        // The name of a kept ref stays whole, to be copied.
        lines.filter((line) => (textWidth(line) > columns && !line.includes(', kept in refs/')) || /[\p{Cc}\u202e]/u.test(line)),
        [],
      );
    }
  });
});

describe('live lines and lists', () => {
  it('align runs and give what is left to what the agent does', () => {
    const engine = openRuns();
    assert.equal(
      shown(liveLines(all(engine), plain, engine.at, new Map([['r3', 'edit src/some/long/path/to/slug.ts']]))),
      `
  TASK-001 Add slugify   ◇ parked     attempt 1 of 3  6.0 s  $0.0121
  TASK-002 A very long…  ◇ needs you  attempt 1 of 3  7.0 s  $0.0121
  TASK-003 Short         ● executing  attempt 1 of 3  2.0 s  $0.0121  edit src/…
`,
    );
  });

  it('show how a run stands behind a long title, and what was kept whole', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', '漢字 '.repeat(40)));
    const lines = runDetails(engine.states.get('TASK-001-r1') as RunState, '/data', { ...plain, columns: 60 }, engine.at);
    assert.match(lines[0] ?? '', /^TASK-001 漢.*… {2}◐ testing {2}TASK-001-r1$/);
    assert.ok(
      lines.some((line) => /, kept in refs\/reactor\/kept\/[^…]+$/.test(line)),
      lines.join('\n'),
    );
  });

  it('leave the attempt and the tokens out before the cost on a narrow terminal', () => {
    const narrow = { ...plain, columns: 60 };
    const open = openRuns();
    const ended = endedRuns();
    assert.deepEqual(
      [
        liveLines(all(open), narrow, open.at, new Map()).filter((line) => !line.endsWith('$0.0121')),
        summaryLines(all(ended), narrow, ended.at).filter((line) => /✓|✗/.test(line) && / tok|attempts? .*…$/.test(line)),
      ],
      [[], []],
    );
  });

  it('say of a run that waits for its turn on the branch just that', () => {
    const engine = new FakeEngine();
    greenRun(engine, 'r1', storySpec('TASK-001', 'Add slugify'));
    engine.tell('r1', told.committed(1), event('landing/queued', { target: 'main' }));
    const activities = new Map([['r1', 'committed a1b2c3d']]);
    assert.match(
      liveLines(all(engine), { ...plain, columns: 100 }, engine.at, activities)[0] ?? '',
      /landing {3,}attempt 1 of 3 .* {2}in line for main$/,
    );
    engine.tell('r1', told.landing());
    assert.match(liveLines(all(engine), { ...plain, columns: 100 }, engine.at, activities)[0] ?? '', / {2}committed a1b2c3d$/);
  });

  it('put what needs a person first', () => {
    const engine = openRuns();
    assert.equal(
      shown(statusLines(statusOf(readerOf(engine), null, null), plain, engine.at)),
      `
NEEDS YOU  2
  ◇ TASK-001 review: 2 files +12 −3, tests green, tree 9f3c2ab  waits 10 s
      reactor show TASK-001 --diff · reactor approve TASK-001
  ◇ TASK-002 permission: bash npm publish --dry-run  waits 4.0 s
      reactor approve TASK-002 · reactor reject TASK-002

RUNS  3
TASK      TITLE                             STATE        ATTEMPT   TIME     COST
TASK-001  Add slugify                       ◇ parked     1 of 3   6.0 s  $0.0121
TASK-002  A very long title 漢字漢字 that…  ◇ needs you  1 of 3   7.0 s  $0.0121
TASK-003  Short                             ● executing  1 of 3   2.0 s  $0.0121
`,
    );
  });

  it('say so when nothing runs', () => {
    assert.deepEqual(statusLines({ runs: [], cells: [], inbox: [], head: 0 }, plain, 0), [
      'Nothing runs and nothing waits for you. Start with: reactor run --prompt "…"',
    ]);
  });

  it('show a whole run with the evidence of each attempt', () => {
    const engine = endedRuns();
    assert.equal(
      shown(runDetails(engine.state('r2'), '/data', plain, engine.at)),
      `
TASK-002 Parse durations  ✓ landed  r2
  prompt   Parse durations, with tests.
  why      landed on main
  base     b1c2d3e, to land on main (ff)
  test     npm test
  spent    17 s, 3,660 tok, $0.0242
  boot 1.0 s → agent 3.1 s → test ✗ 0.8 s → reverted → agent 3.1 s →
  test ✓ 0.8 s → commit → landed
attempt 1  1,830 tok, $0.0121
  2 files +12 −3, tree 9f3c2ab, kept in refs/reactor/kept/run/1
    M src/slug.ts        +10 −3
    A test/slug.test.ts  +2 −0
  tests red: exit code 1 in 0.8 s  /data/runs/test.log
    | not ok 1
    | expected 5
  reverted: the tests failed
attempt 2  1,830 tok, $0.0121
  2 files +12 −3, tree 9f3c2ab, kept in refs/reactor/kept/run/2
    M src/slug.ts        +10 −3
    A test/slug.test.ts  +2 −0
  tests green in 0.8 s  /data/runs/test.log
  committed as d4e5f6a
`,
    );
  });
});
