import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { StatusRow } from '../../src/cli/render/statusLines.ts';
import type { ResultRow } from '../../src/core/projections/runResult.ts';
import { dataOf, type Outcome, Reactor, until } from '../support/reactor.ts';
import { plainProject, settings } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { bash, byWord, Gate, tools, write } from '../support/sampleScript.ts';

/** Four cells start one after another where processors are few or busy. */
const PATIENCE_MS = 300_000;

const outcomes = (outcome: Outcome): string[] =>
  [...(outcome.result?.runs ?? [])].map(({ task, status }: ResultRow) => `${task} ${status}`).sort();

describe('Tasks side by side', function () {
  this.timeout(400_000);
  let reactor: Reactor;
  const gates = { held: new Gate(), first: new Gate(), limited: new Gate() };

  before(async () => {
    reactor = await Reactor.open(
      byWord({
        held: gates.held.before(({ prompt, turn }) =>
          tools(write(`${/file (\w+)/.exec(prompt)?.[1]}.txt`, 'good\n'))({ prompt, turn } as never),
        ),
        limited: gates.limited.before(({ prompt, turn }) =>
          tools(write(`${/file (\w+)/.exec(prompt)?.[1]}.txt`, 'good\n'))({ prompt, turn } as never),
        ),
        taken: gates.first.before(tools(write('taken.txt', 'good\n'))),
        fruit: tools(write('fruit.txt', 'good\n')),
        juice: tools(bash('cp fruit.txt juice.txt')),
        rotten: tools(write('rotten.txt', 'bad\n')),
        ports: tools(bash('echo "$REACTOR_PORT $REACTOR_PORT_1 $REACTOR_PORT_2" > ports.txt')),
      }),
    );
  });
  after(() => reactor.close());

  const status = async (repository: string): Promise<readonly StatusRow[]> =>
    (JSON.parse((await reactor.call(repository, ['status', '--json'])).stdout) as { runs: StatusRow[] }).runs;
  const tasksFile = (name: string, text: string): string => {
    const path = join(reactor.root, name);
    writeFileSync(path, text);
    return path;
  };
  const waits = async (repository: string): Promise<string[]> =>
    (await status(repository)).map(({ task, phase, queued }) => `${task} ${queued === undefined ? phase : `queued: ${queued}`}`);

  it('run no more at once than --parallel says; the others tell where they stand, and all land', async () => {
    const repository = await reactor.repository('parallel', plainProject());
    const tasks = ['a', 'b', 'd'].map(
      (name) => `- id: ${name}\n  prompt: held, write file ${name}\n${name === 'd' ? '  priority: 5\n' : ''}`,
    );
    const file = tasksFile('parallel.yaml', tasks.join(''));
    const call = reactor.start(repository, ['run', '--json', '--file', file, '--parallel', '2', '--approve', 'auto', '--land', 'merge']);
    const first = ['a executing', 'd executing'];
    const line = await until(
      'two are at work and one waits',
      async () => {
        const rows = (await waits(repository)).sort();
        return first.every((row) => rows.includes(row)) ? rows : null;
      },
      PATIENCE_MS,
    );
    assert.deepEqual(line, ['a executing', 'b queued: 1st in line, limit of 2 side by side', 'd executing']);
    assert.equal(reactor.agentServers().length, 2);
    gates.held.open();
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, outcomes(outcome)], [0, ['a landed', 'b landed', 'd landed']]);
    assert.deepEqual(
      (await git(repository, 'ls-tree', '--name-only', 'main')).split('\n').filter((path) => /^.\.txt$/.test(path)),
      ['a.txt', 'b.txt', 'd.txt'],
    );
  });

  it('start from what the task before has landed, once it has', async () => {
    const repository = await reactor.repository('after', plainProject());
    const file = tasksFile(
      'after.yaml',
      '- id: juice\n  prompt: Make juice\n  after: [fruit]\n- id: fruit\n  prompt: Grow fruit\n  approve: never\n',
    );
    const parked = await reactor.call(repository, ['run', '--json', '--file', file]);
    assert.deepEqual([parked.exitCode, outcomes(parked)], [5, ['fruit parked', 'juice parked']]);
    assert.deepEqual(await waits(repository), ['juice queued: after fruit, which waits for a person', 'fruit parked']);
    assert.match((await reactor.call(repository, ['status'])).stdout, /juice .*queued.* after fruit, which waits for a person/);
    const asked = reactor.calls('juice').length;
    assert.equal((await reactor.call(repository, ['approve', 'fruit', '--json'])).exitCode, 0);
    await until('the second one waits for its review', async () => (await status(repository)).some(({ phase }) => phase === 'parked'));
    const approved = await reactor.call(repository, ['approve', 'juice', '--json']);
    assert.equal(approved.exitCode, 0, approved.stderr);
    assert.equal(asked, 0);
    assert.match(await git(repository, 'ls-tree', '--name-only', 'main'), /fruit\.txt\njuice\.txt/);
  });

  it('end with exit code 2, and cost nothing, when the task before did not land', async () => {
    const repository = await reactor.repository('failed', plainProject());
    const args = ['--task', 'rotten', '--prompt', 'Be rotten', '--task', 'other', '--prompt', 'Grow fruit', '--attempts', '1'];
    const first = await reactor.call(repository, ['run', '--json', ...args, '--approve', 'auto', '--land', 'branch']);
    assert.deepEqual([first.exitCode, outcomes(first)], [2, ['other committed', 'rotten failed']]);
    const file = tasksFile(
      'failed.yaml',
      '- id: again\n  prompt: Be rotten\n  attempts: 1\n- id: next\n  prompt: Make juice\n  after: [again]\n- id: last\n  prompt: Make juice\n  after: [next]\n',
    );
    const outcome = await reactor.call(repository, ['run', '--json', '--file', file, '--approve', 'auto']);
    assert.deepEqual([outcome.exitCode, outcomes(outcome)], [2, ['again failed', 'last failed', 'next failed']]);
    assert.deepEqual(
      outcome.result?.runs.map(({ reason }) => reason),
      [
        'never green in 1 attempt',
        'again, which it comes after, did not land: never green in 1 attempt',
        'next, which it comes after, did not land: again, which it comes after, did not land: never green in 1 attempt',
      ],
    );
    assert.equal(dataOf(outcome, 'cell/planned').length, 1);
    for (const [before, words] of [
      ['rotten', 'comes after rotten, which did not land (never green in 1 attempt); nothing was started.'],
      ['nowhere', 'comes after nowhere, which is not among these tasks and has never run here; nothing was started.'],
    ] as const) {
      const refused = await reactor.run(repository, 'Make juice', ['--task', 'x', '--after', before]);
      assert.deepEqual([refused.exitCode, refused.result?.error?.message], [1, `x ${words}`]);
    }
    const onBranch = await reactor.run(repository, 'Make juice', ['--task', 'onBranch', '--after', 'other', '--land', 'branch']);
    assert.deepEqual([onBranch.exitCode, outcomes(onBranch)], [0, ['onBranch committed']]);
    assert.match(await git(repository, 'ls-tree', '--name-only', 'reactor/onBranch'), /fruit\.txt\njuice\.txt/);
  });

  it('come after one of another command, also in a file', async () => {
    const repository = await reactor.repository('earlier', plainProject());
    assert.equal((await reactor.run(repository, 'Grow fruit')).exitCode, 0);
    const file = tasksFile('earlier.yaml', '- id: later\n  prompt: Make juice\n  after: [TASK-001]\n');
    const outcome = await reactor.call(repository, ['run', '--json', '--file', file, '--approve', 'auto']);
    assert.deepEqual([outcome.exitCode, outcomes(outcome)], [0, ['later landed']], outcome.stderr);
    const unknown = tasksFile('unknown.yaml', '- prompt: Make juice\n  after: [TASK-009]\n');
    const refused = await reactor.call(repository, ['run', '--json', '--file', unknown]);
    assert.match(refused.result?.error?.message ?? '', /unknown\.yaml:2:11: .*TASK-009 is neither$/);
  });

  it('keep to the limits of the folder that they are run in, as they are by then, and to the ports there are', async () => {
    const part = (more: string): string => settings('sh check.sh', more);
    const repository = await reactor.repository('limits', {
      'part/reactor.yaml': part('cells:\n  limit: 1\n'),
      'part/check.sh': 'true\n',
    });
    const folder = join(repository, 'part');
    const prompts = ['p', 'q'].flatMap((name) => ['--task', name, '--prompt', `limited, write file ${name}`]);
    const land = ['--approve', 'auto', '--land', 'branch', '--json'];
    const call = reactor.start(folder, ['run', ...prompts, ...land]);
    const are = (...rows: readonly string[]): Promise<unknown> =>
      until(`they are ${rows.join(', ')}`, async () => (await waits(repository)).sort().join() === rows.join(), PATIENCE_MS);
    await are('p executing', 'q queued: 1st in line, limit of 1 side by side');
    writeFileSync(join(folder, 'reactor.yaml'), part('ports: { from: 8400, to: 8402 }\n'));
    const more = reactor.start(folder, ['run', '--task', 'r', '--prompt', 'limited, write file r', '--ports', '2', ...land]);
    await are('p executing', 'q executing', 'r queued: 1st in line, the ports 8400 to 8402 are taken by the cells there are');
    gates.limited.open();
    const all = await Promise.all([call.outcome, more.outcome]);
    assert.deepEqual(all.map(outcomes), [['p committed', 'q committed'], ['r committed']]);
  });

  it('wait for memory instead of starting into swap, say so, and can be cancelled meanwhile', async () => {
    const repository = await reactor.repository('memory', plainProject('cells:\n  memoryMb: 900000\n'));
    const call = reactor.startRun(repository, 'Grow fruit', ['--task', 'big']);
    const { data } = await call.entry('run/queued');
    assert.match((data as { text: string }).text, /^needs about 900 GB, [\d.]+ GB free$/);
    assert.match((await reactor.call(repository, ['show', 'big'])).stdout, /queued +needs about 900 GB/);
    assert.deepEqual([reactor.agentServers().length, (await reactor.call(repository, ['kill', 'big'])).exitCode], [0, 0]);
    assert.equal((await call.outcome).exitCode, 130);
    assert.equal((await git(repository, 'branch', '--list', 'reactor/*')).length, 0);
  });

  it('each get ports of their own for the app under test', async () => {
    const noted = '"$REACTOR_PORT $REACTOR_PORT_1"';
    const repository = await reactor.repository('ports', {
      ...plainProject(),
      'reactor.yaml': settings(`test "$(cat .ports)" = ${noted} && sh check.sh`, `setup: echo ${noted} > .ports\ncells:\n  ports: 1\n`),
      '.gitignore': '.ports\n',
    });
    const args = ['--task', 'one', '--prompt', 'Note the ports', '--task', 'two', '--prompt', 'Note the ports'];
    const outcome = await reactor.call(repository, ['run', '--json', ...args, '--ports', '2', '--approve', 'auto', '--land', 'branch']);
    assert.deepEqual([outcome.exitCode, outcomes(outcome)], [0, ['one committed', 'two committed']]);
    const told = await Promise.all(['one', 'two'].map((task) => git(repository, 'show', `reactor/${task}:ports.txt`)));
    const leased = dataOf(outcome, 'cell/serverSpawned').map(({ port, appPorts = [] }) => [port, ...appPorts]);
    assert.deepEqual(told.map((text) => text.trim()).sort(), leased.map(([, ...app]) => app.join(' ')).sort());
    assert.equal(new Set(leased.flat()).size, 6);
  });

  it('are told when another program has taken such a port', async () => {
    const repository = await reactor.repository('taken', plainProject('cells:\n  ports: 1\nsetup: "true"\n'));
    const call = reactor.startRun(repository, 'taken: grow fruit', ['--land', 'branch']);
    const { data } = await call.entry('cell/serverSpawned');
    const [port = 0] = (data as { appPorts: number[] }).appPorts;
    const thief = createServer().listen(port, '127.0.0.1');
    await once(thief, 'listening');
    gates.first.open();
    const outcome = await call.outcome;
    thief.close();
    assert.deepEqual(
      dataOf(outcome, 'run/recoveryApplied').map(({ code, what }) => `${code} ${what}`),
      [`IG port ${port}, leased for the app under test, is held by process ${process.pid}, which is not of this cell`],
    );
  });

  it('run on a bare repository, and only on the files of a sparse checkout', async () => {
    const source = await reactor.repository('source', { ...plainProject(), 'far/away.txt': 'not here\n' });
    const bare = join(reactor.root, 'bare.git');
    await git(source, 'clone', '--quiet', '--bare', source, bare);
    reactor.adopt(bare);
    // Without a checkout, settings may lie beside the repository.
    writeFileSync(join(bare, 'reactor.yaml'), settings('sh check.sh'));
    const onBare = await reactor.run(bare, 'Grow fruit', ['--target', 'main']);
    assert.deepEqual([onBare.exitCode, outcomes(onBare)], [0, ['TASK-001 landed']], onBare.stderr);
    assert.match(await git(bare, 'ls-tree', '--name-only', 'main'), /fruit\.txt/);
    await git(source, 'sparse-checkout', 'set', '--cone', 'near');
    const sparse = await reactor.run(source, 'Grow fruit', ['--test', 'test ! -e far && sh check.sh']);
    assert.deepEqual([sparse.exitCode, outcomes(sparse)], [0, ['TASK-001 landed']], sparse.stderr);
    assert.match(await git(source, 'ls-tree', '-r', '--name-only', 'main'), /far\/away\.txt\nfruit\.txt/);
    assert.equal(await git(source, 'status', '--porcelain'), '');
  });
});
