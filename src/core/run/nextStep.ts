import type { EventData, ParkCode, RunStatus } from '../journal/events.ts';
import { exitCodes } from '../model/exitCodes.ts';
import { compareUsd } from '../model/usd.ts';
import type { AddedSecret } from '../policy/secrets/addedSecrets.ts';
import { interruptionsInRow, parkedByInterruption } from './interrupted.ts';
import { isOwnAsk } from './isOwnAsk.ts';
import { secretRefusal } from './secretFeedback.ts';
import { type AttemptState, currentAttempt, isGreen, type RunState } from './state.ts';
import { startsFromNothing } from './unborn.ts';

/** The one thing to do next for a run. Each step's effect can be repeated: it looks whether it is already done. */
export type Step =
  | { readonly step: 'boot' }
  | { readonly step: 'testBase' }
  | { readonly step: 'startAttempt'; readonly because: EventData<'attempt/started'>['because'] }
  | { readonly step: 'execute'; readonly attempt: number }
  | { readonly step: 'buildCandidate'; readonly attempt: number }
  | { readonly step: 'test'; readonly attempt: number }
  | { readonly step: 'settleMessage'; readonly attempt: number }
  | { readonly step: 'commitStep'; readonly attempt: number }
  | { readonly step: 'approveByPolicy'; readonly attempt: number }
  | { readonly step: 'askReview'; readonly attempt: number }
  | { readonly step: 'wait' }
  | { readonly step: 'interrupt'; readonly attempt: number; readonly reason: string }
  | { readonly step: 'revert'; readonly attempt: number; readonly reason: string }
  | { readonly step: 'commit'; readonly attempt: number }
  | { readonly step: 'queueLanding' }
  | { readonly step: 'prepareLanding' }
  | { readonly step: 'testLanding' }
  | { readonly step: 'landBatch' }
  | { readonly step: 'moveTarget' }
  | { readonly step: 'settleLanding' }
  | { readonly step: 'rework'; readonly code: EventData<'landing/reworked'>['code'] }
  | { readonly step: 'park'; readonly code: ParkCode; readonly exitCode: number; readonly reason: string }
  | ({ readonly step: 'conclude' } & Readonly<EventData<'run/concluded'>>)
  | { readonly step: 'suspend' }
  | { readonly step: 'teardown' }
  | { readonly step: 'finish' }
  | { readonly step: 'rest' };

const MAX_INTERRUPTIONS = 3;

const conclude = (
  status: RunStatus,
  exitCode: number,
  reason: string,
  more: { readonly rejected?: true; readonly by?: string } = {},
): Step => ({
  ...{ step: 'conclude', status, exitCode, reason },
  ...more,
});

/** Decides from the journal alone what a run needs next. The engine's loop is: fold, ask here, act, append, again. */
export function nextStep(state: RunState): Step {
  if (state.phase === 'ended') return { step: 'rest' };
  if (state.concluded) {
    const leftovers = state.cell !== null && (state.cell.hasWorktree || state.cell.server !== null);
    return leftovers ? { step: 'teardown' } : { step: 'finish' };
  }
  // What has landed has landed, whatever was asked meanwhile.
  if (state.landing?.landed) return landStep(state);
  if (state.cancelledBy !== null || state.timedOut) return stopStep(state);
  if (state.parked) return state.cell?.server ? { step: 'suspend' } : { step: 'rest' };
  const attempt = currentAttempt(state);
  if (state.pending.length > 0 && !isMidTurn(state, attempt)) return { step: 'wait' };

  if (attempt === null) return beforeFirstAttempt(state);
  if (attempt.commit !== null) {
    if (state.feedback?.because !== 'conflict') return landStep(state);
    return needsCell(state) ? { step: 'boot' } : { step: 'startAttempt', because: 'conflict' };
  }
  if (attempt.closed !== null) return afterClosed(state, attempt);
  if (attempt.stepCommit !== null) return afterStep(state);
  return openAttemptStep(state, attempt);
}

/** Cancelled or out of time: what the agent did is kept first, then the run ends. */
function stopStep(state: RunState): Step {
  const attempt = currentAttempt(state);
  const unkept = attempt !== null && attempt.closed === null && attempt.candidate === null && state.cell?.hasWorktree === true;
  if (unkept) return { step: 'buildCandidate', attempt: attempt.attempt };
  if (mayHaveLanded(state)) return { step: 'settleLanding' };
  if (state.cancelledBy !== null)
    return conclude('cancelled', exitCodes.interrupted, `cancelled by ${state.cancelledBy.replace('person:', '')}`, {
      by: state.cancelledBy,
    });
  return conclude('failed', exitCodes.timeout, `the time limit of ${Math.round(state.spec.limits.timeoutMs / 1000)} s has passed`);
}

/** The target may have moved to this run's commit without the journal knowing. */
const mayHaveLanded = ({ landing }: RunState): boolean =>
  landing !== null && landing.refused === null && landing.landed === null && (landing.tested || landing.batch !== null);

