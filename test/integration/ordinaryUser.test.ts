import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ensureBubblewrap } from '../support/ensureBubblewrap.ts';
import { dataOf, type Outcome, onlyRun, Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { bash, byWord, tools, write } from '../support/sampleScript.ts';

/** In a file, so that only the sandbox stands in its way. */
const LOOK = `id -u > who.txt
cat /proc/[0-9]*/environ 2> /dev/null | tr '\\0' '\\n' | grep -c ^OPENCODE_SERVER > seen.txt
true
`;

describe('A user who is not root', function () {
  this.timeout(120_000);
  let reactor: Reactor;
  let repository: string;
  let outcome: Outcome;

  before(async () => {
    ensureBubblewrap();
    const script = byWord({
      file: tools(write('look.sh', LOOK), bash('sh look.sh'), write('file.txt', 'good\n')),
    });
    reactor = await Reactor.open(script, {}, true);
    repository = await reactor.repository('one', plainProject());
    outcome = await reactor.run(repository, 'Write a file', ['--sandbox', 'required', '--land', 'ff']);
  });
  after(() => reactor?.close());

  it('has work land from a sandboxed cell, its tests too', () => {
    assert.equal(onlyRun(outcome).status, 'landed', outcome.stderr);
    assert.deepEqual(
      dataOf(outcome, 'cell/serverSpawned').map(({ boundary }) => boundary),
      ['bubblewrap'],
    );
    assert.deepEqual(
      dataOf(outcome, 'attempt/tested').map(({ evidence }) => evidence.exitCode),
      [0],
    );
  });

  it('has agents that are nobody else and can not read what the server was started with', () => {
    const [who, seen] = ['who.txt', 'seen.txt'].map((name) => readFileSync(join(repository, name), 'utf8').trim());
    assert.notEqual(who, '0');
    assert.equal(seen, '0');
  });
});
