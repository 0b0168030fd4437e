import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { shellQuote, writeShell } from '../../../../src/adapters/opencode/serverFolders.ts';

describe("The shell of a cell's server", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "reactor's-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("knows a command of Reactor's own, also in a folder with a quote in its name, and encloses every other", () => {
    const path = join(folder, 'sh');
    const commands = join(folder, 'commands');
    const boundary = ['/bin/echo', 'enclosed'];
    writeShell({ path, commands, userEnv: {}, hidden: [], boundary, streams: '', programs: '/usr/bin:/bin', environment: {}, limits: [] });
    const run = join(commands, '0123456789abcdef'.repeat(2), 'run');
    mkdirSync(join(run, '..'), { recursive: true });
    writeFileSync(run, 'echo outside');
    const says = (command: string): string => execFileSync(path, ['-c', command], { encoding: 'utf8' });
    const command = `/bin/sh ${shellQuote(run)}`;
    assert.deepEqual(
      [says(command), says('echo inside'), says(`${command}; true`)],
      ['outside\n', 'enclosed /bin/sh -c echo inside\n', `enclosed /bin/sh -c ${command}; true\n`],
    );
  });
});
