import type { EventData } from '../journal/events.ts';
import type { PendingApproval } from './state.ts';

/** What the agent is told when an ask of its was answered after its turn had ended. */
export function answerText(asked: PendingApproval, answer: EventData<'approval/answered'>): string {
  const comment = answer.comment === null ? '' : ` ${answer.comment}`;
  if (asked.kind === 'question') {
    const answers = (answer.answers ?? []).map((one) => one.join(', ')).join('; ');
    return `You asked: ${asked.title}. ${answer.decision === 'approved' ? `The answer: ${answers || 'go on as you think best'}.` : 'No answer is given; decide yourself.'}${comment}`;
  }
  const word = answer.decision === 'approved' ? 'granted' : 'denied; find another way';
  return `You asked for permission: ${asked.title}. It is ${word}.${comment}`;
}
