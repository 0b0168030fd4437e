import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runForwarding } from './forwardingChild.mjs';
import { chooseNode, nodeEnvironment } from './pinnedNode.mjs';

// node scripts/node24.mjs FILE|TOOL [args]: runs a script of this repository, or a tool of node_modules/.bin, under the pinned Node.
const root = fileURLToPath(new URL('..', import.meta.url));
const [what = '', ...args] = process.argv.slice(2);
try {
  const node = chooseNode(root);
  const script = join(root, what);
  const tool = join(root, 'node_modules', '.bin', what);
  process.exitCode = await runForwarding(node, [existsSync(script) ? script : tool, ...args], nodeEnvironment(node, process.env));
} catch (error) {
  process.stderr.write(`${error.message}: run "npm ci --ignore-scripts"\n`);
  process.exitCode = 1;
}
