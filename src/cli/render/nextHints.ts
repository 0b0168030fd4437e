import { statusOf } from '../../core/projections/runResult.ts';
import { waitsForMessage } from '../../core/run/commitMessage.ts';
import { isOwnAsk } from '../../core/run/isOwnAsk.ts';
import type { RunState } from '../../core/run/state.ts';
import { safeLine } from './safeText.ts';

/** A command to type next, and what it does. */
export interface Hint {
  readonly command: string;
  readonly effect: string;
}

/** What a person can do about a run that waits, failed, or stayed on its branch. Empty when nothing is left to do. */
export function nextHints(state: RunState): Hint[] {
  const { task } = state;
  const cancel: Hint = { command: `reactor kill ${task}`, effect: 'give it up; what was done is kept' };
  const asked = state.pending[0];
  if (state.phase !== 'ended' && asked !== undefined) {
    switch (asked.kind) {
      case 'review':
        return [
          { command: `reactor show ${task} --diff`, effect: 'look at the change' },
          { command: `reactor approve ${task}`, effect: 'take it' },
          { command: `reactor reject ${task} --comment "…"`, effect: 'send it back to work' },
        ];
      case 'permission':
        if (isOwnAsk(asked))
          return [
            { command: `reactor approve ${task}`, effect: 'allow it in this run' },
            { command: `reactor reject ${task}`, effect: 'deny it; the task does not go on' },
          ];
        return [
          { command: `reactor approve ${task}`, effect: 'allow it once and go on' },
          { command: `reactor reject ${task} --comment "…"`, effect: 'deny it; the agent finds another way' },
        ];
      case 'question':
        return [
          { command: `reactor approve ${task} --answer "…"`, effect: 'answer the agent and go on' },
          { command: `reactor reject ${task}`, effect: 'let the agent decide' },
        ];
    }
  }
  if (state.parked !== null) return [...parkedHints(state), cancel];
  return endedHints(state);
}

function parkedHints(state: RunState): Hint[] {
  const { task, spec } = state;
  switch (state.parked?.code) {
    case 'dirtyTarget':
      if (state.landing?.refused?.locked === true)
        return [{ command: `reactor resume ${task}`, effect: 'land it, once no other git holds the lock' }];
      return [
        {
          command: `reactor resume ${task}`,
          effect: `land it, after you have committed or stashed your changes${spec.checkout === null ? '' : ` in ${safeLine(spec.checkout)}`}`,
        },
      ];
    case 'commitRefused':
      return [
        { command: `reactor resume ${task}`, effect: 'commit it, once git can' },
        ...(waitsForMessage(state) ? [{ command: `reactor resume ${task} --message "…"`, effect: 'commit it with other words' }] : []),
      ];
    case 'conflict':
    case 'redMerge':
    case 'targetMoved':
      return [
        { command: `reactor resume ${task}`, effect: `try again on ${safeLine(spec.target ?? 'the target')} as it is now` },
        ...(state.landing?.refused?.code === 'gone'
          ? []
          : [{ command: `reactor reject ${task} --comment "…"`, effect: 'send it back to work on that, with what you say' }]),
        { command: `reactor restore ${task}`, effect: 'make a branch of it and merge by hand' },
      ];
    case 'budget':
      return state.parked.budget === undefined
        ? [{ command: `reactor resume ${task} --budget USD`, effect: 'go on with a higher limit' }]
        : [{ command: `reactor resume ${task}`, effect: `go on, from ${state.parked.budget.renewsOn} or once that budget is raised` }];
    default:
      return [{ command: `reactor resume ${task}`, effect: 'go on' }];
  }
}

/** What a provider answers to a key that it does not know, or that may not do this. */
const REFUSED_KEY = /\(status 40[13]\)/;

/** What OpenCode answers to a model that none of its providers has. */
const UNKNOWN_MODEL = /\bModel not found\b/;

function endedHints(state: RunState): Hint[] {
  const { task } = state;
  if (state.phase !== 'ended') return [];
  const status = statusOf(state);
  if (status === 'landed') return [];
  if (status === 'committed') {
    return state.cell === null
      ? []
      : [{ command: `git merge ${safeLine(state.cell.branch)}`, effect: 'bring the commit onto your branch' }];
  }
  const look: Hint = { command: `reactor show ${task}`, effect: 'see what happened' };
  if (REFUSED_KEY.test(state.concluded?.reason ?? ''))
    return [{ command: 'opencode auth login', effect: 'give a key that the provider takes' }, look];
  if (UNKNOWN_MODEL.test(state.concluded?.reason ?? ''))
    return [{ command: 'opencode models', effect: 'list the models that OpenCode knows' }, look];
  const hasKept = state.attempts.some((a) => a.candidate !== null && a.candidate.filesTotal > 0);
  return hasKept ? [look, { command: `reactor restore ${task}`, effect: 'bring the last attempt back as a branch' }] : [look];
}
