import { createSandbox } from '../../src/adapters/sandbox/createSandbox.ts';
import { ensureBubblewrap } from './ensureBubblewrap.ts';

let settled: Promise<void> | undefined;

/**
 * Cells of tests are in a sandbox where there can be one, as they are by default. Where there can't, or the environment says otherwise, they go
 * without: there is nobody to ask.
 */
export function preferSandbox(): Promise<void> {
  settled ??= settle();
  return settled;
}

async function settle(): Promise<void> {
  if (process.env['REACTOR_SANDBOX'] !== undefined) return;
  try {
    if (process.platform === 'linux') ensureBubblewrap();
  } catch {
    // What is missing is told by the probe.
  }
  const { boundary, why } = await createSandbox({ hidden: [], waysOut: null, env: process.env }).probe();
  if (boundary !== null) return;
  process.stderr.write(`cells are tested without a sandbox: ${why}\n`);
  process.env['REACTOR_SANDBOX'] = 'off';
}
