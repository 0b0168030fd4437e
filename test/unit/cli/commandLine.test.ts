import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { promptText } from '../../../src/cli/commands/runRequests.ts';
import { textWidth } from '../../../src/cli/render/textWidth.ts';
import { runCli } from '../../../src/cli/runCli.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { FakeTerminal } from '../../support/cli/fakeTerminal.ts';

const host = () => fakeHost(new FakeEngine());
const noHost = fakeHost(new FakeEngine(), { connect: () => Promise.reject(new Error('no command should have come this far')) });

/** What is refused before anything was started: exit code and the first line told. */
async function refusal(argv: readonly string[]): Promise<string> {
  const { exitCode, out, err } = await cli(argv, noHost);
  return `${exitCode} ${out}${err.split('\n')[0]}`;
}

describe('the command line', () => {
  it('fails when what it was asked to tell could not be written, and not when runs came out well', async () => {
    const engine = new FakeEngine();
    engine.handlers.submit = () => ({ runs: [], notes: [] });
    const told = await Promise.all(
      [
        ['help', 'run'],
        ['run', '--prompt', 'x', '--detach'],
      ].map(async (argv) => {
        const terminal = new FakeTerminal(argv);
        terminal.stdout.failure = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        return [await runCli(terminal, () => Promise.resolve(fakeHost(engine))), terminal.stderr.lines];
      }),
    );
    const lines = [
      'reactor: The output could not be written: a disk is full. What is there is not complete.',
      '  → make room there, or write to another place',
    ];
    assert.deepEqual(told, [
      [1, lines],
      [0, lines],
    ]);
  });

  it('names the nearest option, command and choice', async () => {
    const told = await Promise.all(
      [
        ['run', '--promt', 'x'],
        ['stats'],
        ['run', '--prompt', 'x', '--approve', 'aut'],
        ['completion', 'bsh'],
        ['approve'],
        ['run', '--prompt'],
        ['show', 'a', 'b'],
      ].map(async (argv) => (await cli(argv, noHost)).err.split('\n').slice(0, 2).join(' ')),
    );
    assert.deepEqual(told, [
      "reactor: unknown option '--promt' (Did you mean --prompt?)",
      "reactor: unknown command 'stats' (Did you mean status?)",
      "reactor: option '--approve <mode>' argument 'aut' is invalid. Allowed choices are auto, ask, never. (reactor run --help shows its options)",
      "reactor: command-argument value 'bsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish. (reactor --help lists the commands)",
      "reactor: missing required argument 'run' (reactor approve --help shows its options)",
      "reactor: option '--prompt <text>' argument missing (reactor run --help shows its options)",
      "reactor: too many arguments for 'show'. Expected 1 argument but got 2: a, b. (reactor show --help shows its options)",
    ]);
    assert.deepEqual(
      await Promise.all([['run', '--promt', 'x'], ['stats'], []].map(async (argv) => (await cli(argv, noHost)).exitCode)),
      [1, 1, 1],
    );
  });

  it('refuses what can not be meant, in one sentence', async () => {
    assert.deepEqual(
      await Promise.all(
        [
          ['run'],
          ['run', '--prompt', '  '],
          ['run', '--prompt', 'x', '--file', 'tasks.yaml'],
          ['run', '--file', 'tasks.yaml', '--task', 'T1'],
          ['run', '--prompt', 'x', '--task', 'no spaces'],
          ['run', '--task', 'T9'],
          ['run', '--prompt', 'x', '--attempts', '0'],
          ['run', '--prompt', 'x', '--attempts', '2.5'],
          ['run', '--prompt', 'x', '--timeout', '30'],
          ['run', '--prompt', 'x', '--budget', 'free'],
          ['run', '--prompt', 'x', '--budget', '0'],
          ['run', '--prompt', 'x', '--model', 'gpt'],
          ['run', '--prompt', 'x', '--test', ''],
          ['run', '--prompt', '@/no/such/file'],
        ].map(refusal),
      ),
      [
        '1 reactor: There is nothing to do: give the agent a prompt.',
        '1 reactor: The prompt from --prompt is empty, so that there is nothing for an agent to do.',
        "1 reactor: --file and --prompt can't be used together: the file names the tasks.",
        "1 reactor: --file and --task can't be used together: the file names the tasks.",
        '1 reactor: --task "no spaces" is not a task\'s name: use letters, digits, dot, dash and underscore, 64 at most.',
        '1 reactor: No prompt was given, and reactor.yaml has no task T9 to take it from.',
        '1 reactor: --attempts 0 is not a whole number from 1 to 100.',
        '1 reactor: --attempts 2.5 is not a whole number from 1 to 100.',
        '1 reactor: --timeout 30 must be a duration with its unit, such as 30m, 90s, 1h30m or 500ms.',
        '1 reactor: --budget free is not an amount of US dollars above zero.',
        '1 reactor: --budget 0 is not an amount of US dollars above zero.',
        '1 reactor: --model gpt does not name a provider and a model.',
        '1 reactor: --test needs a value.',
        "1 reactor: The prompt file /no/such/file can't be read.",
      ],
    );
  });

  it('hands every option of run on as it was meant', async () => {
    const engine = new FakeEngine();
    engine.handlers.submit = () => ({ runs: [], notes: [] });
    const argv = [
      ...[
        'run',
        '--task',
        'T-1',
        '--desc',
        'Title',
        '--prompt',
        'x',
        '--repo',
        'sub',
        '--base',
        'v1',
        '--target',
        'dev',
        '--test',
        'make test',
      ],
      ...[
        '--setup',
        '',
        '--include',
        '.env*',
        '--include',
        'keys/*',
        '--agent',
        'build',
        '--model',
        'a/b/c',
        '--approve',
        'auto',
        '--land',
        'merge',
      ],
      ...['--attempts', '5', '--timeout', '1h30m', '--budget', '$2.50', '--no-base-test', '--detach'],
    ];
    assert.equal((await cli(argv, fakeHost(engine))).exitCode, 0);
    assert.deepEqual(JSON.parse(engine.asked[0]?.slice('submit '.length) ?? ''), {
      requests: [
        {
          task: 'T-1',
          title: 'Title',
          base: 'v1',
          target: 'dev',
          test: 'make test',
          setup: '',
          include: ['.env*', 'keys/*'],
          agent: 'build',
          model: 'a/b/c',
          approve: 'auto',
          land: 'merge',
          attempts: 5,
          timeoutMs: 5_400_000,
          budgetUsd: '2.50',
          testBase: false,
          prompt: 'x',
          folder: '/repository/sub',
        },
      ],
    });
  });

  it('pairs repeated tasks, titles and prompts, and hands on how they run side by side', async () => {
    const engine = new FakeEngine();
    engine.handlers.submit = () => ({ runs: [], notes: [] });
    const pairs = ['--task', 'A', '--prompt', 'one', '--desc', 'First', '--task', 'B', '--prompt', 'two', '--desc', 'Second'];
    const line = ['run', ...pairs, '--parallel', '2', '--after', 'OLD', '--priority', '-3', '--ports', '2', '--detach'];
    assert.equal((await cli(line, fakeHost(engine))).exitCode, 0);
    await cli(['run', '--prompt', 'x', '--prompt', 'y', '--detach'], fakeHost(engine));
    const shared = { after: ['OLD'], priority: -3, ports: 2, folder: '/repository' };
    assert.deepEqual(
      engine.asked.map((asked) => JSON.parse(asked.slice('submit '.length))),
      [
        {
          requests: [
            { task: 'A', title: 'First', prompt: 'one', ...shared },
            { task: 'B', title: 'Second', prompt: 'two', ...shared },
          ],
          parallel: 2,
        },
        {
          requests: [
            { prompt: 'x', folder: '/repository' },
            { prompt: 'y', folder: '/repository' },
          ],
        },
      ],
    );
    assert.deepEqual(
      await Promise.all(
        [
          ['run', '--task', 'A', '--prompt', 'x', '--prompt', 'y'],
          ['run', '--prompt', '-', '--prompt', '-'],
          ['run', '--prompt', 'x', '--parallel', '0'],
          ['run', '--prompt', 'x', '--priority', 'high'],
          ['run', '--prompt', 'x', '--after', 'not a name'],
        ].map(refusal),
      ),
      [
        '1 reactor: --task was given 1 times for 2 tasks: give it for each of them, or for none.',
        '1 reactor: Only one --prompt can be read from standard input.',
        '1 reactor: --parallel 0 is not a whole number from 1 to 1000.',
        '1 reactor: --priority high is not a whole number from -100 to 100.',
        '1 reactor: --after "not a name" is not a task\'s name.',
      ],
    );
  });

  it('submits all tasks of a file together, with the options of the line on top', async () => {
    const engine = new FakeEngine();
    engine.handlers.submit = () => ({ runs: [], notes: [] });
    const files: string[] = [];
    const reading = fakeHost(engine, {
      readTasks: (file, folder) => {
        files.push(file);
        return Promise.resolve([
          { task: 'A', prompt: 'one', folder, approve: 'ask' },
          { task: 'B', prompt: 'two', folder },
        ]);
      },
    });
    await cli(['run', '--file', 'tasks.yaml', '--approve', 'auto', '--detach'], reading);
    assert.deepEqual(files, ['/repository/tasks.yaml']);
    assert.deepEqual(JSON.parse(engine.asked[0]?.slice('submit '.length) ?? '').requests, [
      { task: 'A', prompt: 'one', folder: '/repository', approve: 'auto' },
      { task: 'B', prompt: 'two', folder: '/repository', approve: 'auto' },
    ]);
  });

  it('prints its version and helps in 80 columns without loading anything', async () => {
    const version = await cli(['--version'], noHost);
    const helps = await Promise.all(
      [['--help'], ['run', '--help'], ['help', 'approve'], ['export', '-h']].map((argv) => cli(argv, noHost, { tty: true })),
    );
    assert.deepEqual([version.exitCode, version.out], [0, '9.9.9\n']);
    assert.deepEqual(
      helps.map(({ exitCode, err }) => [exitCode, err]),
      helps.map(() => [0, '']),
    );
    const wide = helps.flatMap(({ out }) => out.split('\n').filter((line) => textWidth(line) > 80));
    assert.deepEqual(wide, []);
    assert.match(helps[0]?.out ?? '', /Examples:\n {2}\$ reactor init/);
    assert.match(helps[1]?.out ?? '', /--prompt <text> +what the agent is asked to do/);
  });

  it('ends --json of a run with a result object, also when the line itself is wrong', async () => {
    const { exitCode, out } = await cli(['run', '--promt', 'x', '--json'], noHost);
    assert.deepEqual(
      [exitCode, JSON.parse(out)],
      [
        1,
        {
          type: 'result',
          exitCode: 1,
          runs: [],
          error: { code: 'configuration', message: "unknown option '--promt'\n(Did you mean --prompt?)", actions: ['reactor run --help'] },
        },
      ],
    );
  });

  it('breaks an error between words on a terminal, and nothing that is to be typed', async () => {
    const { err } = await cli(['show', 'TASK-9'], host(), { tty: true });
    assert.equal(
      err,
      `reactor: There is no run or task TASK-9 in this repository. Nothing has been run
in this repository yet.
  → reactor run --prompt "…"
`,
    );
    assert.equal((await cli(['show', 'TASK-9'], host())).err.split('\n').length, 3);
  });

  it('without a command shows the help and fails', async () => {
    const { exitCode, out, err } = await cli([], host());
    assert.deepEqual([exitCode, out, err.startsWith('Usage: reactor')], [1, '', true]);
  });
});

