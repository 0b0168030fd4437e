import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { event } from '../../../../src/core/journal/events.ts';
import type { FileChange } from '../../../../src/core/ports/git.ts';
import { parseTreeUri } from '../../../../src/vscode/review/treeUri.ts';
import { greenRun, storySpec, told, treeOf } from '../../../support/cli/story.ts';
import type { EditorStory } from '../../../support/vscode/editorStory.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { FakeUri } from '../../../support/vscode/fakeTypes.ts';
import { type OpenEditor, openEditor } from '../../../support/vscode/openEditor.ts';

const base = storySpec('TASK-001', '').base;

const change = (path: string, more: Partial<FileChange> = {}): FileChange => ({
  status: 'modified',
  path,
  oldMode: '100644',
  newMode: '100644',
  oldOid: 'a'.repeat(40),
  newOid: 'b'.repeat(40),
  added: 1,
  removed: 1,
  ...more,
});

const waiting = ({ engine, world }: EditorStory): void => {
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  engine.tell('TASK-001-r1', told.review(1));
  engine.handlers = {
    answer: ({ run }) => ({ run, seq: 1 }),
    revise: ({ run }) => ({ run, tree: treeOf(2), seq: 1 }),
  };
  world.changed.set(treeOf(1), [change('src/slug.ts')]);
  world.files.set(`${base}:src/slug.ts`, 'old\n');
  world.files.set(`${treeOf(1)}:src/slug.ts`, 'new\n');
};

/** What the editor of many diffs was given: its title, and per file `label: left | right` with the sides as `tree:path`. */
function opened({ editor }: OpenEditor): string {
  const call = editor.executed.findLast(({ command }) => command === 'vscode.changes');
  const [title, resources] = (call?.args ?? []) as [string, [FakeUri, FakeUri | undefined, FakeUri | undefined][]];
  const side = (uri: FakeUri | undefined): string => {
    const file = uri === undefined ? null : parseTreeUri(uri);
    if (file === null) return '-';
    return file.notice === undefined ? `${file.tree === base ? 'base' : 'candidate'}:${file.path}` : `“${file.notice}”`;
  };
  return [title, ...resources.map(([label, left, right]) => `${label.path.slice(1)}: ${side(left)} | ${side(right)}`)].join('\n');
}

const toSecondCandidate = ({ engine }: OpenEditor) =>
  engine.tell(
    'TASK-001-r1',
    told.answered('a1', 'rejected'),
    told.attempt(2),
    told.executed(2),
    told.candidate(2),
    told.tested(2, 0),
    told.review(2),
  );

