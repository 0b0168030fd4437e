import packageJson from '../package.json' with { type: 'json' };
import { systemClock } from './adapters/clock/systemClock.ts';
import { processTerminal } from './cli/processTerminal.ts';
import { runCli } from './cli/runCli.ts';

const terminal = processTerminal(systemClock, packageJson.version);
process.exitCode = await runCli(terminal, async () => (await import('./compose.ts')).createCliHost());