/** The agent itself asks and its server lives: who goes on with the run joins the turn, which waits for the answer. */
const isMidTurn = (state: RunState, attempt: AttemptState | null): boolean =>
  attempt !== null &&
  attempt.closed === null &&
  attempt.executed === null &&
  state.cell?.ready === true &&
  state.feedback?.because !== 'granted' &&
  state.pending.every((asked) => asked.kind !== 'review' && !isOwnAsk(asked));

const needsCell = (state: RunState): boolean => state.cell === null || !state.cell.hasWorktree || !state.cell.ready;

function beforeFirstAttempt(state: RunState): Step {
  if (needsCell(state)) return { step: 'boot' };
  if (state.spec.testBase && !startsFromNothing(state.spec)) {
    if (state.base === null) return { step: 'testBase' };
    if (!isGreen(state.base.evidence)) {
      const { evidence } = state.base;
      const how = evidence.exitCode === null ? (evidence.reason ?? evidence.end) : `exit code ${evidence.exitCode}`;
      return conclude('failed', exitCodes.taskFailed, `the base is red before any change: \`${evidence.command}\` ended with ${how}`);
    }
  }
  return { step: 'startAttempt', because: 'first' };
}

/** Each step that was committed starts the count again. */
const attemptsUsed = ({ attempts }: RunState): number =>
  attempts.slice(attempts.findLastIndex((a) => a.stepCommit !== null) + 1).filter((a) => a.closed?.how !== 'interrupted').length;

/** A candidate with a secret in it goes back to the agent as it stands, and no further. */
function secretStep(state: RunState, secrets: readonly AddedSecret[]): Step {
  if (attemptsUsed(state) >= state.spec.attempts + state.grantedAttempts)
    return conclude('failed', exitCodes.security, secretRefusal(secrets));
  return needsCell(state) ? { step: 'boot' } : { step: 'startAttempt', because: 'secret' };
}

function afterClosed(state: RunState, last: AttemptState): Step {
  if (last.violations.length > 0) {
    return conclude('failed', exitCodes.security, `security violation: ${last.violations[0]?.detail ?? 'see the attempt'}`);
  }
  if (last.closed?.how === 'interrupted') {
    const interruptions = interruptionsInRow(state);
    if (interruptions > MAX_INTERRUPTIONS) {
      return { step: 'park', ...parkedByInterruption(state, `interrupted ${interruptions} times in a row, last: ${last.closed.reason}`) };
    }
    return needsCell(state) ? { step: 'boot' } : { step: 'startAttempt', because: 'interrupted' };
  }
  if (last.executed && (last.executed.end === 'error' || last.executed.end === 'limit')) {
    return conclude('failed', exitCodes.taskFailed, last.executed.reason ?? 'the agent did not finish its turn');
  }
  const used = attemptsUsed(state);
  if (used >= state.spec.attempts + state.grantedAttempts) {
    const tries = used === 1 ? '1 attempt' : `${used} attempts`;
    const green = state.attempts.findLast((a) => a.commit !== null);
    if (green !== undefined) {
      const kept = `what was green before is kept: reactor restore ${state.run} --attempt ${green.attempt}`;
      return conclude('failed', exitCodes.conflict, `green alone, but never with ${state.spec.target} as it is now, in ${tries}; ${kept}`);
    }
    return conclude('failed', exitCodes.taskFailed, `never green in ${tries}${leftSteps(state)}`);
  }
  return needsCell(state) ? { step: 'boot' } : { step: 'startAttempt', because: state.feedback?.because ?? 'testsFailed' };
}

export const stepsCommitted = (state: RunState): number => state.attempts.filter((a) => a.stepCommit !== null).length;

const leftSteps = (state: RunState): string => {
  const steps = stepsCommitted(state);
  return steps === 0 ? '' : `; ${steps === 1 ? '1 green step is' : `${steps} green steps are`} on ${state.cell?.branch ?? 'its branch'}`;
};

/** A step is on the branch: the agent goes on, until it has nothing left to change. */
const afterStep = (state: RunState): Step => (needsCell(state) ? { step: 'boot' } : { step: 'startAttempt', because: 'step' });

function stepGate(state: RunState, attempt: number): Step {
  const limit = state.spec.limits.stepsPerRun;
  if (stepsCommitted(state) < limit) return { step: 'commitStep', attempt };
  return conclude('failed', exitCodes.taskFailed, `not done after ${limit} steps (limits.stepsPerRun)${leftSteps(state)}`);
}

/** With `tcr: step`, a turn that changed nothing after green steps says that the work is done: all of it goes to the gate. */
export const endsSteps = (state: RunState, tree: string): boolean =>
  state.spec.tcr === 'step' && tree === state.lastGreen.tree && state.lastGreen.commit !== state.gated.commit;

