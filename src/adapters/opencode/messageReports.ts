import type { AssistantMessage, Part } from '@opencode-ai/sdk/v2/client';
import { errorText, type Log } from '../../base/log.ts';
import type { ServerConnection } from './serverConnection.ts';

/** Reports messages in the order in which they finished, each once, however often it is heard of. */
export class MessageReports {
  readonly #connection: ServerConnection;
  readonly #log: Log;
  readonly #reported: Set<string>;
  readonly #announce: (info: AssistantMessage, parts: readonly Part[]) => Promise<void>;
  #queue: Promise<void> = Promise.resolve();

  /** @param reported ids of the messages already reported; added to. */
  constructor(options: {
    readonly connection: ServerConnection;
    readonly log: Log;
    readonly reported: Set<string>;
    readonly announce: (info: AssistantMessage, parts: readonly Part[]) => Promise<void>;
  }) {
    this.#connection = options.connection;
    this.#log = options.log;
    this.#reported = options.reported;
    this.#announce = options.announce;
  }

  /** A message is finished; it is read with its parts and announced. One that can't be read may be reported again later. */
  report(sessionID: string, messageID: string): void {
    if (this.#reported.has(messageID)) return;
    this.#reported.add(messageID);
    this.#queue = this.#queue.then(async () => {
      try {
        const { sdk } = this.#connection;
        const { info, parts } = await this.#connection.call('message', (signal) =>
          sdk.session.message({ sessionID, messageID }, { signal }),
        );
        if (info.role === 'assistant') await this.#announce(info, parts);
      } catch (error) {
        this.#reported.delete(messageID);
        this.#log.log('warn', 'a finished message could not be read', { error: errorText(error) });
      }
    });
  }

  /** Resolves when everything reported so far is announced. */
  settled(): Promise<void> {
    return this.#queue;
  }
}
