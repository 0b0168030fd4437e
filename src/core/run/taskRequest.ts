import type { RunRequest } from '../model/runRequest.ts';
import type { TaskEntry } from '../model/taskEntry.ts';

/** The request that a written task amounts to. @param folder absolute path of the folder it is for */
export function taskRequest(entry: TaskEntry, folder: string): RunRequest {
  const { id, ...rest } = entry;
  return { ...rest, ...(id === undefined ? {} : { task: id }), folder };
}
