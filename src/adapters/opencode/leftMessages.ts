import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Message, Part } from '@opencode-ai/sdk/v2/client';
import type { FinishedMessage, LeftConversation } from '../../core/ports/agent.ts';
import { conversationOf } from './conversation.ts';
import { PathGuard } from './pathGuard.ts';
import { databaseFile } from './serverFolders.ts';

/** What a server that has ended wrote down of a conversation. @throws Error when its database can't be read or is of another form */
export async function leftMessages({ home, worktree, sessionId }: LeftConversation): Promise<readonly FinishedMessage[]> {
  const file = databaseFile(home);
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
  try {
    const rows = (sql: string, id: string): Record<string, unknown>[] => database.prepare(sql).all(id);
    const parsed = (row: Record<string, unknown>): object => JSON.parse(String(row['data'])) as object;
    const parts = (messageID: string, sessionID: string) =>
      rows('SELECT id, data FROM part WHERE message_id = ? ORDER BY id', messageID).map(
        (row) => ({ ...parsed(row), id: row['id'], messageID, sessionID }) as unknown as Part,
      );
    return await conversationOf(
      {
        // It only shortens the paths in what is told of tools; the worktree may be gone.
        guard: new PathGuard(existsSync(worktree) ? worktree : home),
        messages: async (sessionID) =>
          rows('SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id', sessionID).map((row) => ({
            info: { ...parsed(row), id: row['id'], sessionID } as unknown as Message,
            parts: parts(String(row['id']), sessionID),
          })),
        children: async (parent) => rows('SELECT id FROM session WHERE parent_id = ? ORDER BY id', parent).map(({ id }) => String(id)),
        facts: async () => null,
      },
      sessionId,
    );
  } finally {
    database.close();
  }
}
