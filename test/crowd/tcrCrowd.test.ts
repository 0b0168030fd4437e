import { after, before, describe, it } from 'mocha';
import { crowdScript, landCrowd } from '../support/crowd.ts';
import { Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';

describe('Eight cells at once', function () {
  this.timeout(400_000);
  let reactor: Reactor;

  before(async () => {
    reactor = await Reactor.open(crowdScript);
  });
  after(() => reactor.close());

  it('all land, and leave nothing', async () => {
    const repository = await reactor.repository('eight', plainProject());
    await landCrowd(reactor, repository, 8, 390_000);
  });
});
