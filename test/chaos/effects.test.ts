import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { portLeaseFolder } from '../../src/adapters/files/runtimeFolder.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject, settings } from '../support/sampleProjects.ts';
import { advance, git } from '../support/sampleRepository.ts';
import { isRetry, tools, write } from '../support/sampleScript.ts';
import type { ModelScript } from '../support/scriptedModel.ts';
import { problemsOf, uncharged } from './support/checker.ts';
import { spendingOf } from './support/world.ts';

interface Window {
  /** Where the engine is killed: right before an entry is appended (done and not recorded), or right after (recorded, what follows not begun). */
  readonly at: `${'before' | 'after'}:${string}`;
  /** The effect that must not be lost and not be done again. */
  readonly effect: string;
  /** Attempts that the run has in the end; 1 unless told. */
  readonly attempts?: number;
  /** The first attempt's tests are red. */
  readonly isRed?: boolean;
  /** The target moves while the agent works, so that the merge is made and tested. */
  readonly isMoved?: boolean;
  /** What moved the target is in the agent's way: the landing goes back to it. */
  readonly isConflict?: boolean;
  /** The repository has no commit yet. */
  readonly isUnborn?: boolean;
  /** With `tcr: step`: one step, and a turn in which nothing is left to do. */
  readonly isStep?: boolean;
  /** The agent asks for a permission, and a person grants it. */
  readonly asks?: boolean;
  /** The repository's hooks are obeyed, and one takes Reactor's trailers out of the message. */
  readonly isHooked?: boolean;
  /** Model calls in the end, when it is not two for each attempt and one more for an ask. */
  readonly calls?: number;
  /** A call whose answer the server had not finished with when it was ended: it keeps no figures of such a call. */
  readonly isCutOff?: boolean;
  /** Part of the short form, too. */
  readonly isShort?: boolean;
}

/** Every window between an effect and its record. */
const allWindows: readonly Window[] = [
  { at: 'before:run/requested', effect: 'the run is asked for' },
  { at: 'after:run/requested', isShort: true, effect: 'the run is accepted, and who asked has not heard of it' },
  { at: 'before:cell/worktreeCreated', isShort: true, effect: 'the worktree and its branch are made' },
  { at: 'before:cell/serverSpawned', effect: 'the agent server is started' },
  { at: 'before:cell/ready', effect: 'the conversation is begun' },
  { at: 'before:base/tested', effect: 'the base is tested' },
  { at: 'after:attempt/started', isShort: true, effect: 'the prompt is announced and not sent' },
  { at: 'before:message/finished', isShort: true, effect: 'the prompt is sent and the model has answered: a charge' },
  // What it asks is in no journal, and the server can't list it: the attempt starts again.
  { at: 'before:approval/requested', effect: 'the agent asks', asks: true, attempts: 2, calls: 4, isCutOff: true },
  { at: 'after:approval/requested', effect: 'the ask is in the inbox', asks: true },
  { at: 'after:approval/answered', effect: 'a person has answered, and the agent has not heard of it', asks: true },
  { at: 'before:attempt/executed', effect: "the agent's turn has ended" },
  { at: 'before:attempt/candidateBuilt', effect: 'the work is kept under a ref' },
  { at: 'before:attempt/tested', effect: 'the candidate is tested' },
  { at: 'before:attempt/reverted', effect: 'the worktree is reset', attempts: 2, isRed: true },
  { at: 'before:attempt/committed', isShort: true, effect: 'the commit is made and its branch has moved' },
  { at: 'before:attempt/messageSettled', effect: 'the hooks have seen the message', isHooked: true },
  { at: 'before:attempt/committed', effect: 'the commit is made with a message that a hook has changed', isHooked: true },
  { at: 'before:landing/landed', effect: 'the target has moved to a merge that a hook agreed to', isHooked: true, isMoved: true },
  { at: 'after:attempt/committed', effect: 'the commit is recorded and does not land yet' },
  { at: 'before:attempt/stepCommitted', effect: 'a step is on the branch', isStep: true, attempts: 2, calls: 3 },
  {
    at: 'after:attempt/stepCommitted',
    effect: 'the step is recorded, and the next turn is not asked for',
    isStep: true,
    attempts: 2,
    calls: 3,
  },
  { at: 'before:landing/reworked', effect: 'the worktree is brought onto the target', isMoved: true, isConflict: true, attempts: 2 },
  { at: 'after:landing/reworked', effect: 'the way back is recorded and not gone', isMoved: true, isConflict: true, attempts: 2 },
  { at: 'before:landing/prepared', effect: 'the merge is made', isMoved: true },
  { at: 'before:landing/tested', effect: 'the merge is tested', isMoved: true },
  { at: 'before:landing/landed', isShort: true, effect: 'the target has moved' },
  { at: 'before:landing/landed', effect: 'the target has moved to a merge', isMoved: true },
  { at: 'after:landing/landed', effect: 'the landing is recorded' },
  { at: 'before:run/concluded', effect: 'the outcome is known' },
  { at: 'before:cell/serverStopped', effect: 'the server is ended' },
  { at: 'before:cell/removed', isShort: true, effect: 'the worktree is taken away' },
  { at: 'before:run/finished', effect: 'everything is gone' },
  { at: 'before:run/requested', effect: 'the start of a run without a base is kept', isUnborn: true },
  { at: 'before:cell/worktreeCreated', effect: 'the worktree without a base is made', isUnborn: true },
  { at: 'before:attempt/reverted', effect: 'the worktree is reset to nothing', attempts: 2, isRed: true, isUnborn: true },
  { at: 'before:attempt/committed', effect: 'the commit without a parent is made and its branch has moved', isUnborn: true },
  { at: 'before:landing/landed', effect: 'the target has its first commit', isUnborn: true },
  { at: 'before:run/finished', effect: 'everything of a run without a base is gone', isUnborn: true },
];
const SIDE_BY_SIDE = 4;
/** A test that is in no file of the project. */
const INLINE = 'if grep -l bad *.txt; then exit 1; fi';

