import { resolve } from 'node:path';
import { z } from 'zod';
import { UserFacingError } from '../../base/userFacingError.ts';
import type { RunRequest } from '../../core/model/runRequest.ts';
import { taskList } from '../../core/model/taskEntry.ts';
import { taskRequest } from '../../core/run/taskRequest.ts';
import { parseSettings } from './parseSettings.ts';
import { settingsText } from './settingsText.ts';
import { parseYaml } from './yamlSource.ts';

/** A prompt may be long, and there may be thousands of them. */
const MAX_BYTES = 8_388_608;

/**
 * Requests from the text of a tasks file: a list of tasks, or `tasks:` with one below it; each task as in reactor.yaml.
 * @param file how messages call the file
 * @param folder absolute path of the folder the tasks are for
 * @param isKnown whether a task that is not in the file has been run before
 * @throws UserFacingError('configuration') that lists what is wrong with line and column, or says that there is no task
 */
export function parseTasks(text: string, file: string, folder: string, isKnown: (task: string) => boolean = () => false): RunRequest[] {
  const parsed = parseYaml(text);
  const isBareList = 'source' in parsed && Array.isArray(parsed.source.data);
  const list = taskList(isKnown);
  const tasks = isBareList ? parseSettings(list, text, file) : parseSettings(z.strictObject({ tasks: list }), text, file).tasks;
  if (tasks.length === 0) {
    throw new UserFacingError('configuration', `${file}: has no tasks`, { actions: [`write at least one "- prompt: …" into ${file}`] });
  }
  return tasks.map((task) => taskRequest(task, folder));
}

/**
 * Reads a tasks file.
 * @param areKnown tells which of the tasks have been run before; asked only when one comes after a task that is not in the file
 * @throws UserFacingError('configuration') as `parseTasks`, and when there is no such file
 */
export async function readTasks(
  path: string,
  folder: string,
  areKnown: (tasks: readonly string[]) => Promise<ReadonlySet<string>> = async () => new Set(),
): Promise<RunRequest[]> {
  const text = await settingsText(resolve(path), path, MAX_BYTES);
  if (text === null)
    throw new UserFacingError('configuration', `${path}: there is no such file`, { actions: ['check the path given with --file'] });
  return tasksOf(text, path, folder, areKnown);
}

/** The same for a text that may not be saved. @param file how messages call it */
export async function tasksOf(
  text: string,
  file: string,
  folder: string,
  areKnown: (tasks: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<RunRequest[]> {
  const others: string[] = [];
  const tasks = parseTasks(text, file, folder, (task) => others.push(task) > 0);
  if (others.length === 0) return tasks;
  const known = await areKnown(others);
  return parseTasks(text, file, folder, (task) => known.has(task));
}
