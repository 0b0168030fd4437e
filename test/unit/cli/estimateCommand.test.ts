import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';
import { greenRun, landRun, storySpec } from '../../support/cli/story.ts';

const history = (count: number): FakeEngine => {
  const engine = new FakeEngine();
  for (let index = 1; index <= count; index += 1) {
    greenRun(engine, `T${index}-r1`, storySpec(`T${index}`, 'Fix the cart'));
    landRun(engine, `T${index}-r1`);
  }
  return engine;
};
const argv = ['estimate', '--prompt', 'Fix the rounding in src/cart.ts'];

describe('reactor estimate', () => {
  it('says what a task will likely cost and what that rests on, and starts nothing', async () => {
    const engine = history(6);
    const host = fakeHost(engine, { connect: () => Promise.reject(new Error('an engine was started')) });
    const { out, exitCode } = await cli(argv, host, { tty: true });
    assert.equal(exitCode, 0);
    assert.equal(
      out,
      [
        'Fix the rounding in src/cart.ts  fix',
        '  tokens      ≈ 1,830  (80 %: 1,830 to 1,830)',
        '  cost        ≈ $0.0121  (80 %: $0.0121 to $0.0121)',
        '  attempts    1 in the middle run',
        '  based on    6 past runs with the same model, category, test and files',
        '  confidence  medium',
        'Nothing was started, and nothing is spent.',
        '',
      ].join('\n'),
    );
    assert.deepEqual(engine.asked, []);
  });

  it('says no history when there is none', async () =>
    assert.match((await cli(argv, fakeHost(new FakeEngine()))).out, /estimate {4}no history: no run of this repository has ended yet/));

  it('adds several tasks up, and is whole in JSON', async () => {
    const readTasks = () => Promise.resolve(['Fix one', 'Fix two'].map((prompt) => ({ prompt, folder: '/repository' })));
    const host = fakeHost(history(6), { readTasks });
    assert.match((await cli(['estimate', '--file', 'tasks.yaml'], host)).out, /2 tasks together {2}≈ \$0\.0242/);
    const { tasks, totalUsd } = JSON.parse((await cli(['estimate', '--file', 'tasks.yaml', '--json'], host)).out);
    assert.deepEqual(
      [
        tasks.map(({ title, runs, usd }: { title: string; runs: number; usd: { median: number } }) => [title, runs, usd.median]),
        totalUsd.median,
      ],
      [
        [
          ['Fix one', 6, 0.0121],
          ['Fix two', 6, 0.0121],
        ],
        0.0242,
      ],
    );
  });

  it('needs a task as run does', async () => assert.match((await cli(['estimate'], fakeHost(history(1)))).err, /There is nothing to do/));
});