/** `npm test` plays some of them, `npm run chaos` all. */
const windows = process.env['REACTOR_CHAOS'] === 'all' ? allWindows : allWindows.filter(({ isShort }) => isShort === true);

const isMerge = ({ isHooked, isMoved }: Window): boolean => isHooked === true && isMoved === true;

const fetching = { name: 'webfetch', args: { url: 'http://127.0.0.1:9/', format: 'text' } };

describe('Nothing is done twice and nothing is lost when the engine is killed between an effect and its record', function () {
  this.timeout(400_000);
  let reactor: Reactor;
  const outcomes = new Map<Window, Promise<{ repository: string; outcome: Outcome }>>();
  const moved = new Map<string, Promise<unknown>>();
  const answered: { input: number; at: number }[] = [];
  const nameOf = (window: Window): string => `w${windows.indexOf(window)}`;

  const script: ModelScript = async (call) => {
    const said = call.prompts.join('\n');
    const window = windows.find((candidate) => new RegExp(`\\b${nameOf(candidate)}\\b`).test(said));
    const name = window === undefined ? 'none' : nameOf(window);
    const content = window?.isRed === true && !isRetry(call) ? 'bad\n' : 'good\n';
    if (window?.isMoved === true && call.turn === 1) {
      const path = join(reactor.root, name);
      const theirs = window.isConflict === true ? `${name}.txt` : `other-${name}.txt`;
      if (!moved.has(name)) moved.set(name, advance(path, 'main', { [theirs]: 'other\n' }));
      await moved.get(name);
    }
    const isOver = window?.isStep === true && call.prompt.includes('passed the tests and is committed');
    const action: ModelScript = isOver
      ? () => ({ text: 'Nothing is left to do.' })
      : tools(...(window?.asks === true ? [fetching] : []), write(`${name}.txt`, content));
    const input = 1000 + call.n;
    answered.push({ input, at: 0 });
    return { ...(await action(call)), usage: { in: input, out: 10 } };
  };

  const play = async (window: Window): Promise<{ repository: string; outcome: Outcome }> => {
    const name = nameOf(window);
    const files = window.isUnborn ? { 'reactor.yaml': settings(INLINE) } : plainProject(window.isHooked === true ? 'hooks: true\n' : '');
    const repository = await reactor.repository(name, files);
    if (window.isUnborn === true) {
      await git(repository, 'update-ref', '-d', 'refs/heads/main');
      await git(repository, 'rm', '--quiet', '--cached', 'reactor.yaml');
      writeFileSync(join(repository, '.git', 'info', 'exclude'), 'reactor.yaml\n');
    }
    if (window.isHooked === true) {
      const forgets = '#!/bin/sh\ngrep -v "^Reactor-" "$1" >"$1.new"; mv "$1.new" "$1"\n';
      writeFileSync(join(repository, '.git', 'hooks', 'commit-msg'), forgets, { mode: 0o755 });
      writeFileSync(join(repository, '.git', 'hooks', 'pre-merge-commit'), '#!/bin/sh\n', { mode: 0o755 });
    }
    if (window.isMoved === true) await git(repository, 'checkout', '--quiet', '-b', 'mine');
    const call = reactor.startRun(
      repository,
      `Write ${name}`,
      ['--task', name, '--target', 'main', '--land', isMerge(window) ? 'merge' : 'ff', ...(window.isStep ? ['--tcr', 'step'] : [])],
      {
        env: { REACTOR_DIE: `${window.at}:${join(reactor.root, `${name}.died`)}` },
      },
    );
    if (window.asks === true) {
      await call.entry('approval/requested');
      // Whether this engine dies with the answer or has died before, the person says it once.
      await reactor.call(repository, ['approve', name, '--detach']);
    }
    return { repository, outcome: await call.outcome };
  };

  before(async () => {
    reactor = await Reactor.open(script, { REACTOR_WARDEN_GRACE_MS: '20000', REACTOR_UNATTENDED_MS: '60000' });
    const waiting = [...windows];
    const starts = new Map(windows.map((window) => [window, Promise.withResolvers<{ repository: string; outcome: Outcome }>()]));
    for (const [window, { promise }] of starts) {
      promise.catch(() => {});
      outcomes.set(window, promise);
    }
    const lane = async (): Promise<void> => {
      for (let window = waiting.shift(); window !== undefined; window = waiting.shift()) {
        await play(window).then(starts.get(window)?.resolve, starts.get(window)?.reject);
      }
    };
    for (let n = 0; n < SIDE_BY_SIDE; n += 1) void lane();
  });
  after(() => reactor.close());

  for (const window of windows) {
    const { at, effect, attempts = 1 } = window;
    it(`${at.replace(':', ' ')}: ${effect}${window.isRed ? ' (red first)' : ''}`, async () => {
      const { repository, outcome } = (await outcomes.get(window)) ?? assert.fail('not played');
      const row = onlyRun(outcome);
      assert.deepEqual([outcome.exitCode, row.status], [0, 'landed'], `${row.reason}\n${outcome.stderr}`);
      const watched = {
        repository,
        journal: reactor.journal(repository),
        room: reactor.root,
        target: 'main',
        test: window.isUnborn === true ? INLINE : 'sh check.sh',
        spending: spendingOf(reactor),
        ports: portLeaseFolder(),
        charged: () => answered,
      };
      const entries = await reactor.entries(repository);
      assert.equal(dataOf({ entries }, 'engine/started').length, 2, 'the engine has died once');
      assert.deepEqual(problemsOf(watched, true), []);
      assert.equal(row.attempts, attempts, JSON.stringify(dataOf({ entries }, 'run/recovered')));
      // Asked for once per turn and charged once per call.
      const calls = reactor.calls(nameOf(window));
      const own = new Set(calls.map(({ n }) => 1000 + n));
      const missing = uncharged({ ...watched, charged: () => answered.filter(({ input }) => own.has(input)) }, [watched.journal]);
      assert.equal(missing.length, window.isCutOff === true ? 1 : 0);
      assert.equal(calls.length, window.calls ?? (window.asks === true ? 3 : 2) * attempts);
      const trailers = await git(repository, 'log', 'main', '--format=%(trailers:key=Reactor-Run,valueonly)');
      // A merge names its run as the commit does that it brings.
      assert.deepEqual(trailers.split('\n').filter(Boolean), isMerge(window) ? [row.run, row.run] : [row.run]);
      assert.equal((await git(repository, 'status', '--porcelain')).trim(), '');
      assert.equal(await git(repository, 'for-each-ref', 'refs/reactor/kept/*/start'), '');
    });
  }
});
