import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ProjectConfig } from '../../../../src/core/model/projectConfig.ts';
import type { HostGrants } from '../../../../src/core/ports/hostGrants.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

const grantsOf = (...places: readonly string[]): HostGrants => {
  const held = new Map(places.map((place) => [place, { place, by: 'person:ann', at: new Date(2026, 4, 3).getTime(), run: 'TASK-001-r1' }]));
  return {
    has: (place) => Promise.resolve(held.has(place)),
    list: () => Promise.resolve([...held.values()]),
    add: (grant) => Promise.resolve(void held.set(grant.place, grant)),
    remove: (place) => Promise.resolve(held.delete(place)),
  };
};

const open = (grants: HostGrants, settings: object) => {
  const config = ProjectConfig.parse(settings);
  const host = {
    hostGrants: () => Promise.resolve(grants),
    config: () => Promise.resolve({ config, file: '/repository/reactor.yaml' }),
  };
  return openEditor({ host }, ({ editor }) => editor.files.set('/repository/reactor.yaml', 'network: allowlist\n'));
};

describe('Show Allowed Hosts', () => {
  it('lists each host with where it comes from, and takes one back by its button, or by Enter once that is confirmed', async () => {
    const grants = grantsOf('a.example.org:443', 'b.example.org:443');
    const editor = await open(grants, { network: 'allowlist', hosts: ['*.example.com'] });
    const button = 'Take back: ask again from now on';
    assert.equal(
      await editor.run('reactor.showHosts', [], `a.example.org:443 [${button}]`, 'b.example.org:443', 'Take Back', null),
      `pick: Allowed Hosts in repository | Enter takes one back, or opens reactor.yaml where it stands there
  $(globe) a.example.org:443 | allowed by ann on 2026-05-03 · TASK-001-r1 [${button}]
  $(globe) b.example.org:443 | allowed by ann on 2026-05-03 · TASK-001-r1 [${button}]
  $(globe) *.example.com | reactor.yaml [Open reactor.yaml]
pick: Allowed Hosts in repository | Enter takes one back, or opens reactor.yaml where it stands there
  $(globe) b.example.org:443 | allowed by ann on 2026-05-03 · TASK-001-r1 [${button}]
  $(globe) *.example.com | reactor.yaml [Open reactor.yaml]
modal warning: Take back b.example.org:443? | From now on somebody is asked before a command reaches it. [Take Back]
pick: Allowed Hosts in repository | Enter takes one back, or opens reactor.yaml where it stands there
  $(globe) *.example.com | reactor.yaml [Open reactor.yaml]`,
    );
    assert.deepEqual(await grants.list(), []);
    editor.api.dispose();
  });

  it('opens reactor.yaml for what stands there, and says when the list does not count', async () => {
    const editor = await open(grantsOf(), { hosts: ['*.example.com'] });
    assert.match(
      await editor.run('reactor.showHosts', [], '*.example.com'),
      /\| With "network: open" commands reach every host; this list counts with "network: allowlist"\.\n.*\nopened: \/repository\/reactor\.yaml$/,
    );
    editor.api.dispose();
  });

  it('says that there is none', async () => {
    const editor = await open(grantsOf(), { network: 'allowlist' });
    assert.equal(await editor.run('reactor.showHosts', []), 'info: No host is always allowed in repository.');
    editor.api.dispose();
  });
});
