import { stringify } from 'yaml';
import type { ListedTask } from '../../core/run/taskRequest.ts';

const idOf = (number: number): string => `TASK-${String(number).padStart(3, '0')}`;

const heading = (first: number): string => `# Tasks, side by side. "Run all" above the first one starts them.
#   after: [${idOf(first)}]  # starts when that one has landed, from what it made
#   priority: 10       # the highest goes first of those that wait for a place
# In a terminal: reactor run --file tasks.yaml
tasks:
`;

const empty = (first: number): string => `  - id: ${idOf(first)}
    prompt: ${''}

  # - id: ${idOf(first + 1)}
  #   after: [${idOf(first)}]
  #   prompt: what comes after it
`;

/**
 * Text of a list of tasks for a person to go on with; `parseTasks` reads it back. Without tasks it has place for the first.
 * @param first number of the first task's name
 */
export function taskListText(tasks: readonly ListedTask[], first: number): string {
  if (tasks.length === 0) return heading(first) + empty(first);
  const entries = tasks.map((task, index) => {
    const { prompt, ...settings } = task;
    const entry = { id: idOf(first + index), prompt, ...settings };
    return stringify([entry], { lineWidth: 0 }).replace(/^(?=.)/gm, '  ');
  });
  return heading(first) + entries.join('\n');
}
