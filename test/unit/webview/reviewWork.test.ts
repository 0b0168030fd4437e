import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type HunkSelection, takeAll } from '../../../webview-ui/src/diff/hunkSelection.ts';
import {
  chosenIn,
  draftAt,
  leftBehind,
  noWork,
  ReviewWork,
  withChoice,
  withDraft,
  without,
} from '../../../webview-ui/src/diff/reviewWork.ts';

const one = { run: 'r1', tree: 't1' };
const two = { run: 'r1', tree: 't2' };
const line = { ...one, path: 'a.ts', line: 4 };
const choice: HunkSelection = { whole: new Set(['b.bin']), hunks: new Map([['a.ts', new Set([0, 2])]]) };

describe('what was begun in a review', () => {
  it('comes back as it was, for the candidate it was begun on', () => {
    const begun = withDraft(withChoice(noWork, one, choice), line, 'just ask');
    const kept = ReviewWork.parse(JSON.parse(JSON.stringify(begun)));
    assert.deepEqual([chosenIn(kept, one), draftAt(kept, line)], [choice, 'just ask']);
    assert.deepEqual([chosenIn(kept, two), draftAt(kept, { ...line, line: 5 })], [takeAll, '']);
  });

  it('is gone when it is taken back', () => {
    const begun = withDraft(withChoice(noWork, one, choice), line, 'just ask');
    assert.deepEqual(withDraft(withChoice(begun, one, takeAll), line, ' '), noWork);
  });

  it('is left behind when another candidate waits, until it is discarded', () => {
    const old = withDraft(withChoice(noWork, one, choice), line, 'just ask');
    const begun = withChoice(withDraft(old, { ...line, run: 'r2' }, 'elsewhere'), two, choice);
    const left = leftBehind(begun, 'r1', 't2');
    assert.deepEqual(left, { rejected: old.rejected, drafts: old.drafts });
    assert.deepEqual(leftBehind(without(begun, left), 'r1', 't2'), noWork);
    assert.deepEqual(chosenIn(without(begun, left), two), choice);
  });

  it('is kept for a bounded number of candidates, the latest', () => {
    let work = noWork;
    for (let at = 0; at < 60; at += 1) work = withDraft(withChoice(work, { run: 'r1', tree: `${at}` }, choice), { ...line, line: at }, 'x');
    assert.deepEqual([work.rejected.length, work.drafts.length, work.rejected.at(-1)?.tree, work.drafts[0]?.line], [50, 50, '59', 10]);
  });
});
