import { type DomainEvent, event } from '../../core/journal/events.ts';
import { leadsOutside } from '../../core/policy/linkPolicy.ts';
import type { AgentClient } from '../../core/ports/agent.ts';
import type { FileChange } from '../../core/ports/git.ts';
import { endsSteps } from '../../core/run/nextStep.ts';
import { secretsIn } from '../candidateSecrets.ts';
import { dependencyChanges, lookAround } from '../changedDependencies.ts';
import { type Kept, keepWorktree } from '../keep.ts';
import { protectedIn } from '../protectedChanges.ts';
import type { RunContext } from '../runContext.ts';

const MAX_FILES_JOURNALED = 200;

/**
 * Turns what the attempt did into a kept tree, and looks at it for what must never be committed.
 * @param client of the server, while there is one.
 */
export async function buildCandidate(context: RunContext, attempt: number, client: AgentClient | null): Promise<void> {
  const looking = lookAround(context, client);
  const kept = await keepWorktree(context, String(attempt));
  const { state } = context;
  if (!endsSteps(state, kept.tree)) {
    await context.record(...(await candidateEvents(context, attempt, kept, state.lastGreen.tree, looking)));
    return;
  }
  // All steps together are the candidate. The last of them was tested on this very tree.
  const tested = state.attempts.findLast((a) => a.stepCommit !== null)?.test;
  const carried =
    tested?.tree === kept.tree ? [event('attempt/tested', { attempt, ...tested, changedByTest: [...tested.changedByTest] })] : [];
  await context.record(...(await candidateEvents(context, attempt, kept, state.gated.tree, looking)), ...carried);
}

/** What makes a kept tree the attempt's candidate, compared with the tree `from`, after looking at it for what must never be committed. */
export async function candidateEvents(
  context: RunContext,
  attempt: number,
  kept: Kept,
  from: string,
  looking = lookAround(context, null),
): Promise<readonly DomainEvent[]> {
  const { repository } = context.deps;
  const changes = await repository.changes(from, kept.tree);
  const violations = await violationsOf(context, kept.tree, changes);
  const [{ secrets, unread }, around, held] = await Promise.all([
    secretsIn(context, changes, from, kept.tree),
    dependencyChanges(context, looking, kept.tree),
    protectedIn(context, changes, from, kept.tree),
  ]);
  const guarded = [...held, ...unread, ...around];
  const lines = (pick: (c: FileChange) => number | null) => changes.reduce((sum, c) => sum + (pick(c) ?? 0), 0);
  return [
    ...(violations.length > 0 ? [event('attempt/violated', { attempt, violations })] : []),
    event('attempt/candidateBuilt', {
      attempt,
      tree: kept.tree,
      keptRef: kept.ref,
      keptCommit: kept.commit,
      files: changes.slice(0, MAX_FILES_JOURNALED).map((c) => ({
        status: c.status,
        path: c.path,
        ...(c.oldPath === undefined ? {} : { oldPath: c.oldPath }),
        added: c.added,
        removed: c.removed,
      })),
      filesTotal: changes.length,
      added: lines((c) => c.added),
      removed: lines((c) => c.removed),
      ...(secrets.length === 0 ? {} : { secrets: [...secrets] }),
      ...(guarded.length === 0 ? {} : { protected: guarded }),
    }),
  ];
}

async function violationsOf(
  context: RunContext,
  tree: string,
  changes: readonly FileChange[],
): Promise<{ kind: string; detail: string }[]> {
  const found: { kind: string; detail: string }[] = [];
  for (const change of changes) {
    if (change.newMode === '120000') {
      const content = await context.deps.repository.readFile(tree, change.path);
      const target = new TextDecoder().decode(content ?? new Uint8Array());
      if (leadsOutside(change.path, target))
        found.push({ kind: 'linkOutside', detail: `the link ${change.path} leads out of the worktree to ${target}` });
    }
    if (change.newMode === '160000') {
      const what =
        change.oldMode === '160000'
          ? 'moves a submodule, whose commits a run does not bring over'
          : 'is a repository of its own, whose content git would not commit';
      found.push({ kind: 'embeddedRepository', detail: `${change.path} ${what}` });
    }
  }
  return found;
}
