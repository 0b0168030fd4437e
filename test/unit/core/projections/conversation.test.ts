import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { conversationItem, conversationTypes, matchesQuery } from '../../../../src/core/projections/conversation.ts';
import { PanelJournal, toolOf } from '../../../support/panel/panelJournal.ts';

const run = 'TASK-001-r1';

const story = () => {
  const journal = new PanelJournal(0)
    .boot(run, { task: 'TASK-001' })
    .start(run, 1, 'Fix it.')
    .say(run, 1, 10, { text: 'Looking.\nThen more.', tools: [toolOf('grep', 'Token', 5)] })
    .say(run, 1, 10, { text: '', error: 'the model answered 500', costUsd: null, subagent: true, agent: 'explore' })
    .finish(run, 1, '1'.repeat(40), 1, 'not ok 7');
  journal.tell(
    run,
    event('approval/requested', { id: 'q', kind: 'question', attempt: 1, title: 'Which one?', detail: 'a or b', tree: null }),
  );
  journal.tell(
    run,
    event('approval/answered', { id: 'q', decision: 'approved', tree: null, comment: null, answers: [['a']] }),
    'person:ann',
  );
  return journal.revert(run, 1).end(run, 'failed', 2, 'never green');
};
const items = () => story().entries.flatMap((entry) => conversationItem(entry) ?? []);

describe('the conversation of a run', () => {
  it('is what was said and done, in order, each with who did it', () => {
    assert.deepEqual(
      items().map(({ kind, who, title, failed }) => `${kind} ${who}: ${title}${failed ? ' !' : ''}`),
      [
        'prompt Reactor: Prompt of attempt 1',
        'message agent: Looking.',
        'message agent (subagent explore): the model answered 500 !',
        'tests Reactor: Tests red: npm test !',
        'asked Reactor: Which one?',
        'answered ann: Approved',
        'note Reactor: Attempt 1 reverted',
        'note Reactor: Run failed !',
      ],
    );
  });

  it('is made of just those types of entries that are announced', () => {
    const { entries } = story();
    assert.deepEqual(
      entries.filter((entry) => conversationItem(entry) !== null).map(({ type }) => type),
      entries.filter(({ type }) => conversationTypes.has(type)).map(({ type }) => type),
    );
  });

  it('is searched by words, in texts, tools and answers alike', () => {
    const found = (query: string) =>
      items()
        .filter((item) => matchesQuery(item, query))
        .map(({ seq }) => seq);
    const all = found('').length;
    assert.deepEqual(
      [all, found('TOKEN grep').length, found('not ok 7').length, found('ann a').length > 0, found('nowhere')],
      [8, 1, 1, true, []],
    );
  });
});
