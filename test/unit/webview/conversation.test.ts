import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ConversationItemShape } from '../../../src/protocol/panelShapes.ts';
import { type Conversation, withEarlier, withSaid } from '../../../webview-ui/src/conversation/conversationItems.ts';

const items = (...seqs: readonly number[]): ConversationItemShape[] =>
  seqs.map((seq) => ({
    seq,
    at: seq,
    attempt: 1,
    kind: 'message',
    who: 'agent',
    title: '',
    text: '',
    tools: [],
    failed: false,
    cost: null,
  }));
const shown = (seqs: readonly number[], change: Partial<Conversation> = {}): Conversation => ({
  run: 'r1',
  query: '',
  items: items(...seqs),
  more: true,
  ...change,
});
const told = ({ items: all, more }: Conversation) => [all.map(({ seq }) => seq), more];

describe('the conversation in the panel', () => {
  it('has each thing once that was said while it was read', () => {
    assert.deepEqual(
      withSaid(items(1, 3), items(3, 4, 7)).map(({ seq }) => seq),
      [1, 3, 4, 7],
    );
    const same = items(1, 3);
    assert.equal(withSaid(same, items(2, 3)), same);
  });

  it('keeps what was shown before its end when that is read anew, unless something lies between', () => {
    const fresh = shown([5, 6, 9], { more: true });
    assert.deepEqual(told(withEarlier(shown([1, 2, 5, 6], { more: false }), fresh)), [[1, 2, 5, 6, 9], false]);
    assert.deepEqual(told(withEarlier(shown([1, 2], { more: false }), fresh)), [[5, 6, 9], true]);
    assert.deepEqual(told(withEarlier(shown([1, 2, 5], { run: 'r2' }), fresh)), [[5, 6, 9], true]);
    assert.deepEqual(told(withEarlier(shown([1, 2, 5], { query: 'x' }), fresh)), [[5, 6, 9], true]);
    assert.deepEqual(told(withEarlier(null, fresh)), [[5, 6, 9], true]);
  });
});
