import { UserFacingError } from '../base/userFacingError.ts';
import type { EditorHost, SettingsProblem, TaskPlace } from '../vscode/editorHost.ts';

type EditorSettings = Pick<
  EditorHost,
  'checkSettings' | 'checkTasks' | 'newTaskList' | 'taskPlaces' | 'withSetting' | 'settingsSchema' | 'newConfigText'
>;

const FILE = 'reactor.yaml';

/** What the editor asks about the text of a reactor.yaml that may not be saved yet. */
export const editorSettings: EditorSettings = {
  async checkSettings(text) {
    const [{ parseSettings }, { ProjectConfig }] = await Promise.all([
      import('../adapters/project/parseSettings.ts'),
      import('../core/model/projectConfig.ts'),
    ]);
    return problemsIn(() => parseSettings(ProjectConfig, text, FILE));
  },
  async checkTasks(text, isKnown) {
    const { parseTasks } = await import('../adapters/project/tasksFile.ts');
    return problemsIn(() => parseTasks(text, FILE, '/', isKnown));
  },
  async newTaskList(tasks, first) {
    const { taskListText } = await import('../adapters/project/taskListText.ts');
    return taskListText(tasks, first);
  },
  async taskPlaces(text) {
    const { parseYaml } = await import('../adapters/project/yamlSource.ts');
    const parsed = parseYaml(text);
    if (!('source' in parsed)) return [];
    const { data, placeOf } = parsed.source;
    const [tasks, path] = Array.isArray(data)
      ? [data, []]
      : isRecord(data) && Array.isArray(data['tasks'])
        ? [data['tasks'], ['tasks']]
        : [[], []];
    return tasks.flatMap((task: unknown, index): TaskPlace[] => {
      if (!isRecord(task) || typeof task['prompt'] !== 'string') return [];
      const { id, title, prompt } = task;
      const name = typeof title === 'string' ? title : (prompt.trim().split('\n')[0] ?? '');
      return [{ index, id: typeof id === 'string' ? id : null, title: name, line: placeOf([...path, index]).line }];
    });
  },
  async withSetting(text, path, value) {
    // Never a package: in a bundle one that is no ES module has other names than here.
    const { withSetting } = await import('../adapters/project/withSetting.ts');
    return withSetting(text, path, value);
  },
  async settingsSchema() {
    const [{ inputSchema }, { ProjectConfig }] = await Promise.all([
      import('../core/model/configSchema.ts'),
      import('../core/model/projectConfig.ts'),
    ]);
    return inputSchema(ProjectConfig);
  },
  async newConfigText(test) {
    const { initConfigText } = await import('../adapters/project/initConfig.ts');
    return initConfigText({ test });
  },
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function problemsIn(parse: () => unknown): SettingsProblem[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof UserFacingError) return problemsOf(error.message);
    throw error;
  }
}

/** Lines are `file:line:column: message`; a message goes on where a line does not begin so. */
export function problemsOf(message: string): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  for (const line of message.split('\n')) {
    const at = /^reactor\.yaml:(\d+):(\d+): (.*)$/.exec(line);
    const last = problems.at(-1);
    if (at !== null) problems.push({ line: Number(at[1]), column: Number(at[2]), message: at[3] ?? '' });
    else if (last === undefined) problems.push({ line: 1, column: 1, message: line.replace(`${FILE}: `, '') });
    else problems[problems.length - 1] = { ...last, message: `${last.message}\n${line}` };
  }
  return problems;
}
