import { event } from '../core/journal/events.ts';
import type { RunContext } from './runContext.ts';

/** Warns, once for each port, when a port that was leased for the app under test is held by a process that is not of the cell. */
export async function noticePorts(context: RunContext): Promise<void> {
  const { deps, state } = context;
  const { cell, warnings } = state;
  if (cell === null) return;
  for (const port of cell.appPorts) {
    const listener = await deps.ports.listener(port);
    if (listener === null || deps.processes.markedWith(cell.id).some(({ pid }) => pid === listener.pid)) continue;
    const who = listener.pid === null ? 'a process of somebody else' : `process ${listener.pid}`;
    const what = `port ${port}, leased for the app under test, is held by ${who}, which is not of this cell`;
    if (!warnings.includes(what)) await context.record(event('run/recoveryApplied', { code: 'IG', what, retry: 0, delayMs: 0 }));
  }
}
