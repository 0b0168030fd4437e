import { type DomainEvent, event } from '../../core/journal/events.ts';
import { climbedOutOf, leadsOutside } from '../../core/policy/linkPolicy.ts';
import type { AgentClient } from '../../core/ports/agent.ts';
import type { FileChange, Unrecorded } from '../../core/ports/git.ts';
import { endsSteps } from '../../core/run/nextStep.ts';
import { secretsIn } from '../candidateSecrets.ts';
import { dependencyChanges, lookAround } from '../changedDependencies.ts';
import { type Kept, keepSeen, lookAtWorktree } from '../keep.ts';
import { protectedIn } from '../protectedChanges.ts';
import type { RunContext } from '../runContext.ts';

const MAX_FILES_JOURNALED = 200;

/**
 * Turns what the attempt did into a kept tree, and looks at it for what must never be committed.
 * @param client of the server, while there is one.
 */
export async function buildCandidate(context: RunContext, attempt: number, client: AgentClient | null): Promise<void> {
  const looking = lookAround(context, client);
  const seen = await lookAtWorktree(context);
  const { tree, unrecorded = [] } = seen;
  const candidate = { tree, unrecorded, keeping: keepSeen(context, String(attempt), seen) };
  const { state } = context;
  if (!endsSteps(state, tree)) {
    await context.record(...(await candidateEvents(context, attempt, candidate, state.lastGreen.tree, looking)));
    return;
  }
  // All steps together are the candidate. The last of them was tested on this very tree.
  const tested = state.attempts.findLast((a) => a.stepCommit !== null)?.test;
  const carried = tested?.tree === tree ? [event('attempt/tested', { attempt, ...tested, changedByTest: [...tested.changedByTest] })] : [];
  await context.record(...(await candidateEvents(context, attempt, candidate, state.gated.tree, looking)), ...carried);
}

interface NewCandidate {
  readonly tree: string;
  readonly keeping: Promise<Kept>;
  readonly unrecorded?: readonly Unrecorded[];
}

/**
 * What makes a tree the attempt's candidate, compared with the tree `from`, after looking at it for what must never be committed. Meanwhile it is being
 * kept.
 */
export async function candidateEvents(
  context: RunContext,
  attempt: number,
  { tree, keeping, unrecorded = [] }: NewCandidate,
  from: string,
  looking = lookAround(context, null),
): Promise<readonly DomainEvent[]> {
  // Heard below, also where something else fails before.
  keeping.catch(() => {});
  const changes = await context.deps.repository.changes(from, tree);
  const violations = [...(await violationsOf(context, tree, changes)), ...violationsIn(unrecorded, changes)];
  const [kept, { secrets, unread }, around, held] = await Promise.all([
    keeping,
    secretsIn(context, changes, from, tree),
    // It removes caches: whatever there is has been kept by then.
    keeping.then(() => dependencyChanges(context, looking, tree)),
    protectedIn(context, changes, from, tree),
  ]);
  const guarded = [...held, ...unread, ...around];
  const lines = (pick: (c: FileChange) => number | null) => changes.reduce((sum, c) => sum + (pick(c) ?? 0), 0);
  return [
    ...(violations.length > 0 ? [event('attempt/violated', { attempt, violations })] : []),
    event('attempt/candidateBuilt', {
      attempt,
      tree,
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
      if (content === null)
        found.push({ kind: 'linkOutside', detail: `nobody can tell where the link ${change.path} leads: its name is not UTF-8` });
      else if (leadsOutside(change.path, target) || (await climbsOutOfLink(context, tree, change.path, target)))
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

/** A tracked file that is gone for something that no commit can bring: nobody asked for the file to be deleted. */
const violationsIn = (unrecorded: readonly Unrecorded[], changes: readonly FileChange[]): { kind: string; detail: string }[] =>
  unrecorded
    .filter(({ path }) => changes.some((change) => change.path === path || change.oldPath === path))
    .map(({ path, is }) => ({ kind: 'specialFile', detail: `${path} has become ${is}, which git can't hold` }));

/** Whether a link's target climbs out of what is a link in the tree: then it leads elsewhere than its names say. */
async function climbsOutOfLink(context: RunContext, tree: string, path: string, target: string): Promise<boolean> {
  for (const folder of climbedOutOf(path, target)) {
    // Of a folder there are the files in it, of a file or a link there is itself.
    const files = await context.deps.repository.filesIn(tree, [folder]);
    if (files.includes(folder)) return true;
  }
  return false;
}
