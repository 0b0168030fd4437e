import { event } from '../../../src/core/journal/events.ts';
import { PanelJournal, toolOf } from '../../support/panel/panelJournal.ts';

/** The trees of the sample's states, to be found in a repository. */
export interface SampleTrees {
  readonly base: string;
  readonly first: string;
  readonly second: string;
}

export const hostileTitle = '<img src=x onerror="document.title=1"> & "quotes" \u202Efdp.exe';

/**
 * Four runs: one landed after a red attempt, one waiting for review, one at work, one that failed; and older ones on days before, so that
 * costs have something to compare.
 */
export function sampleJournal(now: number, trees: SampleTrees): PanelJournal {
  const journal = new PanelJournal(now - 9 * 86_400_000);
  const limits = {
    stepsPerAttempt: 50,
    callsPerMinute: 100,
    stepsPerRun: 50,
    stallMs: 1000,
    timeoutMs: 60_000,
    testTimeoutMs: 1000,
    setupTimeoutMs: 1000,
  };
  const spec = (task: string, title: string, budgetUsd: string | null) => ({
    task,
    title,
    prompt: `${title}.\n\nKeep the public interface as it is and add a test for every new behaviour.`,
    baseTree: trees.base,
    limits: { ...limits, budgetUsd },
    attempts: 3,
  });
  for (let day = 9; day > 0; day -= 1) {
    journal.at = now - day * 86_400_000;
    const run = `TASK-${100 + day}-r1`;
    journal.boot(run, spec(`TASK-${100 + day}`, `Earlier work ${day}`, '1')).start(run, 1, 'Do it.');
    for (let call = 0; call < 4 + (day % 3) * 3; call += 1) {
      journal.say(run, 1, 4000, {
        costUsd: '0.041',
        ...(call % 3 === 0 ? { provider: 'openai', model: 'gpt-5-codex', costUsd: '0.023' } : {}),
      });
    }
    if (day % 4 === 0) journal.finish(run, 1, trees.first, 1, 'not ok').revert(run, 1).end(run, 'failed', 2, 'never green');
    else journal.finish(run, 1, trees.first, 0, 'ok').land(run, 1, trees.first);
  }

  const landed = 'TASK-007-r1';
  journal.at = now - 210_000;
  journal.boot(landed, spec('TASK-007', 'Add JWT auth', '1.00')).start(landed, 1, 'Add JWT auth.\n\nKeep the public interface as it is.');
  const work = (run: string, attempt: number) =>
    journal
      .say(run, attempt, 3200, {
        text: 'I will look at the code first.',
        tools: [toolOf('grep', 'authenticate( in src', 220), toolOf('read', 'src/auth/session.ts', 90)],
        costUsd: '0.031',
      })
      .say(run, attempt, 6400, {
        text: 'The session store is used in two places. I add a verifier beside it and let the middleware choose.',
        tools: [toolOf('edit', 'src/auth/jwt.ts', 160), toolOf('bash', 'npm test -- jwt', 2900)],
        costUsd: '0.084',
      })
      .say(run, attempt, 2100, {
        text: 'Done: tokens are verified, expired ones are refused, and there is a test for each.',
        costUsd: '0.022',
      });
  work(landed, 1)
    .finish(landed, 1, trees.first, 1, 'not ok 7 - refuses an expired token\n  expected 401\n  actual 200\n# fail 1', 6200)
    .revert(landed, 1);
  journal.start(landed, 2, 'The tests failed:\nnot ok 7 - refuses an expired token', 'testsFailed');
  work(landed, 2).finish(landed, 2, trees.second, 0, '# pass 41\n# fail 0', 8100).land(landed, 2, trees.second);

  const failed = 'TASK-009-r1';
  journal.at = now - 180_000;
  journal.boot(failed, spec('TASK-009', hostileTitle, '0.10')).start(failed, 1, 'Validate input.');
  journal.say(failed, 1, 5200, { error: 'the model answered 500 five times', costUsd: null, text: '' });
  journal.tell(failed, event('attempt/executed', { attempt: 1, end: 'error', reason: 'the model gave up', steps: 1, durationMs: 1 }));
  journal.tell(failed, event('attempt/interrupted', { attempt: 1, reason: 'the model gave up', keptRef: null }));
  journal.end(failed, 'failed', 2, 'the model gave up');

  const review = 'TASK-008-r1';
  journal.at = now - 140_000;
  journal.boot(review, spec('TASK-008', 'Structured logging', '0.50')).start(review, 1, 'Add structured logging.');
  work(review, 1);
  journal.wait(2000).tell(
    review,
    event('approval/requested', {
      id: 'p1',
      kind: 'permission',
      attempt: 1,
      title: 'bash: npm publish --dry-run',
      detail: 'npm publish --dry-run',
      tree: null,
      permission: { permission: 'bash', patterns: ['npm publish --dry-run'] },
    }),
  );
  journal
    .wait(15_000)
    .tell(review, event('approval/answered', { id: 'p1', decision: 'rejected', tree: null, comment: 'not needed' }), 'person:ann');
  work(review, 1).finish(review, 1, trees.second, 0, '# pass 44\n# fail 0', 7400);
  journal.wait(100).tell(
    review,
    event('approval/requested', {
      id: 'q1',
      kind: 'review',
      attempt: 1,
      title: 'Review attempt 1',
      detail: '2 files +62 −3, tests green',
      tree: trees.second,
    }),
  );

  const busy = 'TASK-010-r1';
  journal.at = now - 40_000;
  journal.boot(busy, spec('TASK-010', 'Rename the flag everywhere', null)).start(busy, 1, 'Rename the flag.');
  journal.say(busy, 1, 4000, { tools: [toolOf('glob', '**/*.ts', 60)], costUsd: '0.012' }).say(busy, 1, 9000, {
    tools: [toolOf('edit', 'src/flags.ts', 80), toolOf('edit', 'src/cli.ts', 70, { status: 'error', error: 'the text was not found' })],
    costUsd: '0.044',
  });
  return journal;
}

/** One run with at least `spans` spans: model calls with their tools over many attempts. */
export function largeJournal(now: number, spans: number): PanelJournal {
  const journal = new PanelJournal(now - spans * 700);
  const run = 'TASK-500-r1';
  journal.boot(run, { task: 'TASK-500', title: 'A very long run', attempts: 1000 });
  let made = 10;
  for (let attempt = 1; made < spans; attempt += 1) {
    journal.start(run, attempt, 'Go on.', attempt === 1 ? 'first' : 'testsFailed');
    for (let call = 0; call < 60; call += 1) {
      journal.say(run, attempt, 900 + (call % 7) * 300, {
        tools: [toolOf('read', `src/file${call}.ts`, 90), toolOf('bash', 'npm test', 240), toolOf('edit', `src/file${call}.ts`, 40)],
      });
      made += 4;
    }
    journal.finish(run, attempt, String(attempt % 10).repeat(40), 1, 'not ok').revert(run, attempt);
    made += 4;
  }
  return journal.end(run, 'failed', 2, 'never green');
}
