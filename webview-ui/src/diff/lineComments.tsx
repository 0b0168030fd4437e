import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { CommentThread } from '../../../src/protocol/panelShapes.ts';
import { ask } from '../host.ts';
import { comments, problem } from '../panelState.ts';

/** What a diff's lines belong to, as far as comments go. */
export interface Commented {
  readonly run: string;
  /** The tree on the right. */
  readonly tree: string;
  /** It waits for review: lines can be commented. */
  readonly isOpen: boolean;
}

/** The line, from 0, that a comment is being written on. */
const writing = signal<{ readonly tree: string; readonly path: string; readonly line: number } | null>(null);

export function writeComment({ tree, isOpen }: Commented, path: string, line: number): void {
  if (isOpen) writing.value = { tree, path, line };
}

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
  const isWriting = on.isOpen && now !== null && now.tree === on.tree && now.path === path && now.line === line;
  if (threads.length === 0 && !isWriting) return null;
  return (
    <div class="line-comments">
      {threads.map((thread) => (
        <Thread key={thread.id} thread={thread} />
      ))}
      {isWriting ? <Draft on={on} path={path} line={line} /> : null}
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

function Draft({ on: { run, tree }, path, line }: { on: Commented; path: string; line: number }) {
  const field = useRef<(HTMLElement & { readonly value: string }) | null>(null);
  useEffect(() => field.current?.focus(), []);
  const leave = (): void => {
    writing.value = null;
  };
  const add = (): void => {
    const body = field.current?.value.trim() ?? '';
    if (body === '') return leave();
    ask({ type: 'comment', run, tree, path, line, body }, 'done').then(leave, failed);
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
      <vscode-textarea ref={field} label={`Comment on line ${line + 1}`} placeholder="Sent to the agent by Request Changes" rows={3} />
      <div class="buttons">
        <vscode-button onClick={add}>Add Comment</vscode-button>
        <vscode-button secondary onClick={leave}>
          Cancel
        </vscode-button>
      </div>
    </div>
  );
}
