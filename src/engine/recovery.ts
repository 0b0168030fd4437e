import { event } from '../core/journal/events.ts';
import { currentAttempt, type RunState } from '../core/run/state.ts';
import type { EngineContext } from './runContext.ts';

/**
 * Brings an open run from before this engine's start to where it can be driven on: what is left of its processes is ended, and an
 * agent's turn that was under way counts as interrupted. Says in the journal which it did.
 */
export async function recoverRun(engine: EngineContext, state: RunState): Promise<void> {
  const { deps, ledger } = engine;
  const { run, cell, phase } = state;
  const record = (...events: Parameters<typeof ledger.append> extends [unknown, unknown, ...infer E] ? E : never) =>
    ledger.append(run, 'engine', ...events);
  if (cell !== null) {
    const report = await deps.processes.endCell(cell.id, cell.server, deps.options.killGraceMs);
    if (cell.server !== null || report.signalled.length > 0) {
      await record(event('cell/serverStopped', { killed: [...report.killed], left: [...report.left] }));
    } else if (cell.ready) {
      await record(event('cell/serverStopped', { killed: [], left: [] }));
    }
  }
  if (phase === 'parked' || phase === 'queued') return;
  for (const asked of state.pending) {
    if (asked.kind !== 'review') await record(event('approval/withdrawn', { id: asked.id, reason: 'the engine ended while it was open' }));
  }
  const attempt = currentAttempt(state);
  const midTurn = attempt !== null && attempt.closed === null && attempt.executed === null && state.concluded === null;
  if (!midTurn) {
    await record(
      event('run/recovered', { outcome: 'resumed', phase, reason: 'the engine ended; the run goes on from its last recorded step' }),
    );
    return;
  }
  await record(
    event('attempt/executed', {
      attempt: attempt.attempt,
      end: 'serverGone',
      reason: 'the engine ended during the turn',
      steps: 0,
      durationMs: 0,
    }),
    event('run/recovered', {
      outcome: 'reverted',
      phase,
      reason: `the engine ended while the agent worked; what it had done is kept, and attempt ${attempt.attempt} starts again from the last green state`,
    }),
  );
}
