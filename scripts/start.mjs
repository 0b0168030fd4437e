import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './built.mjs';
import { runForwarding } from './forwardingChild.mjs';
import { ensureInstalled } from './installed.mjs';
import { chooseNode } from './pinnedNode.mjs';

// `npm start [-- ARGS]`: installs and builds what is missing, then runs the command line; without arguments, the demonstration.
const root = fileURLToPath(new URL('..', import.meta.url));
if (ensureInstalled(root) && ensureBuilt(root)) {
  const args = process.argv.length > 2 ? process.argv.slice(2) : ['demo'];
  process.exitCode = await runForwarding(chooseNode(root), [join(root, 'dist', 'reactor.mjs'), ...args], process.env);
} else {
  process.exitCode = 1;
}
