import { createSandbox } from '../../src/adapters/sandbox/createSandbox.ts';
import { ensureBubblewrap } from './ensureBubblewrap.ts';

/** The value of REACTOR_SANDBOX for tests of what holds by default: where there can be no sandbox they go without, as there is nobody to ask. */
export async function defaultSandbox(): Promise<'preferred' | 'off'> {
  try {
    if (process.platform === 'linux') ensureBubblewrap();
  } catch {
    // What is missing is told by the probe.
  }
  const { boundary, why } = await createSandbox({ hidden: [], waysOut: null, folder: null, env: process.env }).probe();
  if (boundary !== null) return 'preferred';
  process.stderr.write(`cells are tested without a sandbox: ${why}\n`);
  return 'off';
}
