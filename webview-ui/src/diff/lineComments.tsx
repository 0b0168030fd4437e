import '@vscode-elements/elements/dist/vscode-textarea/index.js';
import { computed, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { CommentThread } from '../../../src/protocol/panelShapes.ts';
import { ask } from '../host.ts';
import { comments, problem, reviewWork } from '../panelState.ts';
import { draftAt, placeKey, withDraft } from './reviewWork.ts';

/** What a diff's lines belong to, as far as comments go. */
export interface Commented {
  readonly run: string;
  /** The tree on the right. */
  readonly tree: string;
  /** It waits for review: lines can be commented. */
  readonly isOpen: boolean;
}

/** The line, from 0, on which a person began a comment last. */
const writing = signal<{ readonly tree: string; readonly path: string; readonly line: number } | null>(null);

export function writeComment({ tree, isOpen }: Commented, path: string, line: number): void {
  if (isOpen) writing.value = { tree, path, line };
}

/** Where comments are half written. Changes with the places and not with each letter, since every line looks at it. */
const placesText = computed(() => reviewWork.value.drafts.map(placeKey).join('\n'));
const places = computed(() => new Set(placesText.value.split('\n')));

/** Threads that end on a line of a file, from 0. */
export function threadsOn({ run, tree }: Commented, path: string, line: number): readonly CommentThread[] {
  const { value } = comments;
  if (value === null || value.run !== run) return [];
  return value.threads.filter((thread) => thread.tree === tree && thread.path === path && thread.endLine === line);
}

/** What stands below a line, from 0: its threads, and the field for a new comment. Null when neither is there. */
export function belowLine(on: Commented, path: string, line: number) {
  const threads = threadsOn(on, path, line);
  const now = writing.value;
  const isPicked = now !== null && now.tree === on.tree && now.path === path && now.line === line;
  const hasDraft = on.isOpen && (isPicked || places.value.has(placeKey({ run: on.run, tree: on.tree, path, line })));
  if (threads.length === 0 && !hasDraft) return null;
  return (
    <div class="line-comments">
      {threads.map((thread) => (
        <Thread key={thread.id} thread={thread} />
      ))}
      {hasDraft ? <DraftField on={on} path={path} line={line} isPicked={isPicked} /> : null}
    </div>
  );
}

const failed = (error: Error): void => {
  problem.value = error.message;
};

function Thread({ thread: { id, word, comments: said, line } }: { thread: CommentThread }) {
  const isResolved = word === 'resolved';
  return (
    <article class="thread" aria-label={`Comment on line ${line + 1}, ${word}`}>
      <span class="faint">{word}</span>
      {said.map(({ author, body }, index) => (
        <p key={index}>
          <b>{author}</b> {body}
        </p>
      ))}
      <vscode-button secondary onClick={() => void ask({ type: 'resolveComment', id, resolved: !isResolved }, 'done').catch(failed)}>
        {isResolved ? 'Reopen' : 'Resolve'}
      </vscode-button>
    </article>
  );
}

/** @param isPicked it was begun or asked for by now: the keyboard goes there. One that is only back from before takes no focus. */
function DraftField({ on: { run, tree }, path, line, isPicked }: { on: Commented; path: string; line: number; isPicked: boolean }) {
  const field = useRef<(HTMLElement & { value: string }) | null>(null);
  const isSending = useRef(false);
  const place = { run, tree, path, line };
  useEffect(() => {
    if (field.current !== null) field.current.value = draftAt(reviewWork.peek(), place);
  }, []);
  useEffect(() => {
    if (isPicked) field.current?.focus();
  }, [isPicked]);
  const leave = (): void => {
    // The keyboard goes on where it came from.
    if (field.current?.closest('.draft')?.contains(document.activeElement) === true) {
      field.current.closest<HTMLElement>('[data-hunk]')?.focus({ preventScroll: true });
    }
    const now = writing.peek();
    if (now?.tree === tree && now.path === path && now.line === line) writing.value = null;
    reviewWork.value = withDraft(reviewWork.value, place, '');
  };
  const add = (): void => {
    const body = field.current?.value.trim() ?? '';
    if (body === '') return leave();
    if (isSending.current) return;
    isSending.current = true;
    ask({ type: 'comment', ...place, body }, 'done')
      .then(leave, failed)
      .finally(() => {
        isSending.current = false;
      });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the field inside
    <div
      class="draft"
      onKeyDown={(event) => {
        if (event.key === 'Escape') leave();
        else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) add();
        else return;
        event.preventDefault();
      }}
    >
      <vscode-textarea
        ref={field}
        label={`Comment on line ${line + 1}`}
        placeholder="Sent to the agent by Request Changes"
        rows={3}
        onInput={(event) => {
          reviewWork.value = withDraft(reviewWork.value, place, event.currentTarget.value);
        }}
      />
      <div class="buttons">
        <vscode-button onClick={add}>Add Comment</vscode-button>
        <vscode-button secondary onClick={leave}>
          Cancel
        </vscode-button>
      </div>
    </div>
  );
}
