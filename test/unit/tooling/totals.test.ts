import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { counts, outcomeLine, outcomeOf, type ProcessEnd, parseReport, type ReportLine } from '../../support/runner/totals.ts';

const start = (title: string): ReportLine => ({ kind: 'start', title, file: 'test/a.test.ts' });
const fine: ProcessEnd = { exitCode: 0, signal: null, timedOut: false, outputTail: '' };
const failuresOf = (report: ReportLine[], end: ProcessEnd) => outcomeOf('unit', report, end, 1).failures;

describe('totals of a test run', () => {
  it('counts what passed, failed and was skipped', () => {
    const report: ReportLine[] = [
      start('a'),
      { kind: 'pass' },
      start('b'),
      { kind: 'fail', title: 'b', error: 'no' },
      { kind: 'pending', title: 'c' },
      { kind: 'end' },
    ];
    const outcome = outcomeOf('unit', report, { ...fine, exitCode: 1 }, 1234);
    assert.deepEqual(outcome, { name: 'unit', passed: 1, skipped: 1, failures: [{ title: 'b', error: 'no' }], durationMs: 1234 });
    assert.equal(outcomeLine(outcome), 'FAIL unit                   1 passed, 1 failed, 1 skipped         1.2 s');
    assert.equal(counts([outcome, { ...outcome, skipped: 0, passed: 4, failures: [] }]), '5 passed, 1 failed, 1 skipped');
    assert.equal(counts([]), '0 passed, 0 failed');
  });

  it('fails a suite without tests', () => {
    assert.deepEqual(failuresOf([{ kind: 'end' }], fine), [{ title: 'unit: the suite itself', error: 'ran no test' }]);
  });

  it('fails a suite that broke off, and names the test and the last output', () => {
    assert.deepEqual(
      failuresOf([start('a'), { kind: 'pass' }, start('b')], { ...fine, exitCode: null, signal: 'SIGSEGV', outputTail: 'boom' }),
      [{ title: 'unit: the suite itself', error: 'broke off during or after "b" (test/a.test.ts): ended by SIGSEGV\nboom' }],
    );
    assert.deepEqual(failuresOf([], { ...fine, exitCode: 7 }), [
      { title: 'unit: the suite itself', error: 'broke off before the first test: exit code 7' },
    ]);
  });

  it('fails a suite that hung, also when its tests had ended', () => {
    assert.deepEqual(failuresOf([start('a'), { kind: 'pass' }, { kind: 'end' }], { ...fine, timedOut: true }), [
      { title: 'unit: the suite itself', error: 'ran out of time during or after "a" (test/a.test.ts)' },
    ]);
  });

  it('fails a suite whose process ended badly after its tests', () => {
    assert.deepEqual(failuresOf([start('a'), { kind: 'pass' }, { kind: 'end' }], { ...fine, exitCode: 1 }), [
      { title: 'unit: the suite itself', error: 'all tests passed, yet the process did not end well: exit code 1' },
    ]);
  });

  it('reads a report whose last line was cut', () => {
    assert.deepEqual(parseReport('{"kind":"pass"}\n{"kind":"sta'), [{ kind: 'pass' }]);
  });
});
