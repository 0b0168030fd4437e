import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runForwarding } from './forwardingChild.mjs';
import { ensureInstalled } from './installed.mjs';
import { chooseNode, nodeEnvironment } from './pinnedNode.mjs';

// `npm run package [-- FILE]`: writes the extension's package, reactor.vsix by default; see packageExtension.ts.
const root = fileURLToPath(new URL('..', import.meta.url));
if (ensureInstalled(root)) {
  const node = chooseNode(root);
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'scripts', 'packageExtension.ts'), ...process.argv.slice(2)];
  process.exitCode = await runForwarding(node, args, nodeEnvironment(node, process.env));
} else {
  process.exitCode = 1;
}
