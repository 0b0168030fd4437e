import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Repositories } from '../../../../src/vscode/repositories.ts';
import { anchorText } from '../../../../src/vscode/review/anchorText.ts';
import { ReviewedFiles } from '../../../../src/vscode/review/reviewedFiles.ts';
import { ReviewThreads } from '../../../../src/vscode/review/reviewThreads.ts';
import { TreeFiles } from '../../../../src/vscode/review/treeFiles.ts';
import { treeUri } from '../../../../src/vscode/review/treeUri.ts';
import { greenRun, landRun, storySpec, told, treeOf } from '../../../support/cli/story.ts';
import { type EditorStory, editorStory } from '../../../support/vscode/editorStory.ts';
import { FakeThread } from '../../../support/vscode/fakeComments.ts';
import { settle } from '../../../support/vscode/fakeEditorHost.ts';
import { FakeRange, type FakeUri } from '../../../support/vscode/fakeTypes.ts';
import { type OpenEditor, openEditor } from '../../../support/vscode/openEditor.ts';

const waiting = ({ engine, world }: EditorStory): void => {
  greenRun(engine, 'TASK-001-r1', storySpec('TASK-001', 'Add slugify'));
  engine.tell('TASK-001-r1', told.review(1));
  engine.handlers = { answer: ({ run }) => ({ run, seq: 1 }) };
  world.files.set(`${treeOf(1)}:src/slug.ts`, 'one\ntwo\nthree\n');
  world.files.set(`${treeOf(1)}:src/b.ts`, 'alpha\nbeta\n');
};

const bodyOf = (comment: FakeThread['comments'][number] | undefined): string =>
  ((body) => (typeof body === 'string' ? body : ((body as { value: string } | undefined)?.value ?? '')))(comment?.body);

/** A person opens a thread on a line of the candidate and writes into it. */
async function comment({ api, context, editor }: OpenEditor, path: string, line: number, text: string): Promise<FakeThread> {
  const uri = treeUri(context.vscode, { repository: '/repository/.git', run: 'TASK-001-r1', tree: treeOf(1), path, side: 'candidate' });
  const thread = new FakeThread(uri as unknown as FakeUri, new FakeRange(line, 0, line, 0), []);
  editor.comments.threads.push(thread);
  await api.run('reactor.comment.create', [{ thread, text }]);
  return thread;
}

const secondCandidate = async ({ engine, world }: OpenEditor, slug: string): Promise<void> => {
  world.files.set(`${treeOf(2)}:src/slug.ts`, slug);
  world.files.set(`${treeOf(2)}:src/b.ts`, 'alpha\nbeta\n');
  engine.tell(
    'TASK-001-r1',
    told.answered('a1', 'rejected'),
    told.attempt(2),
    told.executed(2),
    told.candidate(2),
    told.tested(2, 0),
    told.review(2),
  );
  await settle();
};

