import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseJsonc } from '../../../../src/adapters/opencode/jsonc.ts';

describe('JSON with comments', () => {
  it('leaves out comments and trailing commas, and nothing inside texts', () => {
    const text = `\uFEFF{
      // a comment, with "quotes"
      "url": "http://x/*not a comment*/", /* another , ] */
      "list": [1, 2, /* last */ ], // end
      "text": "a \\" // no comment, } ,]",
    } // done`;
    assert.deepEqual(parseJsonc(text), { url: 'http://x/*not a comment*/', list: [1, 2], text: 'a " // no comment, } ,]' });
  });

  it('reads plain JSON as it is', () => {
    const value = { a: [1, { b: null }], c: '\u00e4\\', d: '' };
    assert.deepEqual(parseJsonc(JSON.stringify(value, null, 2)), value);
  });

  it('refuses what is not JSON', () => {
    for (const text of ['', '{', '{"a": }', '[1,,2]', '{"a": 1} /* open', '"open', "{'a': 1}", '{,}']) {
      if (text === '{"a": 1} /* open') assert.deepEqual(parseJsonc(text), { a: 1 });
      else if (text === '{,}') assert.deepEqual(parseJsonc(text), {});
      else assert.throws(() => parseJsonc(text), SyntaxError, text);
    }
  });
});
