import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject, settings } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('What a budget does', function () {
  this.timeout(300_000);
  let reactor: Reactor;
  let listener: Server;
  const received: { readonly event: string; readonly percent: number | null; readonly action: string | null }[] = [];
  const outcomes: Record<string, Outcome> = {};
  const repositories: Record<string, string> = {};
  const outcome = (name: string): Outcome => outcomes[name] ?? assert.fail(`no ${name}`);
  const repository = (name: string): string => repositories[name] ?? assert.fail(`no ${name}`);
  const start = async (name: string, settings: string, args: readonly string[] = []): Promise<void> => {
    repositories[name] = await reactor.repository(name, plainProject(settings));
    outcomes[name] = await reactor.run(repository(name), 'Write alpha', ['--land', 'branch', '--task', 'T', ...args]);
  };

  before(async () => {
    listener = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        const { percent, action } = JSON.parse(body) as { percent: number | null; action: string | null };
        received.push({ event: String(request.headers['x-reactor-event']), percent, action });
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const hook = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`;
    reactor = await Reactor.open(byWord({ alpha: tools(write('alpha.txt', 'good\n'), write('beta.txt', 'good\n')) }));
    await Promise.all([
      start('stop', `budgets: { perRunUsd: 0.006, onExceed: stop, notificationUrl: "${hook}" }\n`),
      start('warn', 'budgets: { perRunUsd: 0.006, onExceed: warn }\n'),
      start('deny', 'budgets: { perRunUsd: 5, unpriced: deny }\n', ['--model', 'scripted/free']),
      start('ask', 'budgets: { perRunUsd: 5, unpriced: ask }\n', ['--model', 'scripted/free']),
      start('priced', 'prices: [{ model: scripted/*, input: 1, output: "0.5" }]\n', ['--model', 'scripted/free']),
    ]);
  });
  after(async () => {
    listener.closeAllConnections();
    listener.close();
    await reactor.close();
  });

  it('stop ends the run with exit code 6 and keeps what it did; the webhook is told of each share and of the end', async () => {
    const { status, kept, reason } = onlyRun(outcome('stop'));
    assert.deepEqual([outcome('stop').exitCode, status], [6, 'failed'], outcome('stop').stderr);
    assert.match(reason, /the budget of \$0\.006 is used up/);
    assert.equal(await git(repository('stop'), 'show', `${kept}:alpha.txt`), 'good');
    await until('the webhook was told', () => received.length === 5);
    assert.deepEqual(received.map(({ event, percent, action }) => [event, percent, action].join(' ')).sort(), [
      'budget.exceeded  stop',
      'budget.threshold 100 ',
      'budget.threshold 50 ',
      'budget.threshold 75 ',
      'budget.threshold 90 ',
    ]);
  });

  it('warn lets the run go on and records it once', () => {
    assert.deepEqual([outcome('warn').exitCode, onlyRun(outcome('warn')).status], [0, 'committed'], outcome('warn').stderr);
    assert.deepEqual(
      dataOf(outcome('warn'), 'budget/exceeded').map(({ action }) => action),
      ['warn'],
    );
  });

  it('a model without a price may not work under a budget where that is denied: it is never asked', () => {
    const { exitCode, entries } = outcome('deny');
    assert.deepEqual([exitCode, onlyRun(outcome('deny')).status], [6, 'parked'], outcome('deny').stderr);
    assert.match(onlyRun(outcome('deny')).reason, /scripted\/free has no known price/);
    assert.equal(dataOf({ entries }, 'attempt/started').length, 0);
  });

  it('where a person decides it waits for one, and goes on when it is allowed', async () => {
    assert.deepEqual([outcome('ask').exitCode, onlyRun(outcome('ask')).status], [5, 'parked'], outcome('ask').stderr);
    const approved = await reactor.call(repository('ask'), ['approve', 'T', '--json']);
    assert.deepEqual([approved.exitCode, onlyRun(approved).status, onlyRun(approved).costUsd], [0, 'committed', null], approved.stderr);
  });

  it('a price in reactor.yaml makes an unpriced model a priced one', () => {
    const { costUsd, tokens } = onlyRun(outcome('priced'));
    assert.deepEqual([outcome('priced').exitCode, costUsd], [0, (tokens.input * 1 + tokens.output * 0.5) / 1e6]);
  });

  it('what the budget of a day has parked goes on under the budget of the next day, where that is said', async () => {
    const next = async (name: string, onRenew: string) => {
      // The engine goes by its own time zone: it is a day earlier there than in the one after.
      repositories[name] = await reactor.repository(name, plainProject(`budgets: { perDayUsd: 0.006, onRenew: ${onRenew} }\n`));
      const before = await reactor.run(repository(name), 'Write alpha', ['--land', 'branch', '--task', 'T'], { env: { TZ: 'Etc/GMT+12' } });
      assert.deepEqual([before.exitCode, onlyRun(before).status], [6, 'parked'], before.stderr);
      assert.match(onlyRun(before).reason, /raise it in reactor\.yaml, or go on from \d{4}-\d\d-\d\d$/);
      await reactor.call(repository(name), ['engine', '--stop']);
      // What is broken off and gone on with costs more than what is done at once.
      writeFileSync(join(repository(name), 'reactor.yaml'), settings('sh check.sh', `budgets: { perDayUsd: 1, onRenew: ${onRenew} }\n`));
      return (...args: string[]) => reactor.call(repository(name), args, { env: { TZ: 'Pacific/Kiritimati' } });
    };
    const [asks, resumes] = await Promise.all([next('asks', 'ask'), next('resumes', 'resume')]);
    const status = await asks('status', '--json');
    assert.equal(status.exitCode, 0, status.stderr);
    const { inbox } = JSON.parse(status.stdout);
    assert.match(inbox[0].title, /^there is a new budget, and it can go on; the budget of today of \$0\.006 is used up/);
    const resumed = await asks('resume', 'T', '--json');
    assert.deepEqual([resumed.exitCode, onlyRun(resumed).status], [0, 'committed'], resumed.stderr);
    // Its engine starts for another task, of a model that has no price.
    const other = await resumes(
      'run',
      '--json',
      '--prompt',
      'Write alpha',
      '--approve',
      'auto',
      '--land',
      'branch',
      '--model',
      'scripted/free',
    );
    assert.equal(other.exitCode, 0, other.stderr);
    await until('it went on by itself', async () => {
      const { tasks } = JSON.parse((await resumes('tasks', '--json')).stdout);
      return tasks.every((task: { status: string }) => task.status === 'committed');
    });
  });

  it('a budget over all repositories counts what others spent, in its own process; raised, the run goes on', async () => {
    const file = join(reactor.root, 'data', 'budgets.yaml');
    writeFileSync(file, 'budgets: { perDayUsd: 0.007 }\n');
    await start('other', '');
    assert.deepEqual([outcome('other').exitCode, onlyRun(outcome('other')).status], [6, 'parked'], outcome('other').stderr);
    assert.match(
      onlyRun(outcome('other')).reason,
      /the budget of today for all repositories of \$0\.007 is used up; raise it in budgets\.yaml/,
    );
    assert.equal(dataOf(outcome('other'), 'cell/planned').length, 0, 'nothing is made for it');
    writeFileSync(file, 'budgets: { perDayUsd: 7 }\n');
    const resumed = await reactor.call(repository('other'), ['resume', 'T', '--json']);
    assert.deepEqual([resumed.exitCode, onlyRun(resumed).status], [0, 'committed'], resumed.stderr);
  });
});
