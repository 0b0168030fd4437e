import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { git } from '../support/sampleRepository.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

describe('x', function () {
  this.timeout(180_000);
  let reactor: Reactor;
  let repository: string;
  before(async () => {
    reactor = await Reactor.open(byWord({ alpha: tools(write('alpha.txt', 'good\n')) }));
    repository = await reactor.repository('plain', plainProject());
  });
  after(() => reactor.close());

  it('exit code 0: lands', async () => {
    const outcome = await reactor.run(repository, 'Write alpha');
    console.log(outcome.entries.map((e) => `${e.seq} ${e.at - outcome.entries[0]!.at} ${e.type} ${JSON.stringify(e.data).slice(0, 150)}`).join('\n'), outcome.stderr);
    assert.equal(outcome.exitCode, 0);
    assert.equal(await git(repository, 'show', 'HEAD:alpha.txt'), 'good');
    console.log(outcome.result?.runs);
  });
});
