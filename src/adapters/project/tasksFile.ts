import { resolve } from 'node:path';
import { z } from 'zod';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { RunRequest } from '../../core/model/runRequest.ts';
import { TaskList } from '../../core/model/taskEntry.ts';
import { taskRequest } from '../../core/run/taskRequest.ts';
import { parseSettings } from './parseSettings.ts';
import { settingsText } from './settingsText.ts';
import { parseYaml } from './yamlSource.ts';

const TasksDocument = z.strictObject({ tasks: TaskList });

/**
 * Requests from the text of a tasks file: a list of tasks, or `tasks:` with one below it; each task as in reactor.yaml.
 * @param file how messages call the file
 * @param folder absolute path of the folder the tasks are for
 * @throws UserFacingError('configuration') that lists what is wrong with line and column, or says that there is no task
 */
export function parseTasks(text: string, file: string, folder: string): RunRequest[] {
  const parsed = parseYaml(text);
  const isBareList = 'source' in parsed && Array.isArray(parsed.source.data);
  const tasks = isBareList ? parseSettings(TaskList, text, file) : parseSettings(TasksDocument, text, file).tasks;
  if (tasks.length === 0) {
    throw new UserFacingError('configuration', `${file}: has no tasks`, { actions: [`write at least one "- prompt: …" into ${file}`] });
  }
  return tasks.map((task) => taskRequest(task, folder));
}

/** Reads a tasks file. @throws UserFacingError('configuration') as `parseTasks`, and when there is no such file */
export async function readTasks(path: string, folder: string): Promise<RunRequest[]> {
  const text = await settingsText(resolve(path), path);
  if (text === null)
    throw new UserFacingError('configuration', `${path}: there is no such file`, { actions: ['check the path given with --file'] });
  return parseTasks(text, path, folder);
}
