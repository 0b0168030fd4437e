import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseSettings } from '../../../../src/adapters/project/parseSettings.ts';
import { UserFacingError } from '../../../../src/base/userFacingError.ts';
import { defaultConfig, ProjectConfig } from '../../../../src/core/model/projectConfig.ts';

const parse = (text: string): ProjectConfig => parseSettings(ProjectConfig, text, 'reactor.yaml');
/** What a person sees. */
const told = (text: string): string => {
  try {
    return JSON.stringify(parse(text));
  } catch (error) {
    assert.ok(error instanceof UserFacingError && error.code === 'configuration', String(error));
    return error.message;
  }
};

describe('reactor.yaml', () => {
  it('may be empty, all comments, without values, with a mark, with any line end', () => {
    const texts = ['', '# nothing\n', 'setup:\nlimits:\n  stall:\nbudgets:\n', '\uFEFF', '---\n...\n'];
    assert.deepEqual(
      texts.map(parse),
      texts.map(() => defaultConfig()),
    );
    assert.deepEqual(parse('\uFEFFtest: npm test\r\nsetup: |\r\n  a\r\n  b\r\nlimits:\r\n  stall: 1m\r\n'), {
      ...defaultConfig(),
      test: 'npm test',
      setup: 'a\nb\n',
      limits: { ...defaultConfig().limits, stallMs: 60_000 },
    });
  });

  it('lets parts be reused with anchors', () => {
    const { tasks } = parse(
      'tasks:\n  - id: a\n    prompt: x\n    include: &files [.env, .key]\n  - id: b\n    prompt: y\n    include: *files\n',
    );
    assert.deepEqual(
      tasks.map(({ include }) => include),
      [
        ['.env', '.key'],
        ['.env', '.key'],
      ],
    );
  });

  it('tells everything that is wrong, where, and what was probably meant', () => {
    const text = `atempts: 3
stall: 5m
test_timeout: 3m
limits:
  stal: 4
  stepsPerAttempt: 0
approve: atuo
land: rebase
timeout: 30
testBase: yes
attempts: 2.5
include: .env
budgets: {perRunUsd: -1, perTaskUsd: 1e21}
model: gpt
ports: {from: 9000, to: 8000}
tasks:
  - id: 001
    prompt:
  - id: a b
    prompt: x
    include: [/etc/passwd]
`;
    assert.deepEqual(told(text).split('\n'), [
      'reactor.yaml:1:1: "atempts" is not a setting; did you mean "attempts"?',
      'reactor.yaml:2:1: "stall" is not a setting; it belongs below "limits"',
      'reactor.yaml:3:1: "test_timeout" is not a setting; did you mean "testTimeout"?',
      'reactor.yaml:5:3: "stal" is not a setting of "limits"; did you mean "stall"?',
      'reactor.yaml:6:20: "limits.stepsPerAttempt" must be at least 1, not 0',
      'reactor.yaml:7:10: "approve" must be one of auto, ask, never, not "atuo"; did you mean "auto"?',
      'reactor.yaml:8:7: "land" must be one of branch, ff, merge, not "rebase"',
      'reactor.yaml:9:10: "timeout" must be a duration with its unit, such as 30m, 90s, 1h30m or 500ms',
      'reactor.yaml:10:11: "testBase" must be true or false, not "yes"',
      'reactor.yaml:11:11: "attempts" must be a whole number, not 2.5',
      'reactor.yaml:12:10: "include" must be a list, not ".env"',
      'reactor.yaml:13:22: "budgets.perRunUsd" must be an amount in US dollars, such as 5 or 0.50',
      'reactor.yaml:13:38: "budgets.perTaskUsd" must be an amount in US dollars, such as 5 or 0.50',
      'reactor.yaml:14:8: "model" must name provider and model, such as anthropic/claude-sonnet-4-5',
      'reactor.yaml:15:25: "ports.to" must not be lower than "ports.from"',
      'reactor.yaml:17:9: "tasks[0].id" must be text, not 1; put it in quotes',
      'reactor.yaml:18:12: "tasks[0].prompt" is missing',
      'reactor.yaml:19:9: "tasks[1].id": use letters, digits, dot, dash and underscore, 64 at most',
      'reactor.yaml:21:15: "tasks[1].include[0]" must stay inside the repository: no absolute path and no ".."',
    ]);
  });

  it('tells what is missing from what is wrong, and a limit from what must be more', () => {
    const text = 'currency: {symbol: "€", perUsd: 0}\nprices:\n  - {model: openai/*, input: abc}\n';
    assert.deepEqual(told(text).split('\n'), [
      'reactor.yaml:1:33: "currency.perUsd" must be more than 0, not 0',
      'reactor.yaml:3:5: "prices[0].output" is missing',
      'reactor.yaml:3:30: "prices[0].input" must be an amount in US dollars, such as 5 or 0.50',
    ]);
  });

  it('checks that tasks are told apart and wait for each other', () => {
    const text = 'tasks:\n  - {id: a, prompt: x, after: [a, b]}\n  - {id: a, prompt: y}\n  - {prompt: z, tests: x}\n';
    assert.deepEqual(told(text).split('\n'), [
      'reactor.yaml:2:32: "tasks[0].after[0]" must not be the task itself',
      'reactor.yaml:2:35: "tasks[0].after[1]" must be the id of another task here; b is none',
      'reactor.yaml:3:10: "tasks[1].id" must be unique: another task is a too',
      'reactor.yaml:4:17: "tests" is not a setting of "tasks[2]"; did you mean "test"?',
    ]);
  });

  it('says where the syntax is wrong', () => {
    assert.deepEqual(
      [
        'test: npm test\nsetup: a: b\n',
        'limits:\n\tstall: 1m\n',
        'test: "npm\n',
        'attempts: 1\nland: ff\nattempts: 2\n',
        'limits:\n  stall: 1m\n  stall: 2m\n',
        'test: a\n---\ntest: b\n',
        'test: !shell npm test\n',
        'test: *other\n',
        '- test: x\n',
        'npm test\n',
      ].map((text) => told(text).split('\n')[0]),
      [
        'reactor.yaml:2:8: Nested mappings are not allowed in compact mappings',
        'reactor.yaml:2:1: Tabs are not allowed as indentation',
        'reactor.yaml:2:1: Missing closing "quote',
        'reactor.yaml:3:1: "attempts" is set twice, first in line 1',
        'reactor.yaml:3:3: "stall" is set twice, first in line 2',
        'reactor.yaml:2:1: only one document may stand in the file: remove this "---" and what follows it',
        'reactor.yaml:1:7: Unresolved tag: !shell',
        "reactor.yaml:1:1: the file has aliases that can't be followed: Unresolved alias (the anchor must be set before the alias): other",
        'reactor.yaml:1:1: the file must hold settings, one "name: value" per line',
        'reactor.yaml:1:1: the file must hold settings, one "name: value" per line',
      ],
    );
  });

  it('refuses names that mean something to JavaScript', () => {
    assert.deepEqual(['__proto__: {test: x}', 'constructor: 1', 'toString: 1', '<<: {test: x}'].map(told), [
      'reactor.yaml:1:1: "__proto__" is not a setting',
      'reactor.yaml:1:1: "constructor" is not a setting',
      'reactor.yaml:1:1: "toString" is not a setting',
      'reactor.yaml:1:1: "<<" is not a setting',
    ]);
  });

  it('refuses files made to exhaust the reader', () => {
    const list = (of: string) => `[${Array.from({ length: 9 }, () => of).join(',')}]`;
    const bomb = [
      'a: &a [x,x,x,x]',
      ...['b', 'c', 'd', 'e', 'f', 'g'].map((name, i) => `${name}: &${name} ${list(`*${'abcdef'[i]}`)}`),
    ].join('\n');
    assert.deepEqual(
      [
        bomb,
        'a: &a [*a]',
        '['.repeat(100_000),
        '- '.repeat(50_000),
        `${Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}k:\n`).join('')}`,
      ].map((text) => told(text).split('\n')[0]),
      [
        "reactor.yaml:1:1: the file has aliases that can't be followed: Excessive alias count indicates a resource exhaustion attack",
        'reactor.yaml:1:1: the file is nested too deeply to be read',
        'reactor.yaml:1:1: the file is nested too deeply to be read',
        'reactor.yaml:1:1: the file is nested too deeply to be read',
        'reactor.yaml:1:1: the file is nested too deeply to be read',
      ],
    );
  });

  it('tells the first twenty of very many mistakes', () => {
    const lines = told(Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')).split('\n');
    assert.deepEqual(
      [lines.length, lines[0], lines[19], lines[20]],
      [21, 'reactor.yaml:1:1: "k0" is not a setting', 'reactor.yaml:20:1: "k19" is not a setting', '… and more'],
    );
  });
});
