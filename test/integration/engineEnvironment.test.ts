import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readLease } from '../../src/adapters/journal/lease.ts';
import { Reactor } from '../support/reactor.ts';
import { requires } from '../support/requires.ts';
import { plainProject } from '../support/sampleProjects.ts';

describe('An engine', function () {
  this.timeout(120_000);
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(() => ({ text: 'nothing' }), { OPENCODE_CONFIG: './my.json', REACTOR_OPENCODE: 'bin/opencode' });
  });
  after(() => reactor.close());

  it('takes the files that the environment names from the folder of the command that starts it', async function () {
    requires(this, process.platform === 'linux', '/proc');
    const repository = await reactor.repository('plain', plainProject());
    assert.equal((await reactor.call(repository, ['clean', '--dry-run'])).exitCode, 0);
    const { pid } = readLease(reactor.journal(repository))?.process ?? { pid: 0 };
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    assert.deepEqual(variables.filter((one) => /^(OPENCODE_CONFIG|REACTOR_OPENCODE)=/.test(one)).sort(), [
      `OPENCODE_CONFIG=${join(reactor.root, 'my.json')}`,
      `REACTOR_OPENCODE=${join(reactor.root, 'bin/opencode')}`,
    ]);
  });
});
