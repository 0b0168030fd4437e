import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ProxiedRequest {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
  readonly host: string;
  readonly status: number;
}

const openCode = fileURLToPath(new URL('../../node_modules/opencode-linux-x64/bin/opencode', import.meta.url));

/** Starts the real server on a port of its own and passes every request on; writes down what was asked. */
const source = (log: string, unhealthy: number): string => `#!${process.execPath}
const { spawn, spawnSync } = require('node:child_process');
const { appendFileSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const args = process.argv.slice(2);
const at = args.indexOf('--port');
if (args[0] !== 'serve' || at < 0) {
  process.exit(spawnSync(${JSON.stringify(openCode)}, args, { stdio: 'inherit' }).status ?? 1);
}
const port = Number(args[at + 1]);
const probe = net.createServer().listen(0, '127.0.0.1', () => {
  const inner = probe.address().port;
  probe.close(() => {
    let unhealthy = ${unhealthy};
    const server = http.createServer((request, response) => {
      const done = (status) => appendFileSync(${JSON.stringify(log)}, JSON.stringify({ port, method: request.method, path: request.url,
        authorization: request.headers.authorization ?? null, host: request.headers.host, status }) + '\\n');
      if (request.url.startsWith('/global/health') && unhealthy-- > 0) {
        done(503);
        response.writeHead(503).end('not yet');
        return;
      }
      const out = http.request({ host: '127.0.0.1', port: inner, method: request.method, path: request.url, headers: request.headers }, (answer) => {
        done(answer.statusCode);
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      out.on('error', () => response.destroy());
      response.on('close', () => out.destroy());
      request.pipe(out);
    });
    server.requestTimeout = 0;
    server.listen(port, '127.0.0.1', () => {
      const child = spawn(${JSON.stringify(openCode)}, args.with(at + 1, String(inner)), { stdio: 'inherit' });
      child.on('exit', (code) => process.exit(code ?? 1));
    });
  });
});
`;

/** An executable that is the real agent server behind a recorder of its requests. Its first `unhealthy` health checks fail. */
export class RecordingServer {
  readonly executable: string;
  readonly #log: string;

  constructor(folder: string, unhealthy: number) {
    this.executable = join(folder, 'recording-opencode.cjs');
    this.#log = join(folder, 'requests.ndjson');
    writeFileSync(this.executable, source(this.#log, unhealthy));
    chmodSync(this.executable, 0o755);
  }

  /** In the order in which they were answered. */
  get requests(): ProxiedRequest[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as ProxiedRequest);
  }
}
