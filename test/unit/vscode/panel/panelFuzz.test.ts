import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { PanelMessage } from '../../../../src/protocol/panelMessages.ts';
import { anyJson, mutated } from '../../../support/fuzz.ts';
import { FakePanelModel } from '../../../support/panel/fakePanelModel.ts';
import { OpenedPanel } from '../../../support/panel/openedPanel.ts';
import { PanelJournal } from '../../../support/panel/panelJournal.ts';
import { SeededRandom } from '../../../support/seededRandom.ts';

const run = 'TASK-001-r1';
const tree = '1'.repeat(40);
const good = [
  { type: 'painted', generation: 1 },
  { type: 'span', request: 1, run, index: 2 },
  { type: 'conversation', request: 1, run, before: null, query: 'x' },
  { type: 'diff', request: 1, run, from: tree, to: tree },
  { type: 'revise', request: 1, run, tree, rejected: [{ path: 'a.ts', hunks: [0] }] },
  { type: 'command', command: 'review', run, tree },
];

describe('messages of the panel’s page', () => {
  it('that are malformed do nothing but leave a line in the log; the panel works on', async () => {
    const random = new SeededRandom(31);
    const journal = new PanelJournal(0).boot(run, { task: 'TASK-001' }).start(run, 1, 'Fix it.').finish(run, 1, tree, 0, 'ok');
    const model = new FakePanelModel(journal.entries);
    const panel = new OpenedPanel(model);
    await panel.load();
    let malformed = 0;
    let taken = 0;
    for (let round = 0; round < 4000; round += 1) {
      const message = random.below(4) === 0 ? anyJson(random) : mutated(random, random.pick(good));
      const isGood = PanelMessage.safeParse(message).success;
      if (isGood) taken += 1;
      else malformed += 1;
      const before = panel.logged.length;
      panel.webview.say(message);
      if (!isGood) assert.equal(panel.logged.length, before + 1, JSON.stringify(message));
    }
    await panel.settle();
    assert.ok(malformed > 1000 && taken > 200, `${malformed} malformed, ${taken} taken`);
    // Only trees of the panel's own runs are handed to git, and only the three commands it may start are started.
    assert.deepEqual(
      panel.patches.filter(({ from, to }) => ![from, to].every((oid) => /^[0-9a-f]{40}$/.test(oid))),
      [],
    );
    const answer = await panel.ask({ type: 'span', run, index: 2 });
    assert.equal(answer.type, 'span');
  });
});
