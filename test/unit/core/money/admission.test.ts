import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Admission, admit, afterMoreUrgent, goOn, type LimitState, mayStart } from '../../../../src/core/money/admission.ts';
import { refusalText } from '../../../../src/core/money/limitText.ts';
import { passedThresholds } from '../../../../src/core/money/thresholds.ts';

const day = (change: Partial<LimitState> = {}): LimitState => ({
  scope: { over: 'day', of: 'repository' },
  period: '2026-05-04',
  limitUsd: '1',
  spentUsd: '0',
  heldUsd: '0',
  action: 'pause',
  ...change,
});
const told = (admission: Admission): string =>
  admission.ok
    ? `${admission.usd} ${admission.basis}`
    : `${admission.why}: ${refusalText(admission.limit, admission.why, admission.neededUsd)}`;
const history = (usd: string) => ({ usd, basis: 'history' as const });
const most = (usd: string) => ({ usd, basis: 'modelLimit' as const });

describe('admission of a prompt to a budget', () => {
  it('sets aside what is needed while that much is left beside what others hold', () => {
    assert.equal(told(admit([], history('9'))), '9 history');
    assert.equal(told(admit([day({ spentUsd: '0.4', heldUsd: '0.35' })], history('0.25'))), '0.25 history');
  });

  it('waits for money that others hold, and gives the remainder to who is alone', () => {
    const shared = day({ spentUsd: '0.4', heldUsd: '0.35' });
    assert.equal(
      told(admit([shared], history('0.26'))),
      'deferred: the budget of today ($1) is set aside for other runs: $0.25 is left and $0.26 is likely needed',
    );
    assert.equal(told(admit([day({ spentUsd: '0.8' })], most('0.5'))), '0.2 remainder');
  });

  it('does not begin what earlier attempts say would only be broken off', () => {
    assert.equal(told(admit([day({ spentUsd: '0.8' })], history('0.4'))), '0.2 remainder');
    assert.equal(
      told(admit([day({ spentUsd: '0.8' })], history('0.41'))),
      'exceeded: the budget of today of $1 has $0.2 left, and $0.41 is likely needed',
    );
  });

  it('leaves what is left to a more urgent task that waits for the same budget', () => {
    const run = day({ scope: { over: 'run', of: 'repository' }, period: null });
    const admitted = admit([run, day({ spentUsd: '0.4' })], history('0.25'));
    assert.equal(
      told(afterMoreUrgent(admitted, [run, day({ spentUsd: '0.4' })])),
      'outranked: what is left of the budget of today ($0.6 of $1) goes to a more urgent task first',
    );
    assert.equal(told(afterMoreUrgent(admitted, [run, day({ action: 'warn' })])), '0.25 history');
  });

  it('refuses for the budget that is used up rather than wait for another one', () => {
    const limits = [day({ heldUsd: '1' }), day({ scope: { over: 'month', of: 'everything' }, limitUsd: '3', spentUsd: '3' })];
    assert.equal(told(admit(limits, history('0.1'))), 'exceeded: the budget of this month for all repositories of $3 is used up');
    assert.equal(
      told(admit([day({ scope: { over: 'run', of: 'repository' }, spentUsd: '1.2' })], most('0'))),
      'exceeded: the budget of $1 is used up',
    );
  });

  it('is not refused by a budget that only warns', () => {
    assert.equal(told(admit([day({ spentUsd: '5', action: 'warn' })], history('2'))), '2 history');
  });

  it('lets a turn go on while something is left, and stops it before it takes what others hold', () => {
    assert.equal(told(goOn([day({ spentUsd: '0.999' })], history('0.5'))), '0.001 remainder');
    assert.equal(goOn([day({ spentUsd: '0.7', heldUsd: '0.2' })], history('0.2')).ok, false);
    assert.equal(goOn([day({ spentUsd: '1' })], most('0')).ok, false);
  });

  it('lets a queued run start unless a budget is used up or held whole', () => {
    assert.equal(mayStart([day()], null).ok, true);
    assert.equal(told(mayStart([day({ spentUsd: '0.5', heldUsd: '0.5' })], null)).split(':')[0], 'deferred');
    assert.equal(told(mayStart([day({ spentUsd: '1' })], null)).split(':')[0], 'exceeded');
  });
});

describe('thresholds of a budget', () => {
  it('are those that the spending has reached, to the last digit', () => {
    const percents = [100, 50, 90, 75, 50];
    const passed = (spentUsd: string) => passedThresholds({ spentUsd, limitUsd: '3' }, percents);
    assert.deepEqual(['0', '1.499999999999', '1.5', '2.7', '3', '30'].map(passed), [
      [],
      [],
      [50],
      [50, 75, 90],
      [50, 75, 90, 100],
      [50, 75, 90, 100],
    ]);
  });
});
