import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { makePlaces } from '../../../../src/adapters/sandbox/makePlaces.ts';
import { anchored } from '../../../../src/core/policy/sandboxPolicy.ts';
import type { Mount } from '../../../../src/core/ports/sandbox.ts';

describe('Folders that lie between one which a cell writes and what is mounted below it', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reactor-places-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are made where no link of an earlier start leads elsewhere', () => {
    const [cellHome, ofUser] = [join(folder, 'cell'), join(folder, 'of-user')];
    for (const path of [join(cellHome, 'user'), ofUser]) mkdirSync(path, { recursive: true });
    symlinkSync(ofUser, join(cellHome, 'user', 'a'));
    writeFileSync(join(cellHome, 'user', 'file'), 'in the way');
    const home: Mount = { kind: 'writable', path: '/home/ada', from: join(cellHome, 'user') };
    const below = ['/home/ada/a/b/tool', '/home/ada/file/tool'].map((path): Mount => ({ kind: 'readOnly', path, from: ofUser }));
    makePlaces(anchored([home, ...below], cellHome), cellHome);
    for (const name of ['a', 'a/b', 'file']) assert.equal(lstatSync(join(cellHome, 'user', name)).isDirectory(), true, name);
    assert.equal(existsSync(join(ofUser, 'b')), false);
  });
});
