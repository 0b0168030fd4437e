import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { withoutLineEnds } from '../../../../src/core/projections/lineEnds.ts';
import { parsePatch } from '../../../../src/core/projections/parsePatch.ts';

const shown = (...lines: readonly string[]): readonly string[] => {
  const count = (other: string) => lines.filter((line) => !line.startsWith(other) && !line.startsWith('\\')).length;
  const patch = `diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,${count('+')} +1,${count('-')} @@\n${lines.join('\n')}\n`;
  return withoutLineEnds(parsePatch(patch)).flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines));
};

describe('the line ends of a diff', () => {
  it('go without saying in a file whose lines all end in CR LF', () => {
    assert.deepEqual(shown(' one\r', '-two\r', '+2\r'), [' one', '-two', '+2']);
    const unfinished = [' one\r', '-two', '\\ No newline at end of file', '+2', '\\ No newline at end of file'];
    assert.deepEqual(shown(...unfinished), [' one', ...unfinished.slice(1)]);
  });

  it('are seen where they have changed, or where only some lines have them', () => {
    assert.deepEqual(shown('-one\r', '+one'), ['-one␍', '+one']);
    assert.deepEqual(shown(' one', '-two', '+two\r', ' three'), [' one', '-two', '+two␍', ' three']);
  });

  it('leave a file without them, and a CR inside a line, as they are', () =>
    assert.deepEqual(shown(' one', '-a\rb', '+a\rc'), [' one', '-a\rb', '+a\rc']));
});
