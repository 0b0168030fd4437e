import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './built.mjs';
import { runForwarding } from './forwardingChild.mjs';
import { ensureInstalled } from './installed.mjs';
import { chooseNode, nodeEnvironment } from './pinnedNode.mjs';

// `npm run editor [-- DIR]`: installs and builds what is missing, then opens a real editor; see editorMain.ts.
const root = fileURLToPath(new URL('..', import.meta.url));
if (ensureInstalled(root) && ensureBuilt(root)) {
  const node = chooseNode(root);
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'scripts', 'editorMain.ts'), ...process.argv.slice(2)];
  process.exitCode = await runForwarding(node, args, nodeEnvironment(node, process.env));
} else {
  process.exitCode = 1;
}
