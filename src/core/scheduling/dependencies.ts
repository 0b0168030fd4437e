import { err, ok, type Result } from '../../base/result.ts';
import type { RunState } from '../run/state.ts';

/** A run that another one comes after, as far as that one cares. */
export interface Dependency {
  readonly task: string;
  /** `parked`: it waits for a person, or for another one that does. */
  readonly state: 'open' | 'parked' | 'done' | 'failed';
  /** Why it failed; '' otherwise. */
  readonly reason: string;
}

/** How a run stands that another one comes after. @param state null when there is no such run */
export function dependencyOf(task: string, state: RunState | null): Dependency {
  if (state === null) return { task, state: 'failed', reason: 'it was never started' };
  if (state.concluded === null) {
    const waits = state.parked !== null || state.queued?.code === 'person';
    return { task, state: waits ? 'parked' : 'open', reason: '' };
  }
  const { status, reason } = state.concluded;
  return status === 'landed' || status === 'committed' ? { task, state: 'done', reason: '' } : { task, state: 'failed', reason };
}

/** A run that is asked for, with the tasks it comes after. */
export interface Wanted {
  readonly run: string;
  readonly task: string;
  readonly after: readonly string[];
  readonly stayOnBranch: boolean;
}

type Links = readonly { readonly run: string; readonly task: string }[];

/**
 * Finds the runs behind the tasks that runs come after: those asked for together, else the last run of the task.
 * Refuses, in one sentence, what could never start.
 * @returns by run, what it comes after.
 */
export function linkDependencies(
  wanted: readonly Wanted[],
  lastRunOf: (task: string) => RunState | null,
): Result<ReadonlyMap<string, Links>, string> {
  const byTask = new Map(wanted.map((one) => [one.task, one]));
  const links = new Map<string, Links>();
  for (const { run, task, after } of wanted) {
    const own: { run: string; task: string; stays: boolean }[] = [];
    for (const before of new Set(after)) {
      if (before === task) return err(`${task} can't come after itself; nothing was started.`);
      const together = byTask.get(before);
      const earlier = together === undefined ? lastRunOf(before) : null;
      if (together !== undefined) own.push({ run: together.run, task: before, stays: together.stayOnBranch });
      else if (earlier === null)
        return err(`${task} comes after ${before}, which is not among these tasks and has never run here; nothing was started.`);
      else if (dependencyOf(before, earlier).state === 'failed')
        return err(`${task} comes after ${before}, which did not land (${earlier.concluded?.reason}); nothing was started.`);
      else own.push({ run: earlier.run, task: before, stays: earlier.spec.target === null });
    }
    const staying = own.filter(({ stays }) => stays);
    if (staying.length > 0 && own.length > 1)
      return err(
        `${task} comes after ${own.map((one) => one.task).join(' and ')}, but ${staying[0]?.task} stays on its own branch, so there is no one commit to start from; nothing was started.`,
      );
    links.set(
      run,
      own.map((one) => ({ run: one.run, task: one.task })),
    );
  }
  const circle = findCircle(wanted, byTask);
  if (circle !== null) return err(`${circle.join(' comes after ')}: none of them could ever start, so nothing was started.`);
  return ok(links);
}

/** Tasks that wait for each other in a circle, the first one again at the end; null when there is none. */
function findCircle(wanted: readonly Wanted[], byTask: ReadonlyMap<string, Wanted>): string[] | null {
  const clear = new Set<string>();
  const walk = (task: string, path: readonly string[]): string[] | null => {
    const at = path.indexOf(task);
    if (at >= 0) return [...path.slice(at), task];
    if (clear.has(task)) return null;
    for (const before of byTask.get(task)?.after ?? []) {
      const circle = walk(before, [...path, task]);
      if (circle !== null) return circle;
    }
    clear.add(task);
    return null;
  };
  for (const { task } of wanted) {
    const circle = walk(task, []);
    if (circle !== null) return circle;
  }
  return null;
}
