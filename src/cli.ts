import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import packageJson from '../package.json' with { type: 'json' };

// Compiled code is kept for the next start, in a folder of the user's own: it is run as it is found. Coverage needs code compiled anew.
if (process.env['NODE_V8_COVERAGE'] === undefined) {
  enableCompileCache(join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'reactor', 'code'));
}
// Only what is imported from here on is in the cache.
const [{ systemClock }, { processTerminal }, { runCli }] = await Promise.all([
  import('./adapters/clock/systemClock.ts'),
  import('./cli/processTerminal.ts'),
  import('./cli/runCli.ts'),
]);

const terminal = processTerminal(systemClock, packageJson.version);
process.exitCode = await runCli(terminal, async () =>
  (await import('./compose.ts')).createCliHost((line) => terminal.stderr.write(`${line}\n`)),
);
