import { z } from 'zod';
import { fence } from '../text/fence.ts';

/** A thread of comments on lines of a candidate, as it is kept for all windows of a person. */
export const StoredThread = z.object({
  id: z.string(),
  repository: z.string(),
  run: z.string(),
  path: z.string(),
  /** The tree it was last anchored in, and where; lines from 0, the last one included. */
  tree: z.string(),
  line: z.number().int().nonnegative(),
  endLine: z.number().int().nonnegative(),
  /** The lines it is about, as they were when it was written. */
  code: z.string(),
  state: z.enum(['open', 'sent', 'resolved']),
  /** The lines are not in the candidate any more. */
  outdated: z.boolean(),
  comments: z.array(z.object({ body: z.string(), author: z.string(), at: z.number() })),
});
export type StoredThread = z.infer<typeof StoredThread>;

/** Open and not sent: what Request Changes takes along. */
export const isToSend = (thread: StoredThread): boolean => thread.state === 'open' && thread.comments.length > 0;

/** All of them as one prompt, each with its file, line and code. */
export function changeRequest(threads: readonly StoredThread[]): string {
  const parts = [...threads]
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))
    .map(({ path, line, endLine, code, comments, outdated }) => {
      const lines = line === endLine ? `${line + 1}` : `${line + 1}-${endLine + 1}`;
      const was = outdated ? ' (these lines have changed since)' : '';
      const language = /\.([A-Za-z0-9]+)$/.exec(path)?.[1] ?? '';
      return `${path}:${lines}${was}\n${fence({ language, text: code })}\n${comments.map(({ body }) => body.trim()).join('\n\n')}`;
    });
  return `A reviewer asks for these changes:\n\n${parts.join('\n\n')}`;
}

/** What stands above a thread: 'open', 'sent', 'outdated', 'resolved'. */
export const threadWord = ({ state, outdated }: StoredThread): string =>
  state === 'resolved' ? 'resolved' : outdated ? 'outdated' : state;
