import type { Entry } from '../../core/journal/entry.ts';
import type { CommandEvidence, DomainEvent, EventData } from '../../core/journal/events.ts';
import { readEvent } from '../../core/journal/readEvent.ts';
import { predictedText } from '../../core/landing/predicted.ts';
import { lostLimitsText } from '../../core/policy/cellLimits.ts';
import { hostText } from '../../core/policy/networkPolicy.ts';
import { protectedText } from '../../core/policy/protectedPaths.ts';
import { bytesText, elapsedText, linesText, plural, shortOid } from '../../core/projections/figures.ts';
import { conclusionText } from '../../core/projections/runWords.ts';
import { secretPlaces } from '../../core/run/secretFeedback.ts';
import { baseText } from '../../core/run/unborn.ts';
import { moneyText } from './moneyText.ts';
import { safeLine } from './safeText.ts';

/** Of files that are told by name. */
const MOST_CLEARED = 3;

const why: Record<EventData<'attempt/started'>['because'], string> = {
  first: 'the agent works',
  step: 'the next step',
  testsFailed: 'again, with the test output fed back',
  secret: 'again, told to take a secret out',
  comment: 'changes requested by a reviewer',
  granted: 'goes on',
  conflict: 'the landing conflict is fed back',
  interrupted: 'again, after an interruption',
};

export const personOf = (actor: string): string => safeLine(actor.replace(/^person:/, ''));

/** 'green in 1.2 s', 'red: exit code 1, in 0.8 s'. */
export function evidenceText(evidence: CommandEvidence): string {
  const time = elapsedText(evidence.durationMs);
  switch (evidence.end) {
    case 'exited':
      return evidence.exitCode === 0 ? `green in ${time}` : `red: exit code ${evidence.exitCode} in ${time}`;
    case 'timedOut':
      return `red: stopped after ${time} without an end`;
    case 'aborted':
      return `stopped after ${time}`;
    case 'serverGone':
      return `the agent server ended after ${time}`;
    case 'overLimit':
      return `red: stopped after ${time}, ${evidence.reason ?? 'over a limit of the cell'}`;
  }
}

/** What a finished model call did, in one line: its tools, or the start of its words. */
export function messageText(message: EventData<'message/finished'>['message']): string {
  const tools = message.tools.map((tool) => `${tool.tool} ${tool.title}${tool.status === 'error' ? ' (failed)' : ''}`.trim());
  const words = tools.length > 0 ? tools.join('; ') : message.text;
  const failed = message.error === null ? '' : `failed: ${message.error}`;
  return safeLine(failed || words || 'no words');
}

/** One line for people about an entry, or null for what is of no interest while watching. */
export function eventText(entry: Entry): string | null {
  const event = readEvent(entry);
  return event === null ? null : safeLineOrNull(describe(event, entry));
}

const safeLineOrNull = (text: string | null): string | null => (text === null ? null : safeLine(text));

function describe(event: DomainEvent, entry: Entry): string | null {
  switch (event.type) {
    case 'run/requested':
      return `accepted: ${event.data.spec.title} (base ${baseText(event.data.spec, shortOid)}, test: ${event.data.spec.test})`;
    case 'run/queued':
      return `queued: ${event.data.text}`;
    case 'run/baseSettled':
      return `starts from ${shortOid(event.data.base)}`;
    case 'run/resumed':
      return `goes on: ${event.data.why}`;
    case 'run/recovered':
      return `recovered while ${event.data.phase}: ${event.data.outcome}, ${event.data.reason}`;
    case 'run/recoveryApplied': {
      const { code, what, retry, delayMs } = event.data;
      // The agent server repeats calls by itself, and does not say when.
      const when = delayMs > 0 ? ` in ${elapsedText(delayMs)}` : '';
      return `${code}: ${what}${retry > 0 ? ` (retry ${retry}${when})` : ''}`;
    }
    case 'run/parked':
      return `parked: ${event.data.reason}`;
    case 'run/cancelRequested':
      return `cancelled by ${personOf(entry.actor)}`;
    case 'run/timedOut':
      return `the time limit has passed after ${elapsedText(event.data.afterMs)}`;
    case 'run/budgetRaised':
      return event.data.budgetUsd === null ? 'the budget has no limit now' : `the budget is $${event.data.budgetUsd} now`;
    case 'run/finished':
      return conclusionText(event.data);
    case 'base/tested':
      return `base ${shortOid(event.data.tree)}: ${evidenceText(event.data.evidence)}${event.data.remembered ? ' (remembered)' : ''}`;
    case 'cell/filesIncluded':
      return includedText(event.data);
    case 'cell/setupFinished':
      return `setup: ${evidenceText(event.data.evidence)}`;
    case 'cell/serverFailed':
      return `the agent server did not start: ${event.data.message}`;
    case 'cell/limitExceeded':
      return `ended everything in the cell: ${event.data.text}`;
    case 'cell/limitsLost':
      return lostLimitsText(event.data.limits);
    case 'network/refused':
      return `refused: a command wanted to reach ${hostText(event.data.host, event.data.port)}, which is not among the hosts of the run${event.data.more === true ? '; others after it are refused without being listed' : ''}`;
    case 'cell/ready':
      return `cell ready in ${elapsedText(event.data.bootMs)} (OpenCode ${event.data.version})${event.data.unsandboxed === true ? ', unsandboxed' : ''}`;
    case 'message/finished':
      return `agent: ${messageText(event.data.message)}`;
    case 'approval/requested':
      return `waits for you: ${event.data.title}`;
    case 'approval/answered':
      return `${event.data.decision}${event.data.always === true ? ' for all runs' : ''} by ${personOf(entry.actor)}${event.data.comment === null ? '' : `: ${event.data.comment}`}`;
    case 'approval/withdrawn':
      return `no longer asked: ${event.data.reason}`;
    case 'restore/branchCreated':
      return `attempt ${event.data.attempt} restored as branch ${event.data.branch}`;
    default:
      return describeAttempt(event) ?? describeLanding(event) ?? moneyText(event);
  }
}

