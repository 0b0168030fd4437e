import { type GitFixture, value } from './gitFixture.ts';

/** Everything Reactor does with a cell, once. */
export const useAll = async (f: GitFixture, change: (cell: string) => void) => {
  const repository = await f.open();
  const base = f.run('rev-parse', 'HEAD');
  const cell = await f.cell(repository, 'one');
  change(cell);
  const { tree } = value(await repository.snapshot(cell));
  const baseTree = await repository.treeOf(base);
  const changes = await repository.changes(baseTree, tree);
  const { text } = await repository.patch({ from: baseTree, to: tree, maxBytes: 1_000_000 });
  const commit = value(await repository.writeCommit({ tree, parents: [base], message: 'kept', sign: false }));
  value(await repository.moveRef({ ref: 'refs/heads/reactor/one', to: commit, expected: base, reason: 'test' }));
  value(await repository.mergeTrees({ ours: base, theirs: commit }));
  value(await repository.resetWorktree(cell, base));
  value(await repository.checkoutTree(cell, tree));
  return { repository, cell, tree, baseTree, changes, patch: text, commit };
};
