import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { HeldAnswers } from '../support/heldAnswers.ts';
import { dataOf, onlyRun, Reactor, until } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

const ask = { name: 'webfetch', args: { url: 'http://127.0.0.1:9/', format: 'text' } };
const question = {
  name: 'question',
  args: {
    questions: [
      {
        question: 'Which colour?',
        header: 'Colour',
        options: [
          { label: 'red', description: 'r' },
          { label: 'blue', description: 'b' },
        ],
      },
    ],
  },
};

/** Tells what a command of the cell sees: neither the server's folder nor, where it has none, the network. */
const LOOK_AROUND = [
  '[ -d ../home ] && [ ! -e ../home/data ] && echo no server folder',
  'echo "way out: $(curl -s -m 20 http://refused.invalid/)"',
  'echo interfaces: $(tail -n +3 /proc/self/net/dev | cut -d: -f1)',
  '',
].join('\n');

describe('A new engine adopts living cells', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  const answers = new HeldAnswers();
  before(async () => {
    ensureBubblewrap();
    reactor = await Reactor.open(
      byWord({
        turning: answers.hold('turning', tools(write('turning.txt', 'good\n'), write('after.txt', 'good\n'))),
        ended: answers.hold('ended', tools(write('ended.txt', 'good\n'))),
        enclosed: answers.hold('enclosed', tools(write('enclosed.txt', 'good\n'), write('check.sh', LOOK_AROUND))),
        secluded: answers.hold('secluded', tools(write('secluded.txt', 'good\n'), write('check.sh', LOOK_AROUND))),
        listed: answers.hold('listed', tools(write('listed.txt', 'good\n'), write('check.sh', LOOK_AROUND))),
        fetching: tools(write('fetching.txt', 'good\n'), ask, write('fetched.txt', 'good\n')),
        asking: tools(write('asking.txt', 'good\n'), question),
        stopped: answers.hold('stopped', tools(write('stopped.txt', 'good\n'))),
        waiting: tools(write('waiting.txt', 'good\n')),
      }),
      { REACTOR_WARDEN_GRACE_MS: '60000', REACTOR_UNATTENDED_MS: '60000' },
    );
  });
  after(() => {
    answers.letAllGo();
    return reactor.close();
  });

  /** Each model call is one message of the journal, and no message is there twice. */
  const assertChargedOnce = (word: string, outcome: Parameters<typeof dataOf>[0]): void => {
    const messages = dataOf(outcome, 'message/finished').map(({ message }) => message.messageId);
    assert.deepEqual([new Set(messages).size, messages.length], [messages.length, reactor.calls(word).length]);
  };

  for (const [word, network] of [
    ['enclosed', 'open'],
    ['secluded', 'none'],
    ['listed', 'allowlist'],
  ] as const) {
    it(`kill -9 in a turn of a sandboxed cell, network ${network}: server, turn and boundary go on, also for commands after it`, async () => {
      const repository = await reactor.repository(word, plainProject('protectedPaths: ["!check.sh"]\n'));
      const sandbox = ['--sandbox', 'required', '--network', network];
      const call = reactor.startRun(repository, `Write ${word}`, ['--task', word, ...sandbox]);
      const spawned = await call.entry('cell/serverSpawned');
      await answers.isHeld(reactor, word);
      reactor.killEngine(repository);
      await call.entry('run/recovered');
      answers.letGo(word);
      const outcome = await call.outcome;
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 1], outcome.stderr);
      assert.deepEqual(
        dataOf(outcome, 'run/recovered').map((data) => data.outcome),
        ['adopted'],
      );
      assert.deepEqual(dataOf(outcome, 'cell/serverSpawned'), [spawned.data]);
      assertChargedOnce(word, outcome);
      // The candidate's test ran after the engine had died; what it saw tells in what.
      const told = dataOf(outcome, 'attempt/tested').at(-1)?.evidence.tail ?? '';
      assert.match(told, /^no server folder$/m);
      assert.equal(/^interfaces: lo$/m.test(told), network !== 'open', told);
      // Only an engine that lives can refuse.
      assert.equal(/^way out: Reactor: refused\.invalid:80 is not on the list/m.test(told), network === 'allowlist', told);
    });
  }

  it('kill -9 in a turn: the turn is joined where it stands, its messages are charged once, and the same server goes on', async () => {
    const repository = await reactor.repository('turn', plainProject());
    const call = reactor.startRun(repository, 'Write turning', ['--task', 'turning']);
    const spawned = await call.entry('cell/serverSpawned');
    await answers.isHeld(reactor, 'turning');
    reactor.killEngine(repository);
    await call.entry('run/recovered');
    answers.letGo('turning');
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 1], outcome.stderr);
    assert.deepEqual(
      dataOf(outcome, 'run/recovered').map((data) => [data.outcome, data.reason]),
      [['adopted', "the engine ended and its agent server lived on; the agent's turn is joined where it stands"]],
    );
    assert.deepEqual(dataOf(outcome, 'cell/serverSpawned'), [spawned.data]);
    assert.deepEqual(
      reactor.calls('turning').map(({ turn }) => turn),
      [0, 1, 2],
    );
    assertChargedOnce('turning', outcome);
    assert.equal(await git(repository, 'show', 'main:after.txt'), 'good');
  });

  it('finds the end of a turn that ended while there was no engine', async () => {
    const repository = await reactor.repository('ended', plainProject());
    const call = reactor.startRun(repository, 'Write ended', ['--task', 'ended']);
    await call.entry('attempt/started');
    await answers.isHeld(reactor, 'ended');
    await call.abandon();
    reactor.killEngine(repository);
    answers.letGo('ended');
    const log = join(reactor.root, 'ended.log');
    await until('the model has answered', () => reactor.calls('ended').length === 2 && log);
    const outcome = await reactor.call(repository, ['logs', 'ended', '-f', '--json']);
    const ended = await reactor.entries(repository);
    assert.deepEqual(
      [outcome.exitCode, dataOf({ entries: ended }, 'run/recovered').map((data) => data.outcome)],
      [0, ['adopted']],
      outcome.stderr,
    );
    assertChargedOnce('ended', { entries: ended });
    assert.equal(await git(repository, 'show', 'main:ended.txt'), 'good');
  });

  for (const [word, kind, answer] of [
    ['fetching', 'permission', []],
    ['asking', 'question', ['--answer', 'blue']],
  ] as const) {
    it(`an open ${kind} comes back to the inbox as the one it was, and its answer reaches the agent`, async () => {
      const repository = await reactor.repository(word, plainProject());
      const call = reactor.startRun(repository, `Write ${word}`, ['--task', word]);
      const asked = (await call.entry('approval/requested')).data as { id: string };
      reactor.killEngine(repository);
      await call.entry('run/recovered');
      const status = JSON.parse((await reactor.call(repository, ['status', '--json'])).stdout) as { inbox: { id: string; kind: string }[] };
      assert.deepEqual(
        status.inbox.map((item) => [item.id, item.kind]),
        [[asked.id, kind]],
      );
      await reactor.call(repository, ['approve', word, '--detach', ...answer]);
      const outcome = await call.outcome;
      assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'landed', 1], outcome.stderr);
      assert.equal(dataOf(outcome, 'approval/requested').filter((data) => data.kind === kind).length, 1);
      assert.deepEqual(dataOf(outcome, 'approval/withdrawn'), []);
      assertChargedOnce(word, outcome);
      const last = reactor.calls(word).at(-1);
      if (kind === 'question') assert.match(last?.toolResults.join() ?? '', /blue/);
    });
  }

  it('a review waits on with the server that was adopted', async () => {
    const repository = await reactor.repository('review', plainProject());
    const call = reactor.startRun(repository, 'Write waiting', ['--task', 'waiting', '--approve', 'ask']);
    await call.entry('approval/requested');
    const [server] = reactor.agentServers();
    reactor.killEngine(repository);
    const recovered = (await call.entry('run/recovered')).data as { outcome: string };
    assert.deepEqual([recovered.outcome, reactor.agentServers().map(({ pid }) => pid)], ['adopted', [server?.pid]]);
    await reactor.call(repository, ['approve', 'waiting', '--detach']);
    const outcome = await call.outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
  });

  it('INV-005: a server that does not answer is ended and the attempt redone from the last green state, with the reason', async () => {
    const repository = await reactor.repository('stopped', plainProject());
    const call = reactor.startRun(repository, 'Write stopped', ['--task', 'stopped', '--land', 'branch']);
    const spawned = (await call.entry('cell/serverSpawned')).data as { process: { pid: number } };
    await answers.isHeld(reactor, 'stopped');
    for (const { pid } of reactor.agentServers()) process.kill(pid, 'SIGSTOP');
    reactor.killEngine(repository);
    answers.letGo('stopped');
    const outcome = await call.outcome;
    const [recovered] = dataOf(outcome, 'run/recovered');
    assert.equal(recovered?.outcome, 'reverted');
    assert.match(recovered?.reason ?? '', /its agent server does not answer; what it had done is kept/);
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status, onlyRun(outcome).attempts], [0, 'committed', 2], outcome.stderr);
    assert.ok(!reactor.processes().some(({ pid }) => pid === spawned.process.pid));
  });
});
