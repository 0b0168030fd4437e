import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Orphan } from '../../../../src/protocol/messages.ts';
import { openEditor } from '../../../support/vscode/openEditor.ts';

const found: readonly Orphan[] = [
  { kind: 'branch', name: 'reactor/done', why: 'its run has ended', keptIn: 'main', removed: false },
  {
    kind: 'keptRef',
    name: 'refs/reactor/kept/old-r1/1',
    why: 'its run has ended',
    keptIn: null,
    limit: 'older than 180 days',
    removed: false,
  },
  { kind: 'branch', name: 'reactor/own', why: 'its run has ended', keptIn: null, removed: false },
];

describe('Clean Up', () => {
  it('shows what would go, what is past its limit included, and removes only what it has shown', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      engine.handlers = {
        clean: ({ dryRun }) => ({ orphans: found.slice(0, dryRun ? 3 : 2).map((one) => ({ ...one, removed: !dryRun })) }),
      };
    });
    const told = await editor.run('reactor.cleanUp', [], 'Remove 2 orphans');
    assert.equal(
      told,
      `pick: Clean Up: 3 orphans in repository
  $(check) Remove 2 orphans | what is listed with a bin
  $(trash) branch reactor/done | kept in main | its run has ended
  $(trash) keptRef refs/reactor/kept/old-r1/1 | past its limit: older than 180 days | its run has ended
  $(lock) branch reactor/own | stays: its content is kept nowhere else | its run has ended
info: 2 orphans removed, 1 left as they are.`,
    );
    assert.deepEqual(
      editor.engine.asked.filter((asked) => asked.startsWith('clean')),
      [
        'clean {"dryRun":true,"pastLimits":true}',
        'clean {"dryRun":false,"pastLimits":true,"shown":[{"kind":"branch","name":"reactor/done"},{"kind":"keptRef","name":"refs/reactor/kept/old-r1/1"}]}',
      ],
    );
    editor.api.dispose();
  });

  it('shows names as they are written, without making signs of them', async () => {
    const editor = await openEditor({}, ({ engine }) => {
      const orphans: Orphan[] = [
        { kind: 'branch', name: 'reactor/$(check)', why: 'it is $(flame)', keptIn: 'refs/$(gear)', removed: false },
      ];
      engine.handlers = { clean: () => ({ orphans }) };
    });
    const shown = await editor.run('reactor.cleanUp', [], null);
    assert.match(shown, /\$\(trash\) branch reactor\/\$\u200c\(check\) \| kept in refs\/\$\u200c\(gear\) \| it is \$\u200c\(flame\)/);
    editor.api.dispose();
  });
});
