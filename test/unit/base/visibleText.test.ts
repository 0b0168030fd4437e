import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { visibleCode, visibleIn, visibleText } from '../../../src/base/visibleText.ts';

describe('visibleText', () => {
  it('shows whatever hides or reorders, in code by its name', () => {
    const given: readonly (readonly [string, string, string])[] = [
      ['if (a\u202e == b\u202c)', 'if (a� == b�)', 'if (a<U+202E> == b<U+202C>)'],
      ['\u001b[31mred', '�[31mred', '␛[31mred'],
      ['pass\u200dword', 'pass�word', 'pass<U+200D>word'],
      ['zero\u200bwidth', 'zero�width', 'zero<U+200B>width'],
      ['const \u3164 = 1', 'const � = 1', 'const <U+3164> = 1'],
      ['a\ufe0fb\u{e0101}', 'a�b�', 'a<U+FE0F>b<U+E0101>'],
      ['\u{e0041}\u{e007f}', '��', '<U+E0041><U+E007F>'],
      ['a\u00adb\u2028c\u034fd', 'a�b�c�d', 'a<U+00AD>b<U+2028>c<U+034F>d'],
      ['nul\0del\u007f', 'nul�del�', 'nul␀del␡'],
      ['windows\r\nlines\rover', 'windows\nlines�over', 'windows\nlines␍over'],
    ];
    assert.deepEqual(
      given.map(([text]) => [text, visibleText(text), visibleCode(text)]),
      given,
    );
  });

  it('leaves writing alone', () => {
    for (const text of ['tab\tand\nline', 'می‌خواهم', '👩‍👩‍👧 ❤️ 1️⃣', 'नमस्ते क्‍ष', 'é e\u0301 漢字 ﾊ', '→ … ✓']) {
      assert.equal(visibleText(text), text);
    }
  });

  it('goes through a value, but for the fields that are keys', () => {
    const bytes = new Uint8Array([1, 2]);
    const value = { text: 'a\u202eb', path: 'a\u202eb', list: [{ path: 'x\u0000', name: 'y\u0000' }], n: 1, none: null, bytes };
    assert.deepEqual(visibleIn(value, new Set(['path'])), {
      text: 'a�b',
      path: 'a\u202eb',
      list: [{ path: 'x\u0000', name: 'y�' }],
      n: 1,
      none: null,
      bytes,
    });
  });
});
