import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { desktopEditor } from '../../../scripts/desktopEditor.ts';

describe("the desktop's editor", () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'desktop-')));
    for (const name of ['share/bin', 'bin', 'empty']) mkdirSync(join(folder, name), { recursive: true });
    for (const name of ['share/code', 'share/bin/code']) {
      writeFileSync(join(folder, name), '#!/bin/sh\n');
      chmodSync(join(folder, name), 0o755);
    }
    symlinkSync(join(folder, 'share/bin/code'), join(folder, 'bin/code'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is the program behind the command on PATH', () => {
    const PATH = `${join(folder, 'empty')}:${join(folder, 'bin')}`;
    assert.deepEqual(desktopEditor({ PATH, DISPLAY: ':0' }), { command: join(folder, 'bin/code'), executable: join(folder, 'share/code') });
  });

  it('is not there without the command, or without its program', () => {
    assert.equal(desktopEditor({ PATH: join(folder, 'empty'), DISPLAY: ':0' }), null);
    rmSync(join(folder, 'share/code'));
    assert.equal(desktopEditor({ PATH: join(folder, 'bin'), DISPLAY: ':0' }), null);
  });

  it('is not used on a Linux without a screen', () => {
    const found = desktopEditor({ PATH: join(folder, 'bin') });
    assert.equal(found === null, process.platform === 'linux');
  });
});
