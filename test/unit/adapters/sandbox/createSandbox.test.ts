import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createSandbox } from '../../../../src/adapters/sandbox/createSandbox.ts';
import { requires } from '../../../support/requires.ts';

describe('Whether there is a sandbox', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reactor-probe-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A program in the place of bubblewrap that does what the shell text says. */
  const bubblewrap = (text: string): void =>
    writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n[ "$1" = --version ] && { echo bubblewrap 0.8.0; exit; }\n${text}\n`, { mode: 0o755 });
  const sandbox = (probeLimitMs: number) =>
    createSandbox({ hidden: [], waysOut: null, folder: null, env: { REACTOR_BWRAP: join(folder, 'bwrap') }, probeLimitMs });

  it('is looked at again while there is none, and remembered once there is one', async function () {
    requires(this, process.platform === 'linux', 'Linux');
    const { probe } = sandbox(10_000);
    const found: string[] = [];
    const look = async (): Promise<void> => {
      const { boundary, why } = await probe();
      found.push(boundary ?? why);
    };
    await look();
    bubblewrap('echo "setting up uid map: Permission denied" >&2; exit 1');
    await look();
    bubblewrap('exit 0');
    await look();
    rmSync(join(folder, 'bwrap'));
    await look();
    assert.deepEqual(found, [
      'bubblewrap (bwrap) is not installed',
      "bubblewrap 0.8.0 can't make a sandbox: setting up uid map: Permission denied",
      'bubblewrap',
      'bubblewrap',
    ]);
  });

  it('is not known when it takes too long: that is said, and is no word about what works', async function () {
    requires(this, process.platform === 'linux', 'Linux');
    bubblewrap('exec sleep 60');
    const { boundary, why, todo } = await sandbox(1000).probe();
    assert.deepEqual(
      [boundary, why, todo],
      [null, 'bubblewrap took longer than 1 s to make a sandbox', 'try again when the machine has less to do'],
    );
  });
});
