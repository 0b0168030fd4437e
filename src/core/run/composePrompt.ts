import { currentAttempt, type RunState } from './state.ts';

const stepRule =
  'Work in small steps: make the next small step and end your turn. After each turn the tests run, and the step is committed, or reverted when they fail. When nothing is left to do, end your turn without changing a file.';

/** The text sent to the agent for the next attempt. The task's own words come first and unchanged. */
export function composePrompt(state: RunState): string {
  const { spec, feedback } = state;
  const where = spec.folder === '' ? '' : `\n\nWork in the folder \`${spec.folder}\` of this repository.`;
  const place = spec.tcr === 'step' ? `${where}\n\n${stepRule}` : where;
  const wasPaused = currentAttempt(state)?.executed?.limit === 'budget';
  if (feedback === null && wasPaused) {
    return `Work on this task was paused because a budget was used up. Your changes so far are still in place. Go on with the task:\n\n${spec.prompt}${place}`;
  }
  if (feedback === null) return `${spec.prompt}${place}`;
  switch (feedback.because) {
    case 'testsFailed':
      return `Your last attempt at this task failed its tests and all of its changes were reverted, so the files are as they were before it.\n\n${feedback.text}\n\nTry again. The task:\n\n${spec.prompt}${place}${comments(state)}`;
    case 'secret':
      return `Your changes are still in place, but they were not taken. ${feedback.text}\n\nGo on with the task:\n\n${spec.prompt}${place}`;
    case 'step':
      return `${feedback.text} passed the tests and is committed. Go on with the task:\n\n${spec.prompt}${place}`;
    case 'comment':
      return `Your changes pass the tests and are still in place. A reviewer asks for changes to them:\n\n${feedback.text}${place}`;
    case 'conflict':
      return `${feedback.text}\n\nThe task was:\n\n${spec.prompt}${place}`;
    case 'interrupted':
      return `Work on this task was interrupted (${feedback.text}), and the files are as they were before that attempt. Do the task from the start:\n\n${brokenOffRetry(state) ?? `${spec.prompt}${place}${comments(state)}`}`;
    case 'granted':
      return `${feedback.text}\n\nYour changes so far are still in place. Go on with the task:\n\n${spec.prompt}${place}`;
    default:
      return `${spec.prompt}${place}`;
  }
}

/** The prompt of the attempt that was broken off, when it told of red tests: the agent would only do again what made them red. Null for any other. */
function brokenOffRetry({ attempts }: RunState): string | null {
  const begun = attempts.findLast(({ because }) => because !== 'interrupted');
  return begun?.because === 'testsFailed' ? begun.prompt : null;
}

/** What reviewers have asked for in changes that are no longer there. */
function comments({ attempts }: RunState): string {
  const said = attempts.flatMap(({ review }) => (review?.decision === 'rejected' && review.comment !== null ? [review.comment] : []));
  return said.length === 0 ? '' : `\n\nA reviewer has asked for this in earlier work on it:\n\n${said.join('\n\n')}`;
}
