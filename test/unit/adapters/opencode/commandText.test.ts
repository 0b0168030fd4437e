import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { outputTail, plainText } from '../../../../src/adapters/opencode/commandText.ts';

describe('text of a command', () => {
  it('loses colours, titles, cursor movements and control characters, and keeps the rest', () => {
    assert.equal(
      plainText('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x\u001b]8;;http://a\u001b\\link\u001b(B\u001b[2K\u0000\u0007\t\u00e4\n'),
      'red xlink\t\u00e4\n',
    );
    assert.equal(plainText('\u001bM\u001b7\u001b[?25lshown\u001b[?25h'), 'shown');
  });

  it('keeps the last state of a line that was overwritten', () => {
    assert.equal(plainText('10%\r50%\r100%\nnext\r\n\r\nend\r'), '100%\nnext\n\nend');
  });

  it('is its last 8 kB, from a whole character on', () => {
    const text = `${'x'.repeat(10_000)}${'\u20ac'.repeat(3_000)}`;
    const tail = outputTail(new TextEncoder().encode(text));
    assert.match(tail, /^\u20ac+$/);
    assert.equal(tail.length, 2_730);
    assert.equal(outputTail(new TextEncoder().encode('short')), 'short');
    assert.equal(outputTail(new Uint8Array()), '');
  });
});
