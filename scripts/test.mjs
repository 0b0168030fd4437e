import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runForwarding } from './forwardingChild.mjs';
import { ensureInstalled } from './installed.mjs';
import { chooseNode, nodeEnvironment } from './pinnedNode.mjs';

/** npm that is killed tells nobody: then this process has another parent, and passes that on. */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 1000);
  watch.unref();
}

// `npm test` and its parts: started by any Node, goes on under the pinned one. See test/support/runner/testMain.ts for the arguments.
const root = fileURLToPath(new URL('..', import.meta.url));
if (ensureInstalled(root)) {
  endWithNpm();
  const node = chooseNode(root);
  const main = join(root, 'test', 'support', 'runner', 'testMain.ts');
  process.exitCode = await runForwarding(node, [main, ...process.argv.slice(2)], nodeEnvironment(node, process.env));
} else {
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}
