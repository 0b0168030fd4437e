import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runForwarding } from './forwardingChild.mjs';
import { findPinnedNode, isNewEnough, requiredMajor } from './pinnedNode.mjs';

// The `reactor` command. It is started by whatever Node the user has, so it decides before anything newer is parsed.
async function main() {
  const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
  if (isNewEnough(process.versions.node)) {
    await import(new URL('./cli.mjs', import.meta.url).href);
    return;
  }
  // dist/ of a checkout has node_modules beside it; of an installed package, two folders further up.
  const pinned = findPinnedNode(join(here, '..'), join(here, '..', '..', '..'));
  if (pinned === undefined) {
    process.stderr.write(
      `reactor needs Node ${requiredMajor} or newer (this is v${process.versions.node}): install it from https://nodejs.org, or run "npm install" here\n`,
    );
    process.exitCode = 1;
    return;
  }
  // The environment stays the user's: the tests in a cell run with the user's own Node.
  process.exitCode = await runForwarding(pinned, [join(here, 'reactor.mjs'), ...process.argv.slice(2)], process.env);
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