describe('comments on a candidate', () => {
  it('are written by key on the lines that the cursor is on, in the candidate alone', async () => {
    const editor = await openEditor({}, waiting);
    const at = (side: 'base' | 'candidate') => {
      const file = { repository: '/repository/.git', run: 'TASK-001-r1', tree: treeOf(1), path: 'src/slug.ts', side };
      // From the first line to before the first character of the third.
      editor.editor.activeEditor = { document: { uri: treeUri(editor.context.vscode, file) }, selection: new FakeRange(0, 0, 2, 0) };
    };
    at('base');
    assert.match(await editor.run('reactor.comment.onLine', []), /^info: Put the cursor on a line of the change first/);
    at('candidate');
    const seen = await editor.run('reactor.comment.onLine', [], 'Use a map.');
    assert.equal(seen, 'input: Comment on lines 1 to 2 of src/slug.ts | Sent to the agent by Request Changes');
    assert.deepEqual(
      editor.editor.comments.threads.map(({ range, comments }) => [range?.start.line, range?.end.line, bodyOf(comments[0])]),
      [[0, 1, 'Use a map.']],
    );
    editor.api.dispose();
  });

  it('go to the agent in one prompt with file, line and code', async () => {
    const editor = await openEditor({}, waiting);
    await comment(editor, 'src/slug.ts', 1, 'Use a map.');
    await comment(editor, 'src/b.ts', 0, 'Why?');
    const resolved = await comment(editor, 'src/slug.ts', 2, 'Never mind.');
    await editor.api.run('reactor.comment.resolve', [resolved]);
    const [row] = await editor.rows('reactor.needsYou');
    assert.match(await editor.run('reactor.requestChanges', [row], 'In general: fine.'), /2 comments will be sent\. Anything to add\?/);
    const { comment: text } = JSON.parse(editor.engine.asked[0]?.slice('answer '.length) ?? '') as { comment: string };
    assert.equal(
      text,
      `In general: fine.

A reviewer asks for these changes:

src/b.ts:1
\`\`\`ts
alpha
\`\`\`
Why?

src/slug.ts:2
\`\`\`ts
two
\`\`\`
Use a map.`,
    );
    assert.equal(
      editor.editor.comments.text,
      'src/slug.ts:2 sent (sent) ann: Use a map.\nsrc/b.ts:1 sent (sent) ann: Why?\nsrc/slug.ts:3 resolved (resolved) ann: Never mind.',
    );
    editor.api.dispose();
  });

  it('stay with their lines in the next candidate, and say when those are gone', async () => {
    const editor = await openEditor({}, waiting);
    await comment(editor, 'src/slug.ts', 1, 'Use a map.');
    await comment(editor, 'src/slug.ts', 2, 'Shorter.');
    await secondCandidate(editor, 'zero\nzero\none\ntwo\nTHREE\n');
    assert.equal(editor.editor.comments.text, 'src/slug.ts:4 open (open) ann: Use a map.\nsrc/slug.ts:3 outdated (outdated) ann: Shorter.');
    editor.api.dispose();
  });

  it('ask nobody for anything any more when their run is over', async () => {
    const editor = await openEditor({}, waiting);
    const thread = await comment(editor, 'src/slug.ts', 1, 'Use a map.');
    const before = thread.state;
    landRun(editor.engine, 'TASK-001-r1');
    await settle();
    const { Resolved, Unresolved } = editor.context.vscode.CommentThreadState;
    assert.deepEqual([before, thread.state, thread.collapsibleState], [Unresolved, Resolved, 0]);
    editor.api.dispose();
  });

  it('can be edited, answered, resolved, reopened and deleted', async () => {
    const editor = await openEditor({}, waiting);
    const thread = await comment(editor, 'src/slug.ts', 1, 'Use a map.');
    const shown = () => editor.editor.comments.text;
    await editor.api.run('reactor.comment.edit', [thread.comments[0]]);
    await editor.api.run('reactor.comment.save', [{ ...thread.comments[0], body: 'Use a set.' }]);
    await editor.api.run('reactor.comment.create', [{ thread, text: 'Or a list.' }]);
    assert.equal(shown(), 'src/slug.ts:2 open (open) ann: Use a set. / ann: Or a list.');
    await editor.api.run('reactor.comment.resolve', [{ thread, text: '' }]);
    await editor.api.run('reactor.comment.reopen', [thread]);
    await editor.api.run('reactor.comment.delete', [thread.comments[1]]);
    assert.equal(shown(), 'src/slug.ts:2 open (open) ann: Use a set.');
    await editor.api.run('reactor.comment.delete', [thread]);
    assert.equal(shown(), '');
    editor.api.dispose();
  });

  it('can be written on the candidate that waits, and on nothing else', async () => {
    const editor = await openEditor({}, waiting);
    const ranges = (tree: string, side: 'base' | 'candidate') => {
      const uri = treeUri(editor.context.vscode, { repository: '/repository/.git', run: 'TASK-001-r1', tree, path: 'src/slug.ts', side });
      return editor.editor.comments.commentingRangeProvider?.provideCommentingRanges({ uri, lineCount: 4 });
    };
    assert.deepEqual(ranges(treeOf(1), 'candidate'), [new FakeRange(0, 0, 3, 0)]);
    assert.deepEqual(ranges(treeOf(1), 'base'), []);
    assert.deepEqual(ranges(treeOf(2), 'candidate'), []);
    await secondCandidate(editor, '');
    assert.deepEqual(ranges(treeOf(1), 'candidate'), []);
    editor.api.dispose();
  });

  it('that come from the panel stand in the editor too, and are taken for the candidate that waits alone', async () => {
    const editor = await openEditor({}, waiting);
    const { context } = editor;
    const repositories = new Repositories(context.vscode, context.host);
    await repositories.scan();
    const threads = new ReviewThreads({ ...context, repositories }, new TreeFiles({ ...context, repositories }));
    const changed: string[] = [];
    threads.onDidChange(({ run }) => changed.push(run));
    const at = { repository: '/repository/.git', run: 'TASK-001-r1', path: 'src/slug.ts', line: 1 };
    await threads.add({ ...at, tree: treeOf(1) }, 'Use a map.');
    const [thread] = threads.of(at.repository, at.run);
    await threads.setResolved(thread?.id ?? '', true);
    assert.deepEqual(
      [threads.of(at.repository, at.run).map(({ path, line, word, comments }) => [path, line, word, comments[0]?.body]), changed],
      [[['src/slug.ts', 1, 'resolved', 'Use a map.']], [at.run, at.run]],
    );
    assert.match(editor.editor.comments.text, /src\/slug\.ts:2 resolved \(resolved\) ann: Use a map\./);
    await assert.rejects(threads.add({ ...at, tree: treeOf(2) }, 'Late.'), { code: 'notPossibleNow' });
    threads.dispose();
    repositories.dispose();
    editor.api.dispose();
  });
});