describe('a review', () => {
  it('shows every kind of change side by side, by the tree that was tested', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const { world } = story;
      const none = '0'.repeat(40);
      world.changed.set(treeOf(1), [
        change('src/slug.ts'),
        change('added.ts', { status: 'added', oldMode: '000000', oldOid: none }),
        change('gone.ts', { status: 'deleted', newMode: '000000', newOid: none }),
        change('new name.ts', { status: 'renamed', oldPath: 'old name.ts' }),
        change('logo.png', { added: null, removed: null }),
        change('run.sh', { newMode: '100755', newOid: 'a'.repeat(40), added: 0, removed: 0 }),
        change('huge.csv', { status: 'added', oldMode: '000000', oldOid: none, newOid: 'c'.repeat(40) }),
        change('lib', { oldMode: '160000', newMode: '160000' }),
      ]);
      world.sizes.set('c'.repeat(40), 3_000_000);
    });
    await editor.run('reactor.reviewChanges', []);
    assert.equal(
      opened(editor),
      `TASK-001 attempt 1 — green in 0.8 s
src/slug.ts: base:src/slug.ts | candidate:src/slug.ts
added.ts: - | candidate:added.ts
gone.ts: base:gone.ts | -
new name.ts: base:old name.ts | candidate:new name.ts
logo.png: “Binary file aaaaaaaaaa, 1 B. Open it from the list of files to see it.” | “Binary file bbbbbbbbbb, 1 B. Open it from the list of files to see it.”
run.sh: “Mode 100644, content aaaaaaaaaa, 1 B” | “Mode 100755, content aaaaaaaaaa, 1 B”
huge.csv: - | “File cccccccccc, 3.0 MB, too large to show among others. Open it from the list of files.”
lib: “Submodule at commit ${'a'.repeat(40)}” | “Submodule at commit ${'b'.repeat(40)}”`,
    );
    const content = await editor.api.files.readFile(rightOf(editor) as never);
    assert.equal(new TextDecoder().decode(content), 'new\n');
    editor.api.dispose();
  });

  it('has its buttons only while its own tree waits, and they name that tree', async () => {
    const editor = await openEditor({}, waiting);
    await editor.run('reactor.reviewChanges', []);
    const keys = () => editor.editor.keys.get('reactor.reviewActive');
    const front = async (label: string) => {
      editor.editor.activeTab = { label };
      editor.editor.changedTabs.fire({});
      await settle();
    };
    await front('slug.ts');
    assert.equal(keys(), false);
    await front('TASK-001 attempt 1 — green in 0.8 s (1 file)');
    assert.equal(keys(), true);
    const address = FakeUri.parse('multi-diff-editor:/x');
    await editor.run('reactor.approve', [address]);
    assert.match(editor.engine.asked.splice(0).join('\n'), new RegExp(`"decision":"approved","tree":"${treeOf(1)}"`));
    toSecondCandidate(editor);
    await settle();
    assert.equal(keys(), false);
    // A press that was on its way when the candidate changed.
    await editor.run('reactor.approve', [address]);
    assert.match(editor.engine.asked.splice(0).join('\n'), new RegExp(`"id":"a2","decision":"approved","tree":"${treeOf(1)}"`));
    assert.match(
      await editor.run('reactor.requestChanges', [address]),
      /^error: This is about tree 9f3c2ab, but the candidate of TASK-001 is 9f3c2ab now/,
    );
    editor.api.dispose();
  });

  it('with another beside it asks which one its title bar was pressed for', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      greenRun(story.engine, 'TASK-002-r1', storySpec('TASK-002', 'Parse durations'));
      story.engine.tell('TASK-002-r1', told.review(1));
    });
    const two = await editor.rows('reactor.needsYou');
    for (const row of two) await editor.run('reactor.reviewChanges', [row]);
    editor.editor.activeTab = { label: 'TASK-001 attempt 1 — green in 0.8 s (1 file)' };
    editor.editor.otherTabs = [{ label: 'TASK-002 attempt 1 — green in 0.8 s (1 file)' }];
    const address = FakeUri.parse('multi-diff-editor:/x');
    for (const command of ['reactor.approve', 'reactor.reject', 'reactor.requestChanges'] as const)
      assert.match(await editor.run(command, [address], null), /^pick: [^\n]*\n[^\n]*TASK-001 [^\n]*\n[^\n]*TASK-002 /);
    editor.editor.otherTabs = [{ label: 'slug.ts' }];
    assert.match(await editor.run('reactor.approve', [FakeUri.parse('git-changes:/x')], null), /^pick: Approve\n/);
    assert.deepEqual(editor.engine.asked, []);
    editor.api.dispose();
  });

  it('of a landing that was reworked shows each attempt against what it began from', async () => {
    const target = 'e'.repeat(40);
    const bases: string[] = [];
    const editor = await openEditor(
      {
        host: {
          changes: (_, from) => {
            bases.push(from);
            return Promise.resolve([change('src/slug.ts')]);
          },
        },
      },
      ({ engine }) => {
        greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
        const reworked = event('landing/reworked', {
          code: 'conflict',
          onto: target,
          ontoTree: 'f'.repeat(40),
          tree: 'f'.repeat(40),
          keptRef: 'refs/reactor/kept/run/1-merge',
          paths: ['src/slug.ts'],
          text: 'Both changed it.',
        });
        engine.tell('TASK-001-r1', told.committed(1), reworked, told.attempt(2), told.executed(2), told.candidate(2), told.tested(2, 0));
      },
    );
    const shown = { repository: '/repository/.git', run: 'TASK-001-r1', id: null };
    for (const attempt of [1, 2]) await editor.run('reactor.reviewChanges', [{ ...shown, tree: treeOf(attempt) }]);
    assert.deepEqual(bases, [base, target]);
    editor.api.dispose();
  });

  it('gives another tree another title, so that a title never stands for two', async () => {
    const editor = await openEditor({}, waiting);
    await editor.run('reactor.reviewChanges', []);
    const other = 'c'.repeat(40);
    const { type, data } = told.candidate(1) as Extract<ReturnType<typeof told.candidate>, { type: 'attempt/candidateBuilt' }>;
    editor.engine.tell('TASK-001-r1', { type, data: { ...data, tree: other } }, told.tested(1, 0));
    editor.world.changed.set(other, [change('src/slug.ts')]);
    await settle();
    await editor.run('reactor.reviewChanges', []);
    assert.match(opened(editor), /^TASK-001 attempt 1 — green in 0\.8 s, tree ccccccc\n/);
    editor.api.dispose();
  });

  it('takes files out of the candidate, of the tree that is shown and of no other', async () => {
    const editor = await openEditor({}, waiting);
    const [row] = await editor.rows('reactor.needsYou');
    const files = await editor.rows('reactor.needsYou', row);
    assert.match(
      await editor.run('reactor.rejectFile', [files[0], files]),
      /2 files rejected\. This makes a new candidate: tests run again/,
    );
    assert.deepEqual(editor.engine.asked.splice(0), [
      `revise {"run":"TASK-001-r1","tree":"${treeOf(1)}","rejected":[{"path":"src/slug.ts","hunks":null},{"path":"test/slug.test.ts","hunks":null}],"edited":false}`,
    ]);
    toSecondCandidate(editor);
    await settle();
    assert.match(
      await editor.run('reactor.rejectFile', [files[0]]),
      /^error: There is a newer candidate of TASK-001\. Nothing was rejected/,
    );
    assert.deepEqual(editor.engine.asked, []);
    editor.api.dispose();
  });

  it('offers to test what the person edits in the worktree', async () => {
    const editor = await openEditor({}, (story) => {
      waiting(story);
      const planned = { worktree: '/data/w', home: '/data/h', branch: 'reactor/TASK-001', base };
      story.engine.tell('TASK-001-r1', { type: 'cell/planned', data: planned });
    });
    editor.editor.saved.fire({ uri: FakeUri.file('/elsewhere/src/slug.ts') });
    await settle();
    assert.equal(editor.editor.take(), '');
    editor.editor.answers.push('Test My Edits');
    editor.editor.saved.fire({ uri: FakeUri.file('/data/w/src/slug.ts') });
    await settle();
    assert.equal(
      editor.editor.take(),
      'info: You have edited the candidate of TASK-001. It is tested again before it can land. [Test My Edits]',
    );
    assert.deepEqual(editor.editor.executed.at(-1), {
      command: 'reactor.testEdits',
      args: [{ repository: '/repository/.git', run: 'TASK-001-r1', tree: treeOf(1) }],
    });
    await editor.run('reactor.testEdits', [{ repository: '/repository/.git', run: 'TASK-001-r1' }]);
    assert.deepEqual(editor.engine.asked, [`revise {"run":"TASK-001-r1","tree":"${treeOf(1)}","rejected":[],"edited":true}`]);
    editor.api.dispose();
  });
});

function rightOf({ editor }: OpenEditor): FakeUri | undefined {
  const call = editor.executed.findLast(({ command }) => command === 'vscode.changes');
  return (call?.args[1] as [FakeUri, FakeUri, FakeUri][] | undefined)?.[0]?.[2];
}
