import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject, settings } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

const manifest = (test: string, more: object = {}): string => `${JSON.stringify({ name: 'a', scripts: { test }, ...more })}\n`;
const always = '#!/bin/sh\nexit 0\n';

describe('Changes of what decides the tests', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  const outcomes = new Map<string, Outcome>();

  before(async () => {
    const script = byWord({
      loosened: tools(write('check.sh', always), write('work.txt', 'anything\n')),
      rescripted: tools(write('package.json', manifest('true'))),
      dependent: tools(write('package.json', manifest('sh check.sh', { dependencies: { left: '1.0.0' } }))),
      configured: tools(write('migrations/one.txt', 'fine\n')),
      behind: tools(write('scripts/test.sh', always), write('work.txt', 'anything\n')),
    });
    reactor = await Reactor.open(script);
    repository = await reactor.repository('plain', {
      ...plainProject('protectedPaths: [migrations/]\n'),
      'package.json': manifest('sh check.sh'),
    });
    const scripted = await reactor.repository('scripted', {
      'reactor.yaml': settings('npm test --silent'),
      'package.json': manifest('sh scripts/test.sh'),
      'scripts/test.sh': '#!/bin/sh\ntest -f package.json\n',
    });
    outcomes.set('behind', await reactor.run(scripted, 'Do behind', ['--task', 'behind']));
    const words = ['loosened', 'rescripted', 'dependent', 'configured'];
    await Promise.all(words.map(async (word) => outcomes.set(word, await reactor.run(repository, `Do ${word}`, ['--task', word]))));
  });
  after(() => reactor.close());

  const waits = (word: string, path: string, why: string): void => {
    const outcome = outcomes.get(word) as Outcome;
    const { status, commit, reason, ...row } = onlyRun(outcome);
    assert.deepEqual([outcome.exitCode, status, commit], [5, 'parked', null], outcome.stderr);
    assert.deepEqual(row.protected, [{ path, why }]);
    assert.match(reason, new RegExp(`waits for a person: review: .*tests green; ${path} ${why}`));
    assert.deepEqual(dataOf(outcome, 'attempt/approvedByPolicy'), []);
  };

  it('wait for a person although the policy is auto: the script that the test command runs', () =>
    waits('loosened', 'check.sh', 'is run as the test'));
  it('so does a script that only package.json names', () => waits('behind', 'scripts/test.sh', 'is run as the test'));
  it('so do the scripts of package.json', () => waits('rescripted', 'package.json', 'decides what the tests are'));
  it('so do paths that reactor.yaml names', () => waits('configured', 'migrations/one.txt', 'is protected in reactor.yaml'));

  it('other parts of package.json are for the tests to decide', () => {
    const outcome = outcomes.get('dependent') as Outcome;
    assert.deepEqual([outcome.exitCode, onlyRun(outcome).status], [0, 'landed'], outcome.stderr);
  });

  it('are shown with the reason, and land when a person approves', async () => {
    const status = await reactor.call(repository, ['status']);
    assert.match(status.stdout, /loosened .*check\.sh is run as the test/);
    const json = JSON.parse((await reactor.call(repository, ['status', '--json'])).stdout) as {
      runs: { task: string; protected?: unknown }[];
    };
    assert.deepEqual(json.runs.find(({ task }) => task === 'loosened')?.protected, [{ path: 'check.sh', why: 'is run as the test' }]);
    const shown = await reactor.call(repository, ['show', 'loosened']);
    assert.match(shown.stdout, /needs a person: check\.sh is run as the test/);
    const approved = await reactor.call(repository, ['approve', 'loosened']);
    assert.equal(approved.exitCode, 0, `${approved.stdout}\n${approved.stderr}`);
    await reactor.call(repository, ['watch', 'loosened']);
    assert.equal(await git(repository, 'show', 'main:check.sh'), always.trim());
  });
});
