import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { askLine } from '../../../src/cli/askLine.ts';

describe('A question on the terminal', () => {
  /** The answer, or that there is none yet, after each part of what is typed or pasted. */
  const answers = async (isTTY: boolean, ...parts: readonly string[]): Promise<(string | null)[]> => {
    const input = Object.assign(new PassThrough(), { isTTY });
    const output = new PassThrough();
    output.resume();
    const seen: (string | null)[] = [];
    let answer: string | null = 'no answer yet';
    void askLine('? ', { input, output, interrupt: () => {} }).then((typed) => {
      answer = typed;
    });
    for (const part of parts) {
      input.write(part);
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      seen.push(answer);
    }
    if (answer === 'no answer yet') input.end();
    return seen;
  };

  it('is answered by a line', async () => {
    assert.deepEqual(await answers(true, 'fix', ' it', '\r'), ['no answer yet', 'no answer yet', 'fix it']);
    assert.deepEqual(await answers(true, '\r'), ['']);
    assert.deepEqual(await answers(false, 'first\nsecond\n'), ['first']);
  });

  it('is answered by all lines that are pasted at once, the last one also when Enter follows later', async () => {
    assert.deepEqual(await answers(true, 'one\r\rtwo\rthree\r'), ['one\n\ntwo\nthree']);
    assert.deepEqual(await answers(true, 'one\ntwo', ' and more', '\r'), ['no answer yet', 'no answer yet', 'one\ntwo and more']);
  });
});
