import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { EventStream } from '../../src/adapters/opencode/eventStream.ts';
import { OpenCodeClient } from '../../src/adapters/opencode/openCodeClient.ts';
import { ServerConnection } from '../../src/adapters/opencode/serverConnection.ts';
import { silentLog } from '../../src/base/log.ts';
import { chargesOfMessage } from '../../src/core/money/messageCharges.ts';
import type { AgentServer } from '../../src/core/ports/agent.ts';
import { chargeTotals, ModelLedger } from '../support/modelLedger.ts';
import { OpenCodeBench, runTurn } from '../support/openCodeCell.ts';
import { bash } from '../support/sampleScript.ts';

/** A way to a port that can be cut and mended. */
class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  isCut = false;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      if (this.isCut) {
        near.destroy();
        return;
      }
      const far = connect(port, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => {});
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  static async to(port: number): Promise<Cable> {
    const cable = new Cable(port);
    cable.#server.listen(0, '127.0.0.1');
    await once(cable.#server, 'listening');
    return cable;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

describe('the charges of a turn whose connection to the agent server is cut', function () {
  this.timeout(180_000);
  const book = new ModelLedger();
  let bench: OpenCodeBench;
  let server: AgentServer;
  let cable: Cable;
  let whole: AgentServer;
  let events: EventStream;
  let connection: ServerConnection;
  let onSecond: () => void = () => {};
  let onLast: () => void = () => {};

  before(async () => {
    bench = await OpenCodeBench.start(
      book.keeping(({ turn }) => {
        if (turn === 1) onSecond();
        if (turn === 3) onLast();
        return turn < 3
          ? { tools: [bash('true')], usage: { in: 1000 + turn, out: 10 + turn, cached: 100 } }
          : { text: 'end', usage: { in: 2000, out: 30 } };
      }),
    );
    const cell = await bench.cell('cut');
    whole = cell.server;
    const { port } = new URL(whole.url);
    cable = await Cable.to(Number(port));
    const environment = readFileSync(`/proc/${whole.process.pid}/environ`, 'latin1');
    const password = /(?:^|\0)OPENCODE_SERVER_PASSWORD=([^\0]*)/.exec(environment)?.[1] ?? '';
    connection = new ServerConnection({ url: cable.url, password, directory: cell.worktree, clock: systemClock });
    events = new EventStream(connection, systemClock, silentLog);
    await events.connect(new AbortController().signal);
    const client = new OpenCodeClient({
      connection,
      events,
      clock: systemClock,
      log: silentLog,
      worktree: cell.worktree,
      instructions: [],
      copies: [],
      commandFolder: join(bench.root, 'commands'),
      outputFolder: join(bench.root, 'outputs'),
      boundary: null,
      leader: process.pid,
      warmsUp: false,
      userEnv: bench.env,
      environment: {},
      exited: whole.exited,
    });
    server = { ...whole, client };
  });
  after(async () => {
    events.close();
    connection.close();
    cable.close();
    await bench.dispose();
  });

  it('equal the log of the model server, though most of its messages finished unheard', async () => {
    onSecond = () => cable.cut();
    // The model is asked for the last time after everything before it has been stored.
    onLast = () => {
      cable.isCut = false;
    };
    const { result, messages, sessionId } = await runTurn(server, { prompt: 'cut the line' });
    assert.equal(result.end, 'done');
    const context = {
      run: 'r',
      attempt: 1,
      task: 't',
      category: null,
      cell: null,
      prices: [],
      dayOf: () => '2026-01-01',
      contextTokens: null,
      promptChars: 0,
    };
    const charges = messages.flatMap((message) => chargesOfMessage(message, context));
    assert.deepEqual(chargeTotals(charges), book.totals('cut the line'));
    assert.equal(new Set(charges.map(({ key }) => key)).size, 4);
    const again = (await whole.client.messages(sessionId)).flatMap((message) => chargesOfMessage(message, context));
    assert.deepEqual(again, charges, 'read again they have the same keys and figures');
  });
});
