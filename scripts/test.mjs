import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runForwarding } from './forwardingChild.mjs';
import { ensureInstalled } from './installed.mjs';
import { chooseNode, nodeEnvironment } from './pinnedNode.mjs';

// `npm test` and its parts: started by any Node, goes on under the pinned one. See test/support/runner/testMain.ts for the arguments.
const root = fileURLToPath(new URL('..', import.meta.url));
if (ensureInstalled(root)) {
  const node = chooseNode(root);
  const main = join(root, 'test', 'support', 'runner', 'testMain.ts');
  process.exitCode = await runForwarding(node, [main, ...process.argv.slice(2)], nodeEnvironment(node, process.env));
} else {
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}
