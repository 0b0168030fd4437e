import { after, before, describe, it } from 'mocha';
import { crowdScript, landCrowd } from '../support/crowd.ts';
import { Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';

const MINUTES = 60_000;

describe('Fifty cells at once', function () {
  this.timeout(40 * MINUTES);
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(crowdScript);
  });
  after(() => reactor.close());

  it('all land, one after another, and leave nothing', async () => {
    const repository = await reactor.repository('fifty', plainProject());
    await landCrowd(reactor, repository, 50, 35 * MINUTES);
  });
});
