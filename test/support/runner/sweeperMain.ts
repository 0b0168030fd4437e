import { rmSync } from 'node:fs';
import process from 'node:process';
import { endAll, findOwnProcesses } from './ownProcesses.ts';

// sweeperMain.ts MARK FOLDER: waits until the test run that started it has gone, however it went, then ends what came out of it and removes its folder.
const [marker = '', folder = ''] = process.argv.slice(2);
// Anything looser would end what is not ours.
if (!/^REACTOR_TEST_RUN=[0-9a-f]{16}$/.test(marker) || !/\/rt-\w{6}$/.test(folder)) throw new Error('no mark or no folder of a test run');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.stdin.on('error', () => {});
for await (const _ of process.stdin) {
  // Nothing is ever said: the end is what counts.
}
await endAll(() => findOwnProcesses(marker, folder));
rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
