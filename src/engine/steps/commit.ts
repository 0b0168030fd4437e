import { event } from '../../core/journal/events.ts';
import { costText } from '../../core/model/usd.ts';
import type { RunState } from '../../core/run/state.ts';
import type { RunContext } from '../runContext.ts';

/** Trailers name where a commit comes from; recovery finds a commit that was made but not recorded by them. */
export const commitMessage = (state: RunState, attempt: number, models: readonly string[]): string => {
  const { spec, cost, run } = state;
  const trailers = [
    `Reactor-Run: ${run}`,
    `Reactor-Attempt: ${attempt}`,
    ...(models.length > 0 ? [`Reactor-Model: ${models.join(', ')}`] : []),
    `Reactor-Cost: ${costText(cost)}`,
    ...state.attempts.flatMap((a) => (a.attempt === attempt && a.revised?.coAuthor ? [`Co-authored-by: ${a.revised.coAuthor}`] : [])),
  ];
  return `Task ${spec.task}: ${spec.title}\n\n${trailers.join('\n')}\n`;
};

/**
 * Commits exactly the tree that passed the tests on the cell's branch (INV-007). No hook runs here and no file is read again.
 * Done twice it finds its own commit.
 */
export async function commit(context: RunContext, attempt: number): Promise<void> {
  const { repository } = context.deps;
  const { state } = context;
  const current = state.attempts.find((a) => a.attempt === attempt);
  if (!current?.candidate || !current.test || state.cell === null) throw new Error('nothing to commit');
  const { tree } = current.candidate;
  if (current.test.tree !== tree) throw new Error(`INV-007: tested ${current.test.tree}, would commit ${tree}`);
  const ref = `refs/heads/${state.cell.branch}`;
  const tip = await repository.readRef(ref);
  const done =
    tip === null ? [] : await repository.commitsWithTrailer({ base: state.spec.base, tip }, { key: 'Reactor-Run', value: context.run });
  const already = done[0];
  if (already !== undefined && already === tip && (await repository.treeOf(already)) === tree) {
    await context.record(event('attempt/committed', { attempt, commit: already, tree, branch: state.cell.branch }));
    return;
  }
  const models = modelsOf(context);
  const written = await repository.writeCommit({
    tree,
    parents: [state.lastGreen.commit],
    message: commitMessage(state, attempt, models),
    sign: true,
  });
  if (!written.ok) throw new Error(`the commit could not be made: ${written.error.message}`);
  const moved = await repository.moveRef({ ref, to: written.value, expected: tip, reason: `reactor: ${context.run}` });
  if (!moved.ok) throw new Error(`the branch ${state.cell.branch} could not be moved: ${moved.error.message}`);
  await context.record(event('attempt/committed', { attempt, commit: written.value, tree, branch: state.cell.branch }));
}

const modelsOf = (context: RunContext): string[] => {
  const names = new Set<string>();
  for (let from = 1; ; ) {
    const page = context.deps.journal.read({ run: context.run, from });
    for (const entry of page) {
      if (entry.type !== 'message/finished') continue;
      const { message } = entry.data as { message: { provider: string; model: string } };
      names.add(`${message.provider}/${message.model}`);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < 1000) return [...names].sort();
    from = last.seq + 1;
  }
};
