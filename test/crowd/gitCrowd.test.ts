import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { GitFixture, outcome, value } from '../integration/gitFixture.ts';

const CELLS = 200;

describe('A crowd of cells', function () {
  this.timeout(180_000);
  const f = new GitFixture({ name: 'größe mit leerzeichen' });
  after(() => f.dispose());

  const locks = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.lock'));

  it(`of ${CELLS} is made at the same moment, from a branch that follows a remote one, without an error or a trace`, async () => {
    f.commit({ 'a b/ü.txt': '1\n', 'src/main.c': 'int main;\n' });
    f.run('remote', 'add', 'origin', f.repo);
    f.run('fetch', '--quiet', 'origin');
    f.run('branch', '--quiet', '--set-upstream-to=origin/main');
    const config = f.run('config', '--list', '--local');
    const base = f.run('rev-parse', 'origin/main');
    // Two engines can't share a repository, but a terminal of the user works beside the engine.
    const repository = await f.open();
    const names = Array.from({ length: CELLS }, (_, index) => `cell-${index}`);
    const make = async (name: string): Promise<string> => {
      const path = f.cellPath(name);
      const made = await repository.createWorktree({ path, branch: `reactor/${name}`, base });
      return made.ok ? outcome(await repository.populateWorktree(path)) : made.error.message;
    };
    const foreign = names.slice(0, 10).map((name) => {
      f.run('branch', `mine-${name}`);
      return `mine-${name}`;
    });
    assert.deepEqual(new Set(await Promise.all(names.map(make))), new Set(['ok']));
    const worktrees = await repository.listWorktrees();
    assert.equal(worktrees.length, CELLS + 1);
    assert.deepEqual(new Set(worktrees.map(({ head }) => head)), new Set([base]));
    const trees = await Promise.all(names.map(async (name) => value(await repository.snapshot(f.cellPath(name))).tree));
    assert.deepEqual(new Set(trees), new Set([await repository.treeOf(base)]));
    assert.deepEqual([f.run('config', '--list', '--local'), locks(join(f.repo, '.git'))], [config, []]);

    assert.deepEqual(
      new Set(await Promise.all(names.map(async (name) => outcome(await repository.removeWorktree(f.cellPath(name)))))),
      new Set(['ok']),
    );
    assert.equal((await repository.listWorktrees()).length, 1);
    assert.deepEqual(f.run('branch', '--format=%(refname:short)', '--list', 'mine-*').split('\n').sort(), foreign.sort());
  });
});
