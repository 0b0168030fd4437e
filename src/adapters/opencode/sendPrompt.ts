import type { TurnRequest } from '../../core/ports/agent.ts';
import type { ServerConnection } from './serverConnection.ts';

/**
 * Gives the server the prompt of a turn; it answers by events.
 * @returns null when it has it, else why it was not sent.
 * @throws ServerCallFailed
 */
export async function sendPrompt(
  connection: ServerConnection,
  { sessionId, prompt, promptId = null, agent, model }: TurnRequest,
): Promise<string | null> {
  const unknown = agent === null ? null : await unknownAgent(connection, agent);
  if (unknown !== null) return unknown;
  const slash = model?.indexOf('/') ?? -1;
  await connection.call('prompt', (signal) =>
    connection.sdk.session.promptAsync(
      {
        sessionID: sessionId,
        parts: [{ type: 'text', text: prompt }],
        ...(promptId === null ? {} : { messageID: promptId }),
        ...(agent === null ? {} : { agent }),
        ...(model === null || slash < 0 ? {} : { model: { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) } }),
      },
      { signal },
    ),
  );
  return null;
}

/** The server's own words for a wrong name are no help. */
async function unknownAgent(connection: ServerConnection, name: string): Promise<string | null> {
  const agents = await connection.call('agents', (signal) => connection.sdk.app.agents({}, { signal }));
  const primary = agents.filter((agent) => agent.mode !== 'subagent' && agent.hidden !== true).map((agent) => agent.name);
  return primary.includes(name) ? null : `there is no agent named ${name}; there is ${primary.join(', ')}`;
}
