import { errorText } from '../base/log.ts';
import { err, type Result } from '../base/result.ts';
import { type DomainEvent, event } from '../core/journal/events.ts';
import { NETWORK } from '../core/policy/networkPolicy.ts';
import { currentAttempt, type RunState } from '../core/run/state.ts';
import { adoptCell } from './adoption.ts';
import type { EngineContext } from './runContext.ts';
import type { StartedServer } from './startServer.ts';

/**
 * Brings an open run from before this engine's start to where it can be driven on. A cell whose server lives is adopted as it is: an
 * agent's turn under way is joined. Else what is left of its processes is ended, and the turn counts as interrupted. Says in the journal
 * which it did.
 * @param isSameBoot false after a restart of the machine: then no recorded process is the one that has its pid now.
 * @returns the server that was taken over, or null.
 */
export async function recoverRun(
  engine: EngineContext,
  state: RunState,
  isSameBoot: boolean,
  signal: AbortSignal,
): Promise<StartedServer | null> {
  const { deps, ledger } = engine;
  const { run, cell, phase } = state;
  const record = (...events: readonly DomainEvent[]): Promise<number> => ledger.append(run, 'engine', ...events);
  const adopted = await adopt(engine, state, isSameBoot, signal);
  if (adopted.ok) {
    const what = isMidTurn(state) ? "the agent's turn is joined where it stands" : 'the run goes on from its last recorded step';
    for (const { id, permission } of state.pending) {
      // The connection that waited for it ended with the engine; a command that tries again asks again.
      if (permission?.permission === NETWORK)
        await record(event('approval/withdrawn', { id, reason: 'the engine ended while it was open' }));
    }
    await record(event('run/recovered', { outcome: 'adopted', phase, reason: `the engine ended and its agent server lived on; ${what}` }));
    return adopted.value;
  }
  if (cell !== null) {
    const report = await deps.processes.endCell(cell.id, isSameBoot ? cell.server : null, deps.options.killGraceMs);
    if (report.left.length === 0) {
      deps.warden.forget(cell.id);
      await deps.network.close(cell.id);
      const locks = await deps.repository.clearLocks(cell.worktree);
      if (locks.length > 0) deps.log.log('info', 'removed locks that a killed git had left in a worktree', { run, locks });
    }
    if (cell.server !== null || report.signalled.length > 0 || cell.ready) {
      await record(event('cell/serverStopped', { killed: [...report.killed], left: [...report.left] }));
    }
  }
  if (phase === 'parked' || phase === 'queued') return null;
  for (const asked of state.pending) {
    if (asked.kind !== 'review') await record(event('approval/withdrawn', { id: asked.id, reason: 'the engine ended while it was open' }));
  }
  const attempt = currentAttempt(state);
  if (attempt === null || !isMidTurn(state)) {
    await record(
      event('run/recovered', { outcome: 'resumed', phase, reason: 'the engine ended; the run goes on from its last recorded step' }),
    );
    return null;
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
      reason: `the engine ended while the agent worked, and ${adopted.error}; what it had done is kept, and attempt ${attempt.attempt} starts again from the last green state`,
    }),
  );
  return null;
}

function isMidTurn(state: RunState): boolean {
  const attempt = currentAttempt(state);
  return attempt !== null && attempt.closed === null && attempt.executed === null && state.concluded === null;
}

/** A server that can't be taken over costs one attempt, never the run. */
async function adopt(
  { deps }: EngineContext,
  state: RunState,
  isSameBoot: boolean,
  signal: AbortSignal,
): Promise<Result<StartedServer, string>> {
  if (!isSameBoot) return err('the machine was started again');
  try {
    return await adoptCell(deps, state, signal);
  } catch (error) {
    deps.log.log('warn', 'a cell could not be adopted', { run: state.run, error: errorText(error) });
    return err('its agent server could not be taken over');
  }
}
