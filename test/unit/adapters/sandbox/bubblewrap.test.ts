import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'mocha';
import { isFolder } from '../../../../src/adapters/sandbox/bubblewrap.ts';

const NOBODY = 65_534;

describe('what stands at a path', () => {
  it('nothing in a folder that is closed to this user, as root’s home is to everybody else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reactor-closed-'));
    const isRoot = process.geteuid?.() === 0;
    try {
      chmodSync(folder, 0o755);
      mkdirSync(join(folder, 'closed'));
      writeFileSync(join(folder, 'closed', 'file'), '');
      chmodSync(join(folder, 'closed'), 0);
      if (isRoot) process.seteuid?.(NOBODY);
      assert.equal(isFolder(join(folder, 'closed', 'file')), null);
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(join(folder, 'closed'), 0o700);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('nothing where a link leads to itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reactor-loop-'));
    try {
      symlinkSync('loop', join(folder, 'loop'));
      assert.equal(isFolder(join(folder, 'loop')), null);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