function includedText({ files, bytes, durationMs, cloned }: EventData<'cell/filesIncluded'>): string | null {
  if (files === 0) return null;
  const time = durationMs === undefined || durationMs < 1000 ? '' : ` in ${elapsedText(durationMs)}`;
  return `brought in ${plural(files, 'file')} git ignores, ${bytesText(bytes)}${cloned === true ? ' copy-on-write' : ''}${time}`;
}

function describeAttempt(event: DomainEvent): string | null {
  switch (event.type) {
    case 'attempt/started':
      return `attempt ${event.data.attempt}: ${why[event.data.because]}`;
    case 'attempt/executed': {
      const { attempt, end, reason, steps, durationMs } = event.data;
      const how = end === 'done' ? 'the agent is done' : `the agent stopped (${reason ?? end})`;
      return `attempt ${attempt}: ${how} after ${plural(steps, 'call')}, ${elapsedText(durationMs)}`;
    }
    case 'attempt/violated':
      return `attempt ${event.data.attempt}: security violation: ${event.data.violations.map((v) => v.detail).join('; ')}`;
    case 'attempt/candidateBuilt': {
      const { attempt, filesTotal, added, removed, tree, secrets = [] } = event.data;
      const guarded = event.data.protected === undefined ? '' : `; needs a person: ${protectedText(event.data.protected)}`;
      const held = secrets.length === 0 ? '' : `; held back, a secret in it: ${secretPlaces(secrets)}`;
      return `attempt ${attempt}: ${plural(filesTotal, 'file')} ${linesText(added, removed)}, tree ${shortOid(tree)}${held}${guarded}`;
    }
    case 'attempt/tested':
      return `attempt ${event.data.attempt}: tests ${evidenceText(event.data.evidence)}`;
    case 'attempt/messageSettled':
      return `attempt ${event.data.attempt}: to be committed as “${event.data.message.trimStart().split('\n')[0]}”`;
    case 'attempt/reverted':
      return `attempt ${event.data.attempt}: reverted, ${event.data.reason}`;
    case 'attempt/interrupted':
      return `attempt ${event.data.attempt}: interrupted, ${event.data.reason}`;
    case 'attempt/approvedByPolicy':
      return `attempt ${event.data.attempt}: approved by policy (${event.data.rule})`;
    case 'attempt/stepCommitted':
      return `attempt ${event.data.attempt}: step ${event.data.step} is green, ${shortOid(event.data.commit)} on ${event.data.branch}`;
    case 'attempt/committed':
      return `attempt ${event.data.attempt}: committed ${shortOid(event.data.commit)} on ${event.data.branch}`;
    default:
      return null;
  }
}

function describeLanding(event: DomainEvent): string | null {
  switch (event.type) {
    case 'landing/conflictsPredicted': {
      const text = predictedText({ predicted: event.data.conflicts });
      return text === '' ? 'no conflict is expected any more' : `as it is now it ${text}`;
    }
    case 'landing/queued':
      return null;
    case 'landing/batched': {
      const { runs, onto, tree } = event.data;
      return `landing: together with ${plural(runs.length - 1, 'other run')} on the target at ${shortOid(onto)}, tree ${shortOid(tree)}`;
    }
    case 'landing/reworked':
      return `landing: back to the agent, on the target at ${shortOid(event.data.onto)}`;
    case 'landing/prepared': {
      const { merged, steps, onto, tree, apart } = event.data;
      if (!merged) return null;
      const how = steps === undefined ? 'merged with' : `${plural(steps, 'step')} made anew on`;
      const why = apart === undefined ? '' : `, which has left ${shortOid(apart)}: only what came after that`;
      return `landing: ${how} the target at ${shortOid(onto)}, tree ${shortOid(tree)}${why}`;
    }
    case 'landing/cleared': {
      const { files, paths } = event.data;
      const named = paths.slice(0, MOST_CLEARED);
      const more = files > named.length ? ` and ${files - named.length} more` : '';
      return `landing: without ${plural(files, 'ignored file')} from since the agent began: ${named.join(', ')}${more}`;
    }
    case 'landing/tested':
      return `landing: tests ${evidenceText(event.data.evidence)}`;
    case 'landing/landed': {
      const { target, from, to } = event.data;
      return `${target} ${shortOid(from)} → ${shortOid(to)}`;
    }
    case 'landing/refused':
      return `not landed: ${event.data.message}`;
    default:
      return null;
  }
}
