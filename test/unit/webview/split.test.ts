import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isStackedAt, shareByKey, splitLimits, within } from '../../../webview-ui/src/ui/splitShares.ts';

describe('the divider between two panes', () => {
  const wide = { width: 1000, height: 600 };
  const narrow = { width: 400, height: 600 };
  const limits = splitLimits(wide);

  it('leaves each pane what it needs, and shares where there is too little', () =>
    assert.deepEqual(
      [limits, isStackedAt(400), isStackedAt(640), isStackedAt(0), splitLimits({ width: 400, height: 200 }), within(99, limits)],
      [{ min: 34, max: 78 }, true, false, false, { min: 50, max: 50 }, 78],
    ));

  it('moves by the arrows of its direction, to its ends and back, and by no other key', () => {
    const beside = (key: string) => shareByKey(key, 72, limits, false, 70);
    const stacked = (key: string) => shareByKey(key, 60, splitLimits(narrow), true, 70);
    assert.deepEqual(['ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End', 'Enter', 'ArrowUp', 'Tab'].map(beside), [
      ...[70, 74, 62, 78, 34, 78, 70],
      ...[null, null],
    ]);
    assert.deepEqual(['ArrowUp', 'ArrowDown', 'ArrowLeft'].map(stacked), [58, 62, null]);
  });
});
