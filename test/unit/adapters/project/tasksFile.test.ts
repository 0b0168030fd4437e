import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseTasks } from '../../../../src/adapters/project/tasksFile.ts';
import { UserFacingError } from '../../../../src/base/userFacingError.ts';
import { RunRequest } from '../../../../src/core/model/runRequest.ts';

const told = (text: string): string => {
  try {
    return JSON.stringify(parseTasks(text, 'tasks.yaml', '/repo'));
  } catch (error) {
    assert.ok(error instanceof UserFacingError && error.code === 'configuration', String(error));
    return error.message;
  }
};

describe('a tasks file', () => {
  it('is a list of tasks, bare or below "tasks"', () => {
    const list = '- prompt: |\n    Fix it.\n    All of it.\n- id: T-2\n  prompt: y\n  timeout: 5m\n  test: make test\n  budgetUsd: 0.5\n';
    const expected = [
      { prompt: 'Fix it.\nAll of it.\n', folder: '/repo' },
      { task: 'T-2', prompt: 'y', timeoutMs: 300_000, test: 'make test', budgetUsd: '0.5', folder: '/repo' },
    ];
    for (const text of [list, `tasks:\n${list}`]) {
      const requests = parseTasks(text, 'tasks.yaml', '/repo');
      assert.deepEqual(requests, expected);
      assert.deepEqual(
        requests.map((request) => RunRequest.parse(request)),
        expected,
      );
    }
  });

  it('is refused with the place and what is wrong', () => {
    assert.deepEqual(
      [
        '',
        '[]',
        'tasks: []',
        '- x',
        '- promt: x',
        '- prompt: x\n  hooks: true',
        'task:\n- prompt: x',
        'tasks:\n- prompt: ""',
        '- prompt: [',
        '- prompt: x\n  timeout: 0s',
      ].map(told),
      [
        'tasks.yaml:1:1: "tasks" is missing',
        'tasks.yaml: has no tasks',
        'tasks.yaml: has no tasks',
        'tasks.yaml:1:3: "[0]" must be a group of settings, not "x"',
        'tasks.yaml:1:3: "promt" is not a setting of "[0]"; did you mean "prompt"?\ntasks.yaml:1:3: "[0].prompt" is missing',
        'tasks.yaml:2:3: "hooks" is not a setting of "[0]"',
        'tasks.yaml:1:1: "task" is not a setting; did you mean "tasks"?\ntasks.yaml:1:1: "tasks" is missing',
        'tasks.yaml:2:11: "tasks[0].prompt" must not be empty',
        'tasks.yaml:1:12: Flow sequence in block collection must be sufficiently indented and end with a ]',
        'tasks.yaml:2:12: "[0].timeout" must be longer than nothing: at least 1ms',
      ],
    );
  });

  it('says which tasks come after which', () => {
    assert.equal(
      told('- id: a\n  prompt: x\n- id: b\n  prompt: y\n  after: [a]\n  priority: 3\n  ports: 2\n'),
      '[{"prompt":"x","task":"a","folder":"/repo"},{"prompt":"y","after":["a"],"priority":3,"ports":2,"task":"b","folder":"/repo"}]',
    );
    assert.equal(
      told('- id: a\n  prompt: x\n  after: [b]\n'),
      'tasks.yaml:3:11: "[0].after[0]" must be the id of another task here or of one that was run before; b is neither',
    );
  });

  it('may name a task that was run before', () => {
    const [task] = parseTasks('- prompt: x\n  after: [TASK-001]\n', 'tasks.yaml', '/repo', (id) => id === 'TASK-001');
    assert.deepEqual(task?.after, ['TASK-001']);
  });
});
