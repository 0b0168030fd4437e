import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parsePatch } from '../../../src/core/projections/parsePatch.ts';
import type { Lane, PatchFileShape } from '../../../src/protocol/panelShapes.ts';
import { codeTokens } from '../../../webview-ui/src/diff/codeTokens.ts';
import { defaultComparison, isReviewable, treeChoices } from '../../../webview-ui/src/diff/diffChoices.ts';
import { type DiffRow, inlineRows, sideBySideRows } from '../../../webview-ui/src/diff/diffRows.ts';
import { isRejected, rejectedCount, rejections, setFile, takeAll, taken, toggleHunk } from '../../../webview-ui/src/diff/hunkSelection.ts';

const patch = `diff --git a/a.ts b/a.ts
--- a/a.ts
+++ b/a.ts
@@ -1,4 +1,4 @@
 one
-two
-three
+2
 four
\\ No newline at end of file
@@ -9 +9,2 @@ function f()
 nine
+ten
`;
const [file] = parsePatch(patch);
assert.ok(file !== undefined);
const shown = (rows: readonly DiffRow[]): string[] =>
  rows.map(({ left, right }) =>
    [left, right].map((side) => (side === null ? '·' : `${side.line}${side.kind[0]} ${side.text}`)).join(' | '),
  );

describe('the rows of a diff', () => {
  it('stand in one column as in the patch', () =>
    assert.deepEqual(shown(inlineRows(file.hunks[0]!)), [
      '1s one | 1s one',
      '2r two | ·',
      '3r three | ·',
      '· | 2a 2',
      '4s four ⊘ | 3s four ⊘',
    ]));

  it('stand side by side: what was removed beside what came in its place', () => {
    assert.deepEqual(shown(sideBySideRows(file.hunks[0]!)), ['1s one | 1s one', '2r two | 2a 2', '3r three | ·', '4s four ⊘ | 3s four ⊘']);
    assert.deepEqual(shown(sideBySideRows(file.hunks[1]!)), ['9s nine | 9s nine', '· | 10a ten']);
  });
});

describe('the hunks that are taken', () => {
  const binary: PatchFileShape = { ...file, path: 'b.bin', binary: true, hunks: [] };

  it('are all at first; one can be rejected and taken again', () => {
    const some = toggleHunk(takeAll, file, 1);
    assert.deepEqual(
      [taken(takeAll, file), taken(some, file), isRejected(some, 'a.ts', 0), isRejected(some, 'a.ts', 1)],
      ['all', 'some', false, true],
    );
    assert.deepEqual([rejections(some), rejections(toggleHunk(some, file, 1))], [[{ path: 'a.ts', hunks: [1] }], []]);
  });

  it('are the whole file when the last one goes, so that nothing of it is left behind', () => {
    const none = toggleHunk(toggleHunk(takeAll, file, 1), file, 0);
    assert.deepEqual([taken(none, file), rejections(none)], ['none', [{ path: 'a.ts', hunks: null }]]);
    assert.deepEqual(rejections(toggleHunk(none, file, 0)), [{ path: 'a.ts', hunks: [1] }]);
  });

  it('can be none of a file without hunks', () => {
    const none = setFile(setFile(takeAll, binary, false), file, false);
    assert.deepEqual([rejections(none).map(({ path }) => path), rejectedCount(none, [file, binary])], [['a.ts', 'b.bin'], 3]);
    assert.deepEqual(rejections(setFile(setFile(none, file, true), binary, true)), []);
  });
});

describe('what can be compared', () => {
  const lane = (change: Partial<Lane>): Lane => ({
    run: 'r1',
    task: 'TASK-001',
    title: '',
    phase: 'waiting',
    word: 'needs you',
    status: 'running',
    reason: '',
    boundary: '',
    unsandboxed: false,
    requestedAt: 0,
    startedAt: 0,
    endedAt: null,
    parkedAt: null,
    attempts: 2,
    attemptLimit: 3,
    tokens: 0,
    cost: { usd: '0', unpricedCalls: 0 },
    budgetUsd: null,
    baseTree: 'base',
    greenTree: 'base',
    candidates: [
      { attempt: 1, tree: 't1', green: false, fate: 'reverted' },
      { attempt: 2, tree: 't2', green: true, fate: 'open' },
    ],
    reviewTree: 't2',
    ...change,
  });

  it('is the base, each attempt, and the last candidates of other runs, each state once', () => {
    const other = lane({
      run: 'r2',
      task: 'TASK-002',
      candidates: [{ attempt: 1, tree: 't9', green: null, fate: 'open' }],
      reviewTree: null,
    });
    assert.deepEqual(
      treeChoices(lane({}), [lane({}), other]).map(({ tree, label }) => `${tree} ${label}`),
      ['base Base', 't2 Attempt 2 · green', 't1 Attempt 1 · red · reverted', 't9 TASK-002 · attempt 1'],
    );
  });

  it('is at first what waits for review, and only there hunks can be left out', () => {
    const waiting = lane({ greenTree: 'green' });
    assert.deepEqual(defaultComparison(waiting), { from: 'green', to: 't2' });
    assert.deepEqual(defaultComparison(lane({ reviewTree: null })), { from: 'base', to: 't2' });
    assert.equal(defaultComparison(lane({ reviewTree: null, candidates: [] })), null);
    assert.deepEqual(
      [isReviewable(waiting, 'green', 't2'), isReviewable(waiting, 'base', 't2'), isReviewable(waiting, 'green', 't1')],
      [true, false, false],
    );
  });
});

describe('the colours of code', () => {
  const kinds = (line: string, path: string) =>
    codeTokens(line, path)
      .filter(({ kind }) => kind !== 'plain')
      .map(({ kind, text }) => `${kind} ${text}`);

  it('tell comments, strings, numbers and reserved words apart', () => {
    assert.deepEqual(kinds('const url = "http://x"; // a "note" 1', 'a.ts'), [
      'keyword const',
      'string "http://x"',
      'comment // a "note" 1',
    ]);
    assert.deepEqual(kinds('x = 0x1f  # return', 'a.py'), ['number 0x1f', 'comment # return']);
    assert.deepEqual(kinds('const a = 1', 'notes.md'), []);
  });

  it('never change the text', () => {
    for (const line of ['', 'a "b', "it's `x` /* y", '\t# 1 \u202E "', '\\', 'x'.repeat(5000)]) {
      for (const path of ['a.ts', 'a.py', 'Makefile', 'x']) {
        assert.equal(
          codeTokens(line, path)
            .map(({ text }) => text)
            .join(''),
          line,
        );
      }
    }
  });
});
