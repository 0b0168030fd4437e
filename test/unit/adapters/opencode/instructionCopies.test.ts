import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { instructionCopies, layInstructions, withInstructionCopies } from '../../../../src/adapters/opencode/instructionCopies.ts';
import { silentLog } from '../../../../src/base/log.ts';

describe('Copies of instructions for a sandboxed server', () => {
  let root: string;
  let places: { readonly home: string; readonly worktree: string };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'reactor-instructions-'));
    places = { home: join(root, 'home'), worktree: join(root, 'worktree') };
    mkdirSync(join(places.worktree, 'docs'), { recursive: true });
    writeFileSync(join(root, 'secret'), 'secret');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const named = (...names: string[]) => ({ instructions: names.map((name) => join(places.worktree, name)) });
  /** What the server would be given of each file. */
  const given = (...names: string[]): (string | null)[] => {
    const copies = instructionCopies(withInstructionCopies(named(...names), places), places);
    layInstructions(copies, places.worktree, silentLog);
    return copies.map(({ copy }) => (existsSync(copy) ? readFileSync(copy, 'utf8') : null));
  };
  const write = (name: string, text: string): void => writeFileSync(join(places.worktree, name), text);
  const link = (to: string, name: string): void => symlinkSync(to, join(places.worktree, name));

  it('stand in the configuration in the place of the worktree’s files, and others stay', () => {
    const config = withInstructionCopies(
      { model: 'a/1', instructions: [...named('AGENTS.md', 'docs/rules.md').instructions, '/etc/rules.md', 'https://x.example/r'] },
      places,
    );
    const folder = join(places.home, 'config', 'instructions');
    assert.deepEqual(config, {
      model: 'a/1',
      instructions: [join(folder, 'AGENTS.md'), join(folder, 'docs/rules.md'), '/etc/rules.md', 'https://x.example/r'],
    });
    assert.deepEqual(
      instructionCopies(config, places).map(({ file }) => file),
      named('AGENTS.md', 'docs/rules.md').instructions,
    );
    assert.deepEqual(withInstructionCopies({ model: 'a/1' }, places), { model: 'a/1' });
  });

  it('are what the files are now, links within the worktree followed', () => {
    write('CLAUDE.md', 'one');
    link('CLAUDE.md', 'AGENTS.md');
    assert.deepEqual(given('AGENTS.md', 'docs/rules.md'), ['one', null]);
    write('CLAUDE.md', 'two');
    write('docs/rules.md', '');
    assert.deepEqual(given('AGENTS.md', 'docs/rules.md'), ['two', '']);
  });

  it('are gone when the file is, or leads out of the worktree, by itself or by a folder', () => {
    write('AGENTS.md', 'one');
    write('docs/rules.md', 'rules');
    assert.deepEqual(given('AGENTS.md', 'docs/rules.md'), ['one', 'rules']);
    rmSync(join(places.worktree, 'AGENTS.md'));
    link('../secret', 'AGENTS.md');
    rmSync(join(places.worktree, 'docs'), { recursive: true });
    link(root, 'docs');
    writeFileSync(join(root, 'rules.md'), 'secret');
    assert.deepEqual(given('AGENTS.md', 'docs/rules.md'), [null, null]);
    link('/proc/self/environ', 'environ');
    assert.deepEqual(given('environ', 'nothing'), [null, null]);
  });

  it('are of files alone, and not of endless ones', () => {
    execFileSync('mkfifo', [join(places.worktree, 'pipe')]);
    mkdirSync(join(places.worktree, 'folder'));
    write('long', '');
    truncateSync(join(places.worktree, 'long'), 1024 * 1024 + 1);
    assert.deepEqual(given('pipe', 'folder', 'long'), [null, null, null]);
  });
});
