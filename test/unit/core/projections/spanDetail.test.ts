import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import { spanDetail } from '../../../../src/core/projections/spanDetail.ts';
import { PanelJournal } from '../../../support/panel/panelJournal.ts';

describe('what the panel tells of the end of a run', () => {
  const facts = (by: { readonly by?: string }) => {
    const conclusion = { status: 'failed', exitCode: 2, reason: 'rejected by ann: why: no', rejected: true } as const;
    const entry = new PanelJournal(0).tell('TASK-001-r1', event('run/concluded', { ...conclusion, ...by }));
    return spanDetail(entry).facts.map(({ name, value }) => `${name} ${value}`);
  };

  it('is whose word it was, by the field alone: older journals have none', () =>
    assert.deepEqual([facts({ by: 'person:ann: why' }), facts({})], [['status rejected', 'by ann: why'], ['status rejected']]));
});
