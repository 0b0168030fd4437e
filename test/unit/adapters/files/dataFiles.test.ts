import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createDataFiles } from '../../../../src/adapters/files/dataFiles.ts';

describe('Folders of cells that are made ahead', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reactor-data-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const places = { folders: ['home/cache', 'git.new/refs'], files: ['home/cache/settings'] };
  const within = (path: string): string[] => readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted();

  it('are those of the next cell, once, and only its user can enter them', async () => {
    const files = createDataFiles(folder, places);
    const first = await files.cellFolders('first');
    assert.deepEqual(within(join(first.home, '..')), ['home']);
    await files.prepareCell();
    await files.prepareCell();
    const second = await files.cellFolders('second');
    assert.deepEqual(within(join(second.home, '..')), ['git.new', 'git.new/refs', 'home', 'home/cache', 'home/cache/settings']);
    assert.deepEqual([statSync(join(second.home, 'cache')).mode & 0o777, existsSync(second.worktree)], [0o700, false]);
    const third = await files.cellFolders('third');
    assert.deepEqual(within(join(third.home, '..')), ['home']);
    assert.deepEqual((await files.listCells()).toSorted(), ['first', 'second', 'third']);
  });

  it('take the place of no cell that is there', async () => {
    const files = createDataFiles(folder, places);
    const { home } = await files.cellFolders('first');
    writeFileSync(join(home, 'work'), 'mine');
    await files.prepareCell();
    assert.deepEqual(await files.cellFolders('first'), { ...(await files.cellFolders('first')), home });
    assert.equal(readFileSync(join(home, 'work'), 'utf8'), 'mine');
    assert.deepEqual(within(home), ['work']);
  });
});
