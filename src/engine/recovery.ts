import { errorText } from '../base/log.ts';
import { err, type Result } from '../base/result.ts';
import { type DomainEvent, event } from '../core/journal/events.ts';
import { NETWORK } from '../core/policy/networkPolicy.ts';
import { currentAttempt, type PendingApproval, type RunState } from '../core/run/state.ts';
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
  const away = awayOf(engine, state);
  const record = (...events: readonly DomainEvent[]): Promise<number> => ledger.append(run, 'engine', ...events);
  const adopted = await adopt(engine, state, isSameBoot, signal);
  if (adopted.ok) {
    const what = isMidTurn(state) ? "the agent's turn is joined where it stands" : 'the run goes on from its last recorded step';
    // The connection that waited for it ended with the engine; a command that tries again asks again.
    const gone = state.pending.filter(({ permission }) => permission?.permission === NETWORK);
    await record(
      ...gone.map(withdrawn),
      event('run/recovered', { outcome: 'adopted', phase, reason: `the engine ended and its agent server lived on; ${what}`, ...away }),
    );
    return adopted.value;
  }
  const ended: DomainEvent[] = [];
  if (cell !== null) {
    const report = await deps.processes.endCell(cell.id, isSameBoot ? cell.server : null, deps.options.killGraceMs);
    if (report.left.length === 0) {
      deps.warden.forget(cell.id);
      await deps.network.close(cell.id);
      await clearLocks(engine, run, cell.worktree);
    }
    if (cell.server !== null || report.signalled.length > 0 || cell.ready) {
      ended.push(event('cell/serverStopped', { killed: [...report.killed], left: [...report.left] }));
    }
  }
  if (phase === 'parked' || phase === 'queued') {
    if (ended.length > 0) await record(...ended);
    return null;
  }
  // All at once: an engine that died in between would leave no trace of how long nothing had happened.
  ended.push(...state.pending.filter(({ kind }) => kind !== 'review').map(withdrawn));
  const attempt = currentAttempt(state);
  if (attempt === null || !isMidTurn(state)) {
    const reason = 'the engine ended; the run goes on from its last recorded step';
    await record(...ended, event('run/recovered', { outcome: 'resumed', phase, reason, ...away }));
    return null;
  }
  await record(
    ...ended,
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
      ...away,
    }),
  );
  return null;
}

/** A lock that stays is met, and told of, by the step that needs the worktree. */
async function clearLocks({ deps }: EngineContext, run: string, worktree: string): Promise<void> {
  try {
    const locks = await deps.repository.clearLocks(worktree);
    if (locks.length > 0) deps.log.log('info', 'removed locks that a killed git had left in a worktree', { run, locks });
  } catch (error) {
    deps.log.log('warn', 'the locks of a worktree could not be looked at', { run, error: errorText(error) });
  }
}

const withdrawn = ({ id }: PendingApproval): DomainEvent =>
  event('approval/withdrawn', { id, reason: 'the engine ended while it was open' });

/** How long nothing had happened to a run that was under way, for want of an engine; what it waits for anyway counts as waiting already. */
function awayOf({ deps }: EngineContext, { run, seq, startedAt, waitingSince }: RunState): { awayMs?: number } {
  if (startedAt === null || waitingSince !== null) return {};
  const [last] = deps.journal.read({ run, from: seq, limit: 1 });
  return last === undefined ? {} : { awayMs: Math.max(0, deps.clock.now() - last.at) };
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
