import { errorText } from '../base/log.ts';
import { event } from '../core/journal/events.ts';
import type { Excess } from '../core/policy/cellLimits.ts';
import type { KillReport } from '../core/ports/processes.ts';
import type { RunContext } from './runContext.ts';

/**
 * Does work in the run's cell within the limits of the cell. Over one, every process of the cell is killed, its server too, and the
 * journal says so; the work then comes to its end by itself.
 * @param onExceeded called before that, so that the work knows why it ends.
 */
export async function withinLimits<T>(
  context: RunContext,
  work: () => Promise<T>,
  onExceeded: (excess: Excess) => void = () => {},
): Promise<{ readonly value: T; readonly excess: Excess | null }> {
  const { deps, engine, state } = context;
  const { cell, spec } = state;
  if (cell === null) throw new Error('no cell to work in');
  let excess: Excess | null = null;
  let ending: Promise<KillReport | null> = Promise.resolve(null);
  let told: Promise<unknown> = Promise.resolve();
  const stop = engine.limits.watch({
    cell: cell.id,
    server: cell.server,
    limits: spec.sandbox.limits,
    onLost: (limits) => {
      deps.log.log('warn', 'a control group no longer keeps limits of its cell', { cell: cell.id, limits });
      told = Promise.all([told, context.record(event('cell/limitsLost', { limits: [...limits] }))]);
      // Heard when the work has ended.
      told.catch(() => {});
    },
    onExceeded: (found) => {
      excess = found;
      onExceeded(found);
      // Nothing that takes this much is asked to end: meanwhile it would take more.
      ending = deps.processes.endCell(cell.id, cell.server, 0).catch((error: unknown) => {
        deps.log.log('error', 'a cell over its limit could not be ended', { error: errorText(error) });
        return null;
      });
    },
  });
  const value = await finishing(work, stop);
  const report = await ending;
  await told;
  if (excess !== null) {
    const { killed = [], left = [] } = report ?? {};
    await context.record(event('cell/limitExceeded', excess), event('cell/serverStopped', { killed: [...killed], left: [...left] }));
  }
  return { value, excess };
}

async function finishing<T>(work: () => Promise<T>, finish: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } finally {
    await finish();
  }
}
