import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { editOutput } from '../../../src/adapters/files/editOutput.ts';

describe('editOutput', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edit-output-'));
    file = join(folder, 'out.log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const cover = (text: string): string => text.replaceAll('secret', '******');

  it('replaces what is to go and leaves every other byte, in a file of many parts', async () => {
    const filler = Buffer.concat([Buffer.from([0xff, 0x00, 0xfe]), Buffer.from('line of text ü\n'.repeat(700_000))]);
    const content = Buffer.concat([filler, Buffer.from('a secret b\n'), filler, Buffer.from('secret')]);
    writeFileSync(file, content);
    await editOutput(file, cover);
    const expected = Buffer.concat([filler, Buffer.from('a ****** b\n'), filler, Buffer.from('******')]);
    assert.ok(readFileSync(file).equals(expected));
    assert.deepEqual(readdirSync(folder), ['out.log']);
  });

  it('replaces what lies across the end of a part, of several lines or without any', async () => {
    const part = 4 * 1024 * 1024;
    const key = 'BEGIN\nfirst\nsecond\nEND\n';
    const inLines = 'some line\n'.repeat(part / 10 - 1);
    const oneLine = 'x'.repeat(part - 3);
    const hide = (text: string): string => cover(text).replace(/BEGIN[^E]*END/g, '***');
    const found: string[] = [];
    for (const [before, lies] of [
      [inLines, key],
      [oneLine, 'secret'],
    ] as const) {
      writeFileSync(file, `${before}${lies}${before}`);
      await editOutput(file, hide);
      const text = readFileSync(file, 'latin1');
      found.push(text.slice(before.length, text.length - before.length));
    }
    assert.deepEqual(found, ['***\n', '******']);
  });

  it('does not write a file in which there is nothing to replace, and leaves out one that is not there', async () => {
    writeFileSync(file, 'good\n');
    const before = statSync(file).ino;
    await editOutput(file, cover);
    assert.equal(statSync(file).ino, before);
    await editOutput(join(folder, 'none'), cover);
  });
});
