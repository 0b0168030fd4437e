import type { RunRequest } from '../model/runRequest.ts';
import type { TaskEntry } from '../model/taskEntry.ts';

/** What a new list of tasks says of one: settings that are written as they are asked for. */
export type ListedTask = Pick<
  RunRequest,
  'prompt' | 'test' | 'target' | 'model' | 'approve' | 'land' | 'attempts' | 'budgetUsd' | 'after' | 'priority'
>;

/** The request that a written task amounts to. @param folder absolute path of the folder it is for */
export function taskRequest(entry: TaskEntry, folder: string): RunRequest {
  const { id, ...rest } = entry;
  return { ...rest, ...(id === undefined ? {} : { task: id }), folder };
}
