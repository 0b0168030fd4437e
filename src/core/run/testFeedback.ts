import type { CommandEvidence } from '../journal/events.ts';

const MAX_FEEDBACK_CHARS = 6000;

/** What the agent is told about a failed test: how it ended and the end of its output, where failures usually stand. */
export function testFeedback(evidence: CommandEvidence): string {
  const how =
    evidence.end === 'timedOut'
      ? `did not end within ${Math.round(evidence.durationMs / 1000)} s and was stopped`
      : evidence.end === 'exited'
        ? `ended with exit code ${evidence.exitCode}`
        : evidence.end === 'overLimit'
          ? `was stopped: ${evidence.reason ?? 'it used too much of the machine'}`
          : 'was interrupted';
  const tail = evidence.tail.trim();
  const shown = tail.length > MAX_FEEDBACK_CHARS ? `…${tail.slice(-MAX_FEEDBACK_CHARS)}` : tail;
  return `The test command \`${evidence.command}\` ${how}.${shown ? ` The end of its output:\n\n${shown}` : ' It printed nothing.'}`;
}