describe('what a person says of a candidate in two windows', () => {
  const at = { repository: '/repository/.git', run: 'TASK-001-r1', path: 'src/slug.ts', tree: treeOf(1), line: 1 };

  async function windows() {
    const story = editorStory();
    waiting(story);
    const { context } = story;
    await context.repositories.scan();
    await settle();
    const files = new TreeFiles(context);
    const threads = [new ReviewThreads(context, files), new ReviewThreads(context, files)] as const;
    const reviewed = [new ReviewedFiles(context), new ReviewedFiles(context)] as const;
    const dispose = () => {
      for (const part of [...threads, ...reviewed, context.repositories]) part.dispose();
    };
    return { ...story, threads, reviewed, dispose };
  }

  it('is kept in both, and what one takes away the other does not bring back', async () => {
    const {
      threads: [left, right],
      editor,
      dispose,
    } = await windows();
    await left.add(at, 'From the left.');
    await right.add({ ...at, line: 2 }, 'From the right.');
    const said = (threads: ReviewThreads) => threads.of(at.repository, at.run).map(({ word, comments }) => `${word}: ${comments[0]?.body}`);
    left.catchUp();
    const both = ['open: From the left.', 'open: From the right.'];
    assert.deepEqual([said(left), said(right).toSorted()], [both, both]);
    const [first] = left.of(at.repository, at.run);
    await left.setResolved(first?.id ?? '', true);
    await right.add({ ...at, line: 0 }, 'Another.');
    left.catchUp();
    assert.deepEqual(said(left).toSorted(), ['open: Another.', 'open: From the right.', 'resolved: From the left.']);
    const shown = editor.comments.threads.find(({ isDisposed, comments }) => !isDisposed && bodyOf(comments[0]) === 'Another.');
    await right.delete(shown as never);
    await left.add({ ...at, line: 0 }, 'The last.');
    right.catchUp();
    const last = ['open: From the right.', 'open: The last.', 'resolved: From the left.'];
    assert.deepEqual([said(left).toSorted(), said(right).toSorted()], [last, last]);
    dispose();
  });

  it('ticks files off for both, and takes ticks away from both', async () => {
    const {
      reviewed: [left, right],
      context,
      world,
      dispose,
    } = await windows();
    const [model] = context.repositories.list;
    assert.ok(model !== undefined);
    world.changed.set(treeOf(1), []);
    const tick = (files: ReviewedFiles, path: string, reviewed: boolean) => files.set(model, at.run, at.tree, [{ path, reviewed }]);
    const ticked = (files: ReviewedFiles) => ['a.ts', 'b.ts', 'c.ts'].filter((path) => files.has(model, at.run, path, at.tree));
    await tick(left, 'a.ts', true);
    await tick(right, 'b.ts', true);
    const told: string[] = [];
    left.onDidChange(({ run }) => told.push(run));
    left.catchUp();
    assert.deepEqual([ticked(left), ticked(right), told], [['a.ts', 'b.ts'], ['a.ts', 'b.ts'], [at.run]]);
    world.clock.advance(1);
    await tick(left, 'b.ts', false);
    await tick(right, 'c.ts', true);
    left.catchUp();
    assert.deepEqual(
      [ticked(left), ticked(right)],
      [
        ['a.ts', 'c.ts'],
        ['a.ts', 'c.ts'],
      ],
    );
    dispose();
  });

  it('is looked up again when a window gets the focus', async () => {
    const editor = await openEditor({}, waiting);
    const other = new ReviewThreads(editor.context, new TreeFiles(editor.context));
    await editor.context.repositories.scan();
    await settle();
    await other.add(at, 'From the other window.');
    editor.editor.comments.threads.splice(0);
    editor.editor.changedWindow.fire({ focused: true });
    await settle();
    assert.equal(editor.editor.comments.text, 'src/slug.ts:2 open (open) ann: From the other window.');
    other.dispose();
    editor.context.repositories.dispose();
    editor.api.dispose();
  });
});

describe('anchorText', () => {
  it('finds the nearest place of the same lines', () => {
    const lines = ['a', 'b', 'x', 'a', 'b'];
    assert.deepEqual(
      [anchorText(lines, ['a', 'b'], 0), anchorText(lines, ['a', 'b'], 4), anchorText(lines, ['b', 'a'], 0), anchorText([], ['a'], 0)],
      [0, 3, null, null],
    );
  });
});