function openAttemptStep(state: RunState, a: AttemptState): Step {
  const { attempt, executed, candidate, test, review } = a;
  const goesOn = state.feedback?.because === 'granted' || (review?.decision === 'rejected' && review.comment !== null);
  if (goesOn) return needsCell(state) ? { step: 'boot' } : { step: 'startAttempt', because: state.feedback?.because ?? 'comment' };
  if (executed === null) return needsCell(state) ? { step: 'boot' } : { step: 'execute', attempt };
  if (executed.end === 'serverGone' || executed.end === 'aborted') {
    return { step: 'interrupt', attempt, reason: executed.reason ?? 'the agent server ended' };
  }
  if (candidate === null) return { step: 'buildCandidate', attempt };
  const violation = a.violations[0];
  if (violation) return { step: 'revert', attempt, reason: `security violation: ${violation.detail}` };
  if (executed.limit === 'budgetStop') return conclude('failed', exitCodes.overBudget, executed.reason ?? 'a budget is used up');
  if (executed.limit === 'budget') return budgetStep(state);
  if (executed.end === 'error' || executed.end === 'limit') {
    return { step: 'revert', attempt, reason: executed.reason ?? 'the agent did not finish its turn' };
  }
  if (candidate.secrets.length > 0) return secretStep(state, candidate.secrets);
  const isDone = endsSteps(state, candidate.tree) && executed.end !== 'rejected';
  if (candidate.tree === state.lastGreen.tree && !isDone) {
    const why = executed.end === 'rejected' ? ' after a permission was denied' : '';
    return conclude('failed', exitCodes.taskFailed, `the agent changed nothing${why}${leftSteps(state)}`);
  }
  if (test === null) return needsCell(state) ? { step: 'boot' } : { step: 'test', attempt };
  if (!isGreen(test.evidence)) return { step: 'revert', attempt, reason: test.evidence.reason ?? 'the tests failed' };
  if (needsMessage(state, a, isDone)) return needsCell(state) ? { step: 'boot' } : { step: 'settleMessage', attempt };
  if (state.spec.tcr === 'step' && !isDone && a.revised === null) return stepGate(state, attempt);
  if (review === null) return gateStep(state, a);
  if (review.decision === 'rejected')
    return conclude('failed', exitCodes.taskFailed, `rejected by ${review.by.replace('person:', '')}`, { rejected: true, by: review.by });
  return { step: 'commit', attempt };
}

/** Before anybody is asked: what the hooks say of the message is known, and once approved nothing more is run. Kept steps have theirs. */
const needsMessage = ({ spec }: RunState, { message, review }: AttemptState, isDone: boolean): boolean =>
  spec.hooks && message === null && review?.decision !== 'rejected' && !(isDone && spec.steps === 'keep');

function gateStep(state: RunState, a: AttemptState): Step {
  switch (state.spec.approve) {
    case 'auto':
      // Tests that the change itself decides on decide nothing.
      return { step: (a.candidate?.protected.length ?? 0) > 0 ? 'askReview' : 'approveByPolicy', attempt: a.attempt };
    case 'ask':
    case 'never':
      return { step: 'askReview', attempt: a.attempt };
  }
}

function budgetStep(state: RunState): Step {
  const left = state.budgetUsd === null || compareUsd(state.cost.usd, state.budgetUsd) < 0;
  if (left) return needsCell(state) ? { step: 'boot' } : { step: 'startAttempt', because: 'granted' };
  return { step: 'park', code: 'budget', exitCode: exitCodes.overBudget, reason: `the budget of $${state.budgetUsd} is used up` };
}

function landStep(state: RunState): Step {
  const { landing, spec } = state;
  if (spec.land === 'branch' || spec.target === null) return conclude('committed', exitCodes.done, 'tests green, committed on its branch');
  if (landing === null) return { step: 'queueLanding' };
  if (landing.landed) return conclude('landed', exitCodes.done, `landed on ${landing.landed.target}`);
  if (landing.refused) return refusedStep(state, landing.refused);
  if (landing.batch?.leader === state.run) return needsCell(state) ? { step: 'boot' } : { step: 'landBatch' };
  if (!landing.prepared) return { step: 'prepareLanding' };
  if (!landing.tested) return needsCell(state) ? { step: 'boot' } : { step: 'testLanding' };
  return { step: 'moveTarget' };
}

function refusedStep(state: RunState, { code, message }: EventData<'landing/refused'>): Step {
  if (state.landing?.comment != null) return needsCell(state) ? { step: 'boot' } : { step: 'rework', code: 'comment' };
  if ((code === 'conflict' || code === 'red') && state.reworks < state.spec.landing.retries) {
    return needsCell(state) ? { step: 'boot' } : { step: 'rework', code };
  }
  switch (code) {
    case 'dirty':
      return { step: 'park', code: 'dirtyTarget', exitCode: exitCodes.waits, reason: message };
    case 'conflict':
      return { step: 'park', code: 'conflict', exitCode: exitCodes.conflict, reason: message };
    case 'red':
      return { step: 'park', code: 'redMerge', exitCode: exitCodes.conflict, reason: message };
    case 'moved':
    case 'gone':
    case 'stopped':
      return { step: 'park', code: 'targetMoved', exitCode: exitCodes.conflict, reason: message };
  }
}