describe('a prompt', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reactor-prompt-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('comes from the text, a file, or standard input', async () => {
    await writeFile(join(folder, 'plan.md'), '\ufeff# Plan\n\nDo it.\n');
    const terminal = new FakeTerminal([], { folder, input: 'from a pipe\n' });
    const prompts = [
      await promptText('Do it', terminal),
      await promptText('@plan.md', terminal),
      await promptText('-', terminal),
      await promptText('@@home', terminal),
    ];
    assert.deepEqual(prompts, ['Do it', '# Plan\n\nDo it.', 'from a pipe', '@home']);
  });

  it('is refused when it is empty or endless', async () => {
    await writeFile(join(folder, 'empty.md'), ' \n');
    await writeFile(join(folder, 'huge.md'), 'x'.repeat(1_000_001));
    const messages = [];
    for (const [given, input] of [
      ['@empty.md', ''],
      ['@huge.md', ''],
      ['@.', ''],
      ['-', ''],
      ['-', 'x'.repeat(1_000_001)],
    ] as const) {
      messages.push(await promptText(given, new FakeTerminal([], { folder, input })).catch((error: Error) => error.message));
    }
    assert.deepEqual(messages, [
      'The prompt from empty.md is empty, so that there is nothing for an agent to do.',
      'The prompt file huge.md is longer than 1000000 bytes.',
      'The prompt file . is not a file.',
      'The prompt from standard input is empty, so that there is nothing for an agent to do.',
      'The prompt on standard input is longer than 1000000 bytes.',
    ]);
  });
});
