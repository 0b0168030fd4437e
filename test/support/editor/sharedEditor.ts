import { after, afterEach, before } from 'mocha';
import { byWord } from '../sampleScript.ts';
import type { ModelScript } from '../scriptedModel.ts';
import { EditorSession } from './editorSession.ts';

const scripts: Record<string, ModelScript> = {};
let opened: Promise<EditorSession> | undefined;

/**
 * The one editor that the tests of this process share, since starting one takes longer than most tests. To be called in `describe`. Each
 * test works in a repository of its own, or goes on in that of the test before it.
 * @param own what the model does, by a word that no other test uses in a prompt
 */
export function sharedEditor(own: Readonly<Record<string, ModelScript>>): () => EditorSession {
  for (const [word, script] of Object.entries(own)) {
    if (word in scripts) throw new Error(`two tests have a script for “${word}”`);
    scripts[word] = script;
  }
  let session: EditorSession | undefined;
  before(async () => {
    opened ??= EditorSession.open(byWord(scripts));
    session = await opened;
  });
  afterEach(async function () {
    await session?.keepEvidence(this);
  });
  after(() => session?.closeBeside());
  return () => {
    if (session === undefined) throw new Error('there is no editor before the tests begin');
    return session;
  };
}

// Outside of every suite: once, after the tests of all files.
after(() =>
  opened?.then(
    (session) => session.close(),
    // It was told where it was wanted.
    () => {},
  ),
);
