import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Entry } from '../../../../src/core/journal/entry.ts';
import { type EventData, event } from '../../../../src/core/journal/events.ts';
import { chargeOf } from '../../../../src/core/money/chargeOf.ts';
import { chargesOfMessage } from '../../../../src/core/money/messageCharges.ts';
import type { FinishedMessage, ModelCall } from '../../../../src/core/ports/agent.ts';
import { message } from '../../../support/journalSamples.ts';

const entryOf = ({ type, data }: { readonly type: string; readonly data: unknown }): Entry => ({
  seq: 1,
  at: 5,
  run: 'T-r1',
  cell: 'c',
  actor: 'agent',
  type,
  version: 1,
  data,
  prevHash: '',
  hash: '',
});
const noTokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
const call = (change: Partial<ModelCall>): ModelCall => ({
  key: 'm/0',
  tokens: noTokens,
  isReported: true,
  isRepeated: false,
  reportedUsd: null,
  answerChars: 40,
  ...change,
});
const rates = { input: '3', output: '15', reasoning: '15', cacheRead: '0.3', cacheWrite: '3.75' };
const finished: FinishedMessage = {
  messageId: 'm',
  sessionId: 's',
  subagent: false,
  agent: 'build',
  provider: 'acme',
  model: 'big',
  operation: 'tool',
  calls: [],
  facts: { provider: 'acme', model: 'big', rates, tiers: [], contextTokens: null, outputTokens: null },
  text: '',
  tools: [],
  finish: 'stop',
  error: null,
  startedAt: 1,
  endedAt: 2,
};
const context = {
  run: 'T-r1',
  attempt: 2,
  task: 'T',
  category: 'fix',
  cell: 'c',
  prices: [],
  dayOf: () => '2026-01-01',
  contextTokens: 900,
  promptChars: 400,
};

describe('the charge that an entry records', () => {
  it('is the message itself in journals from before the ledger, and never both', () => {
    const old = message('T-r1', 1, 'I tried.');
    const charge = chargeOf(entryOf(old), () => ({ task: 'T', title: 'Fix the sum' }));
    assert.deepEqual(
      [charge?.key, charge?.task, charge?.category, charge?.costUsd, charge?.price, charge?.at],
      ['message-I tried./0', 'T', 'fix', '0.0001', null, 2],
    );
    const data = old.data as EventData<'message/finished'>;
    assert.equal(
      chargeOf(entryOf(event('message/finished', { ...data, charged: true })), () => null),
      null,
    );
    if (charge === null) throw new Error('no charge');
    assert.deepEqual(
      chargeOf(entryOf(event('charge/recorded', { charge })), () => null),
      charge,
    );
    assert.equal(
      chargeOf(entryOf(event('run/started', {})), () => null),
      null,
    );
  });
});

describe('the charges of a message', () => {
  const charged = (...calls: readonly ModelCall[]): string[] =>
    chargesOfMessage({ ...finished, calls }, context).map(
      ({ key, operation, tokens, costUsd, estimated }) => `${key} ${operation} ${tokens.input}+${tokens.output} ${costUsd} ${estimated}`,
    );

  it('are one for each call; what was not reported is estimated from what was sent before and what came', () => {
    assert.deepEqual(
      charged(
        call({ key: 'm/retry0', isReported: false, isRepeated: true, answerChars: 4000 }),
        call({ tokens: { ...noTokens, input: 100, output: 10 } }),
        call({ key: 'm/1', isReported: false }),
      ),
      ['m/retry0 retry 900+1000 0.0177 true', 'm/0 tool 100+10 0.00045 false', 'm/1 tool 900+10 0.00285 true'],
    );
  });

  it('take the amount of the server where no price is known, and none where it tells none', () => {
    const unknown = { ...finished, facts: null };
    const cost = (reportedUsd: string | null) =>
      chargesOfMessage({ ...unknown, calls: [call({ tokens: { ...noTokens, output: 1 }, reportedUsd })] }, context)[0]?.costUsd;
    assert.deepEqual([cost('0.5'), cost(null)], ['0.5', null]);
  });
});
