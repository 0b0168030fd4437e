import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { writeWhole } from '../../../src/cli/commands/writeWhole.ts';

describe('writeWhole', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'write-whole-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('leaves what is there as it is when the new text can not be put beside it', async () => {
    // Beside a name this long there is no longer one.
    const file = join(folder, 'x'.repeat(250));
    await writeFile(file, 'mine');
    await assert.rejects(writeWhole(file, 'new', true), { code: 'environment', message: /ENAMETOOLONG.*\. It was left as it is\.$/ });
    assert.deepEqual([await readFile(file, 'utf8'), (await readdir(folder)).length], ['mine', 1]);
  });

  it('does not replace a file that has come meanwhile', async () => {
    const file = join(folder, 'reactor.yaml');
    await writeFile(file, 'theirs');
    await assert.rejects(writeWhole(file, 'new', false), { code: 'environment', message: /EEXIST.*\. Nothing was written\.$/ });
    assert.equal(await readFile(file, 'utf8'), 'theirs');
    await writeWhole(join(folder, 'other.yaml'), 'new', false);
    assert.equal(await readFile(join(folder, 'other.yaml'), 'utf8'), 'new');
  });
});
