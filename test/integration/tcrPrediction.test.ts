import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { StatusRow } from '../../src/cli/render/statusLines.ts';
import { type Outcome, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { advance, git } from '../support/sampleRepository.ts';
import { byWord, Gate, tools, write } from '../support/sampleScript.ts';

describe('Conflicts are said before they are met', function () {
  this.timeout(180_000);
  const goesOn = new Gate();
  let reactor: Reactor;
  let repository: string;

  const reviews = async (): Promise<Record<string, string>> => {
    const { stdout } = await reactor.call(repository, ['status', '--json']);
    const { inbox } = JSON.parse(stdout) as { inbox: { task: string; title: string }[] };
    return Object.fromEntries(inbox.map(({ task, title }) => [task, title]));
  };
  const begin = (word: string): Promise<Outcome> =>
    reactor.call(repository, ['run', '--prompt', `Write ${word}`, '--task', word, '--target', 'trunk', '--approve', 'ask', '--detach']);
  const predicted = async (task: string): Promise<unknown> => {
    const { stdout } = await reactor.call(repository, ['show', task, '--json']);
    return (JSON.parse(stdout) as StatusRow & { predicted: unknown }).predicted;
  };

  before(async () => {
    const working = tools(write('working.txt', 'Ours.\n'), write('more.txt', 'good\n'));
    reactor = await Reactor.open(
      byWord({
        one: tools(write('readme.txt', 'One.\n')),
        two: tools(write('readme.txt', 'Two.\n')),
        apart: tools(write('apart.txt', 'good\n')),
        busy: (call) =>
          call.turn === 1 ? goesOn.before(tools(write('busy.txt', 'Busy.\n')))(call) : tools(write('busy.txt', 'Busy.\n'))(call),
        late: tools(write('busy.txt', 'Late.\n')),
        stepping: (call) =>
          (call.prompts.length === 1 ? tools(write('stepped.txt', 'Ours.\n')) : goesOn.before(tools(write('next.txt', 'good\n'))))(call),
        working: (call) => (call.turn === 1 ? goesOn.before(working)(call) : working(call)),
      }),
    );
    repository = await reactor.repository('predict', { ...plainProject(), 'working.txt': 'A file.\n' });
    await git(repository, 'branch', 'trunk');
    const tasks = ['one', 'two', 'apart', 'working', 'busy'].map(begin);
    assert.deepEqual(
      (await Promise.all(tasks)).map(({ exitCode }) => exitCode),
      [0, 0, 0, 0, 0],
    );
  });
  after(() => reactor.close());

  it('between two changes that wait for review, on both of them and on no other', async () => {
    await until('both reviews say it', async () => {
      const titles = await reviews();
      return /conflicts with two in readme\.txt/.test(titles['one'] ?? '') && /conflicts with one in readme\.txt/.test(titles['two'] ?? '');
    });
    assert.deepEqual(await predicted('apart'), []);
  });

  it('between a change that is there and what another agent has written so far, on both of them', async () => {
    await until('the agent has written its file', () => reactor.calls('busy').some(({ turn }) => turn === 1));
    assert.equal((await begin('late')).exitCode, 0);
    for (const [task, other] of [
      ['late', 'busy'],
      ['busy', 'late'],
    ] as const) {
      const conflict = JSON.stringify([{ with: other, run: `${other}-r1`, paths: ['busy.txt'] }]);
      await until(`${task} is warned`, async () => JSON.stringify(await predicted(task)) === conflict);
    }
  });

  it('of steps that are on the branch already, while the agent is at the next one', async () => {
    const step = ['--tcr', 'step', '--task', 'stepping', '--target', 'stepped', '--approve', 'ask', '--detach'];
    await git(repository, 'branch', 'stepped');
    assert.equal((await reactor.call(repository, ['run', '--prompt', 'Write stepping', ...step])).exitCode, 0);
    await until('the agent is at its second step', () => reactor.calls('stepping').some(({ prompts }) => prompts.length === 2));
    await advance(repository, 'stepped', { 'stepped.txt': 'Theirs.\n' });
    const conflict = JSON.stringify([{ with: 'stepped', run: null, paths: ['stepped.txt'] }]);
    await until('it is warned', async () => JSON.stringify(await predicted('stepping')) === conflict);
  });

  it('with a target that somebody moves by hand, also for an agent that still works', async () => {
    await until('the agent has written its first file', () => reactor.calls('working').some(({ turn }) => turn === 1));
    await advance(repository, 'trunk', { 'apart.txt': 'theirs\n', 'working.txt': 'Theirs.\n' });
    const conflict = (path: string): string => JSON.stringify([{ with: 'trunk', run: null, paths: [path] }]);
    for (const task of ['apart', 'working']) {
      await until(`${task} is warned`, async () => JSON.stringify(await predicted(task)) === conflict(`${task}.txt`));
    }
    const shown = await reactor.call(repository, ['show', 'working']);
    assert.match(shown.stdout, /! conflicts with trunk in working\.txt/);
    goesOn.open();
  });
});
