import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createHostGrants } from '../../../src/adapters/files/hostGrants.ts';
import { ProjectConfig } from '../../../src/core/model/projectConfig.ts';
import { FakeEngine } from '../../support/cli/fakeEngine.ts';
import { cli, fakeHost } from '../../support/cli/fakeHost.ts';

describe('Hosts that are always allowed', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reactor-hosts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const grant = (place: string) => ({ place, by: 'person:ann', at: Date.UTC(2026, 4, 3), run: 'TASK-001-r1' });

  it('are kept until they are taken back, whatever their names', async () => {
    const grants = createHostGrants(folder);
    const places = [`${'x'.repeat(249)}.org:443`, '../../escape:1', '[::1]:80', 'example.org:443'];
    assert.deepEqual([await grants.list(), await grants.has('example.org:443')], [[], false]);
    for (const place of places) await grants.add(grant(place));
    assert.deepEqual(
      (await grants.list()).map(({ place }) => place),
      [...places].sort(),
    );
    assert.deepEqual([await grants.remove('example.org:443'), await grants.remove('example.org:443')], [true, false]);
    assert.deepEqual([await grants.has('example.org:443'), await grants.has('[::1]:80')], [false, true]);
    assert.deepEqual([readdirSync(folder), statSync(join(folder, 'hosts')).mode & 0o077], [['hosts'], 0]);
  });

  it('are none where a file is damaged or was copied under another name', async () => {
    const grants = createHostGrants(folder);
    await grants.add(grant('example.org:443'));
    const [name = ''] = readdirSync(join(folder, 'hosts'));
    writeFileSync(join(folder, 'hosts', name), JSON.stringify(grant('other.org:443')));
    assert.deepEqual([await grants.has('example.org:443'), await grants.has('other.org:443')], [false, false]);
    writeFileSync(join(folder, 'hosts', name), '{');
    assert.deepEqual([await grants.has('example.org:443'), await grants.list()], [false, []]);
  });

  it('are shown and taken back by the command line', async () => {
    const grants = createHostGrants(folder);
    await grants.add(grant('example.org:443'));
    await grants.add(grant('b\u001b[2J.org:80'));
    const config = ProjectConfig.parse({ network: 'allowlist', hosts: ['*.example.com'] });
    const host = fakeHost(new FakeEngine(), {
      hostGrants: () => Promise.resolve(grants),
      config: () => Promise.resolve({ config, file: '/repository/reactor.yaml' }),
    });
    const shown = await cli(['hosts'], host);
    assert.match(
      shown.out,
      /^HOST +ALLOWED BY +ON +FOR\n.*\nexample\.org:443 +ann +2026-05-03 +TASK-001-r1\n\*\.example\.com +reactor\.yaml\n$/s,
    );
    assert.equal(shown.out.includes('\u001b'), false);
    assert.equal((await cli(['hosts', '--remove', 'example.org:443'], host)).exitCode, 0);
    assert.equal(
      (await cli(['hosts', '--remove', 'b\u001b[2J.org:80', '--json'], host)).out,
      `${JSON.stringify({ hosts: [], settings: ['*.example.com'], network: 'allowlist', removed: ['b\u001b[2J.org:80'] })}\n`,
    );
    const gone = await cli(['hosts', '--remove', 'example.org:443'], host);
    assert.deepEqual([gone.exitCode === 0, /is not among the hosts/.test(gone.err)], [false, true]);
  });
});
