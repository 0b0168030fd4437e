import type { Entry } from '../journal/entry.ts';
import type { DomainEvent } from '../journal/events.ts';
import { addTokens, noTokens, type TokenCounts } from '../model/tokens.ts';
import { addCost, noCost, type Usd } from '../model/usd.ts';
import { answerText } from './answerText.ts';
import { isOwnAsk } from './isOwnAsk.ts';
import { secretFeedback } from './secretFeedback.ts';
import { type AttemptState, isGreen, type RunState } from './state.ts';
import { testFeedback } from './testFeedback.ts';

/** The part of the fold that concerns attempts. Leaves every other field as it is, except phase, tokens, cost and feedback. */
export function evolveAttempt(state: RunState, event: DomainEvent, entry: Entry): RunState {
  switch (event.type) {
    case 'attempt/started':
      return {
        ...state,
        phase: 'executing',
        feedback: null,
        attempts: [
          ...state.attempts,
          {
            attempt: event.data.attempt,
            startedAt: entry.at,
            prompt: event.data.prompt,
            because: event.data.because,
            promptId: event.data.promptId ?? null,
            tokens: noTokens,
            cost: noCost,
            executed: null,
            violations: [],
            candidate: null,
            former: [],
            revised: null,
            test: null,
            message: null,
            review: null,
            closed: null,
            stepCommit: null,
            commit: null,
          },
        ],
      };
    case 'message/finished': {
      const { message, attempt, charged } = event.data;
      const heard = { ...state, messages: state.messages + 1 };
      return charged === true ? heard : charge(heard, attempt, message.tokens, message.costUsd);
    }
    case 'charge/recorded': {
      const { attempt, tokens, costUsd, estimated } = event.data.charge;
      return charge(state, attempt, tokens, costUsd, estimated);
    }
    case 'attempt/executed': {
      const { attempt, ...executed } = event.data;
      // What a budget broke off is gone on with, and takes no attempt away.
      const grantedAttempts = state.grantedAttempts + (executed.limit === 'budget' ? 1 : 0);
      return change({ ...state, phase: 'testing', grantedAttempts }, attempt, (a) => ({ ...a, executed }));
    }
    case 'attempt/violated':
      return change(state, event.data.attempt, (a) => ({ ...a, violations: [...a.violations, ...event.data.violations] }));
    case 'attempt/candidateBuilt': {
      const { attempt, secrets = [], protected: guarded = [], ...built } = event.data;
      const candidate = { ...built, secrets, protected: guarded };
      // A new candidate makes what was said of the former one void.
      const next = change({ ...state, phase: 'testing' }, attempt, (a) => ({
        ...a,
        candidate,
        test: null,
        message: null,
        review: null,
      }));
      return secrets.length === 0 ? next : { ...next, feedback: { because: 'secret', text: secretFeedback(secrets) } };
    }
    case 'attempt/revised': {
      const { attempt, coAuthor } = event.data;
      return change(state, attempt, (a) => ({ ...a, former: formerOf(a), revised: { coAuthor: coAuthor ?? a.revised?.coAuthor ?? null } }));
    }
    case 'attempt/tested': {
      const { attempt, ...test } = event.data;
      const tested = change(state, attempt, (a) => ({ ...a, test }));
      return isGreen(test.evidence)
        ? tested
        : { ...tested, phase: 'reverting', feedback: { because: 'testsFailed', text: testFeedback(test.evidence) } };
    }
    case 'attempt/messageSettled':
      return change(state, event.data.attempt, (a) => ({ ...a, message: event.data.message }));
    case 'attempt/approvedByPolicy':
      return change({ ...state, phase: 'committing' }, event.data.attempt, (a) => ({
        ...a,
        review: { decision: 'approved', by: 'policy', comment: null },
      }));
    case 'approval/answered': {
      const asked = state.pending.find((p) => p.id === event.data.id);
      if (asked === undefined) return state;
      const { decision, comment } = event.data;
      if (isOwnAsk(asked)) return state;
      if (asked.kind !== 'review') {
        const before = state.feedback?.because === 'granted' ? state.feedback.text : null;
        // A live turn gets the answer directly; a parked one is gone on with by a new attempt in the same worktree, told all answers.
        if (state.parked === null && before === null) return state;
        const text = answerText(asked, event.data);
        return {
          ...state,
          grantedAttempts: state.grantedAttempts + (before === null ? 1 : 0),
          feedback: { because: 'granted', text: before === null ? text : `${before}\n\n${text}` },
        };
      }
      const reviewed = change(state, asked.attempt, (a) => ({ ...a, review: { decision, by: entry.actor, comment } }));
      if (decision === 'approved') return { ...reviewed, phase: 'committing' };
      return comment === null
        ? reviewed
        : { ...reviewed, grantedAttempts: state.grantedAttempts + 1, feedback: { because: 'comment', text: comment } };
    }
    case 'attempt/reverted': {
      const { attempt, reason } = event.data;
      return change(state, attempt, (a) => ({ ...a, closed: { how: 'reverted', reason, at: entry.at, keptRef: null } }));
    }
    case 'attempt/interrupted': {
      const { attempt, reason, keptRef } = event.data;
      const closed = change(state, attempt, (a) => ({ ...a, closed: { how: 'interrupted', reason, at: entry.at, keptRef } }));
      return { ...closed, feedback: { because: 'interrupted', text: reason } };
    }
    case 'attempt/stepCommitted': {
      const { attempt, step, commit, tree } = event.data;
      const committed = change(state, attempt, (a) => ({ ...a, stepCommit: commit }));
      return { ...committed, phase: 'ready', lastGreen: { commit, tree }, feedback: { because: 'step', text: `Step ${step}` } };
    }
    case 'attempt/committed': {
      const { attempt, commit, tree } = event.data;
      const committed = change(state, attempt, (a) => ({ ...a, commit }));
      return { ...committed, gated: { commit, tree }, lastGreen: { commit, tree } };
    }
    default:
      return state;
  }
}

const charge = (state: RunState, attempt: number, tokens: TokenCounts, costUsd: Usd | null, isEstimated = false): RunState => ({
  ...change(state, attempt, (a) => ({ ...a, tokens: addTokens(a.tokens, tokens), cost: addCost(a.cost, costUsd, isEstimated) })),
  tokens: addTokens(state.tokens, tokens),
  cost: addCost(state.cost, costUsd, isEstimated),
});

const change = (state: RunState, attempt: number, edit: (a: AttemptState) => AttemptState): RunState => ({
  ...state,
  attempts: state.attempts.map((a) => (a.attempt === attempt ? edit(a) : a)),
});

function formerOf({ candidate, former }: AttemptState): AttemptState['former'] {
  if (candidate === null) return former;
  const { files: _, ...kept } = candidate;
  return [...former, kept];
}
