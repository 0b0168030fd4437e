import type { Entry } from '../journal/entry.ts';
import type { DomainEvent } from '../journal/events.ts';
import { readEvent } from '../journal/readEvent.ts';
import type { PermissionRule } from '../model/permissionRule.ts';
import { UNSANDBOXED } from '../model/sandboxSpec.ts';
import { noTokens } from '../model/tokens.ts';
import { noCost } from '../model/usd.ts';
import { lostLimitsText } from '../policy/cellLimits.ts';
import { hostText, NETWORK } from '../policy/networkPolicy.ts';
import { evolveAttempt } from './evolveAttempt.ts';
import { type CellState, currentAttempt, isGreen, type LandingState, type Phase, type RunState, UNPRICED } from './state.ts';

/**
 * Folds one entry into the state of its run. Pure: no clock, no randomness.
 * @returns null when the entry does not belong to a run that began with `run/requested`; the same state for unknown types.
 */
export function evolveRun(state: RunState | null, entry: Entry): RunState | null {
  const event = readEvent(entry);
  if (state === null) return event?.type === 'run/requested' ? begin(event.data, entry) : null;
  if (event === null) return { ...state, seq: entry.seq };
  const next = evolveRunEvent(evolveAttempt(state, event, entry), event, entry);
  return countWaiting({ ...next, seq: entry.seq }, entry.at);
}

const begin = (data: Extract<DomainEvent, { type: 'run/requested' }>['data'], entry: Entry): RunState => ({
  run: data.run,
  task: data.spec.task,
  spec: data.spec,
  phase: 'queued',
  seq: entry.seq,
  requestedAt: entry.at,
  startedAt: null,
  endedAt: null,
  waitedMs: 0,
  waitingSince: null,
  queued: null,
  cell: null,
  base: null,
  attempts: [],
  grantedAttempts: 0,
  attemptsAtResume: 0,
  gated: { commit: data.spec.base, tree: data.spec.baseTree },
  lastGreen: { commit: data.spec.base, tree: data.spec.baseTree },
  pending: [],
  grantedPermissions: [],
  landing: null,
  predicted: [],
  reworks: 0,
  reworked: null,
  cancelledBy: null,
  timedOut: false,
  budgetUsd: data.spec.limits.budgetUsd,
  reserved: null,
  deferred: null,
  unpricedModels: {},
  parked: null,
  concluded: null,
  tokens: noTokens,
  cost: noCost,
  messages: 0,
  warnings: [],
  feedback: null,
});

const emptyCell = {
  hasWorktree: true,
  port: null,
  appPorts: [],
  server: null,
  url: null,
  session: null,
  ready: false,
  setupDone: false,
  boundary: null,
  handedOverAt: null,
  agentSince: null,
  lookedAt: null,
};

const withCell = (state: RunState, change: Partial<CellState>, phase: Phase = state.phase): RunState =>
  state.cell === null ? state : { ...state, phase, cell: { ...state.cell, ...change } };

const handOver = (state: RunState, at: number): RunState =>
  withCell(state, { handedOverAt: state.cell?.handedOverAt ?? at, agentSince: state.cell?.agentSince ?? at });

/** What was told of the folders that git ignores is a person's word now. */
const approvedAround = (state: RunState): RunState =>
  withCell(state, { handedOverAt: state.cell?.lookedAt ?? state.cell?.handedOverAt ?? null });

const isAgentDue = (state: RunState): boolean => {
  const attempt = currentAttempt(state);
  return attempt !== null && attempt.closed === null && attempt.executed === null;
};

const warn = (state: RunState, text: string): RunState => ({ ...state, warnings: [...state.warnings, text].slice(-20) });

/** In the line of its target, and no work of its own to do there. */
const isWaitingInLine = ({ run, landing }: RunState): boolean =>
  landing !== null &&
  landing.queuedSeq !== null &&
  landing.starts === 0 &&
  landing.landed === null &&
  landing.refused === null &&
  landing.batch?.leader !== run;

/**
 * Time counts as waiting while a person's answer is open, the run is parked, others hold the money it needs or land before it or, once it
 * has begun, it has no place.
 */
const countWaiting = (state: RunState, at: number): RunState => {
  const hasNoPlace = state.queued !== null && state.startedAt !== null;
  const isHeldUp = state.parked !== null || state.deferred !== null || hasNoPlace || isWaitingInLine(state);
  const waits = state.phase !== 'ended' && (state.pending.length > 0 || isHeldUp);
  if (waits && state.waitingSince === null) return { ...state, waitingSince: at };
  if (!waits && state.waitingSince !== null) {
    return { ...state, waitedMs: state.waitedMs + Math.max(0, at - state.waitingSince), waitingSince: null };
  }
  return state;
};

function evolveRunEvent(state: RunState, event: DomainEvent, entry: Entry): RunState {
  switch (event.type) {
    case 'run/queued':
      return { ...state, queued: event.data };
    case 'run/baseSettled': {
      const { base, baseTree } = event.data;
      const start = { commit: base, tree: baseTree };
      return { ...state, spec: { ...state.spec, base, baseTree }, gated: start, lastGreen: start };
    }
    case 'run/started':
      return { ...state, queued: null, phase: 'bootstrapping', startedAt: state.startedAt ?? entry.at };
    case 'run/parked':
      return { ...state, phase: 'parked', parked: event.data, deferred: null };
    case 'run/resumed':
      return {
        ...withMessage(state, event.data.message),
        ...{ phase: 'bootstrapping', parked: null, landing: landingAfter(state.landing, event.data.comment ?? null) },
        attemptsAtResume: state.attempts.length - (currentAttempt(state)?.closed === null ? 1 : 0),
      };
    case 'run/recovered':
      return warn(
        { ...state, waitedMs: state.waitedMs + (event.data.awayMs ?? 0) },
        `recovered while ${event.data.phase}: ${event.data.outcome}, ${event.data.reason}`,
      );
    case 'run/cancelRequested':
      return { ...state, cancelledBy: entry.actor, parked: null };
    case 'run/timedOut':
      return { ...state, timedOut: true };
    case 'run/budgetRaised':
      return { ...state, budgetUsd: event.data.budgetUsd };
    case 'budget/reserved':
      return { ...state, reserved: { attempt: event.data.attempt, usd: event.data.usd }, deferred: null };
    case 'budget/released':
      return { ...state, reserved: null };
    case 'budget/deferred':
      return { ...state, deferred: event.data.reason };
    case 'budget/admitted':
      return { ...state, deferred: null };
    case 'run/concluded':
      return { ...state, phase: 'ending', concluded: event.data, predicted: [], parked: null, queued: null, pending: [], deferred: null };
    case 'run/finished':
      return { ...state, phase: 'ended', endedAt: entry.at, pending: [] };
    case 'run/recoveryApplied':
      return event.data.code === 'IG' ? warn(state, event.data.what) : state;
    case 'cell/planned': {
      const { worktree, home, branch } = event.data;
      return { ...state, cell: { ...emptyCell, id: entry.cell ?? state.run, worktree, home, branch } };
    }
    case 'cell/worktreeCreated':
      return withCell(state, { hasWorktree: true, setupDone: false, handedOverAt: null, agentSince: null, lookedAt: null });
    case 'cell/filesIncluded':
      return event.data.skipped.length === 0 ? state : warn(state, `${event.data.skipped.length} matching files were not included`);
    case 'network/refused':
      return warn(state, `refused to connect to ${hostText(event.data.host, event.data.port)}`);
    case 'cell/limitExceeded':
      return warn(state, event.data.text);
    case 'cell/limitsLost':
      return warn(state, lostLimitsText(event.data.limits));
    case 'cell/setupFinished': {
      const { end, exitCode } = event.data.evidence;
      const { handedOverAt = null } = state.cell ?? {};
      return withCell(state, { setupDone: end === 'exited' && exitCode === 0, handedOverAt: handedOverAt === null ? null : entry.at });
    }
    case 'cell/serverSpawned':
      return withCell(
        { ...state, queued: null },
        {
          server: event.data.process,
          port: event.data.port,
          appPorts: event.data.appPorts ?? [],
          ready: false,
          boundary: event.data.boundary ?? null,
        },
        'bootstrapping',
      );
    case 'cell/serverFailed':
      return withCell(state, { server: null, ready: false });
    case 'cell/ready':
      return withCell(
        // A worktree that was made again under an attempt that goes on in it.
        isAgentDue(state) ? handOver(state, entry.at) : state,
        { url: event.data.url, session: event.data.session, ready: true },
        'ready',
      );
    case 'cell/serverStopped':
      return withCell(state, { server: null, url: null, port: null, appPorts: [], ready: false });
    case 'cell/removed':
      return withCell(state, { server: null, url: null, port: null, appPorts: [], ready: false, hasWorktree: false });
    case 'base/tested':
      return { ...state, phase: 'ready', base: { evidence: event.data.evidence, remembered: event.data.remembered } };
    case 'approval/requested':
      return {
        ...state,
        phase: 'waiting',
        pending: [
          ...state.pending,
          {
            id: event.data.id,
            kind: event.data.kind,
            attempt: event.data.attempt,
            title: event.data.title,
            detail: event.data.detail,
            tree: event.data.tree,
            permission: event.data.permission ?? null,
            questions: event.data.questions ?? null,
            ask: event.data.ask ?? null,
            at: entry.at,
          },
        ],
      };
    case 'approval/withdrawn':
      return afterAnswer(state, event.data.id);
    case 'approval/answered': {
      const asked = state.pending.find((p) => p.id === event.data.id);
      if (asked?.permission?.permission === UNPRICED) {
        const said = asked.permission.patterns.map((model) => [model, event.data.decision === 'approved']);
        return { ...afterAnswer(state, event.data.id), unpricedModels: { ...state.unpricedModels, ...Object.fromEntries(said) } };
      }
      // What holds for good is not the run's: taken back, it must not go on in it.
      const isOfRun = asked?.permission && event.data.always !== true;
      const grants = isOfRun ? grantsOf(asked.permission, event.data.decision) : [];
      if (asked?.kind === 'review' && event.data.decision === 'approved') return afterAnswer(approvedAround(state), event.data.id);
      return { ...afterAnswer(state, event.data.id), grantedPermissions: [...state.grantedPermissions, ...grants] };
    }
    case 'attempt/started':
      return handOver(state, entry.at);
    case 'attempt/candidateBuilt':
      return withCell(state, { lookedAt: entry.at });
    case 'attempt/reverted':
    case 'attempt/interrupted':
      return { ...state, predicted: [] };
    case 'landing/conflictsPredicted':
      return { ...state, predicted: event.data.conflicts };
    case 'landing/queued':
      return { ...state, phase: 'landing', landing: { ...newLanding(state, event.data.target), queuedSeq: entry.seq } };
    case 'landing/started': {
      const { target, from } = event.data;
      const { queuedSeq, starts } = state.landing ?? { queuedSeq: null, starts: 0 };
      return { ...state, phase: 'landing', landing: { ...newLanding(state, target), onto: from, queuedSeq, starts: starts + 1 } };
    }
    case 'landing/prepared': {
      const { commit, tree, onto, mergeHook = false } = event.data;
      // A tree that passed as the candidate needs no second test.
      const tested = tree === state.lastGreen.tree && !mergeHook;
      return withLanding(state, { commit, tree, onto, prepared: true, tested, mergeHook });
    }
    case 'landing/batched': {
      const { commit, tree, onto, leader, runs } = event.data;
      return withLanding(state, { commit, tree, onto, batch: { leader, runs } });
    }
    case 'landing/tested':
      return withLanding(state, { tested: isGreen(event.data.evidence), test: event.data });
    case 'landing/refused':
      return withLanding(state, { refused: event.data });
    case 'landing/landed':
      return withLanding(state, { landed: event.data });
    case 'landing/reworked': {
      const { onto, ontoTree, paths, text } = event.data;
      return {
        ...state,
        phase: 'executing',
        landing: null,
        predicted: [],
        lastGreen: { commit: onto, tree: ontoTree },
        gated: { commit: onto, tree: ontoTree },
        reworks: state.reworks + 1,
        reworked: { commit: onto, tree: ontoTree, paths, after: state.attempts.length },
        grantedAttempts: state.grantedAttempts + 1,
        feedback: { because: 'conflict', text },
      };
    }
    default:
      return state;
  }
}

/** What is not committed yet is to bear another message, on which the hooks have their word again. */
const withMessage = (state: RunState, message: string | undefined): RunState => {
  if (message === undefined) return state;
  const attempts = state.attempts.map((a) => (a.commit === null && a.stepCommit === null ? { ...a, message: null } : a));
  return { ...state, spec: { ...state.spec, message }, attempts };
};

const newLanding = ({ lastGreen: { commit, tree } }: RunState, target: string): LandingState => ({
  ...{ target, onto: '', commit, tree, prepared: false, tested: false, mergeHook: false },
  ...{ queuedSeq: null, starts: 0, batch: null, test: null, refused: null, comment: null, landed: null },
});

/** What stays of a landing when its run goes on: one that was refused is tried anew, unless the agent is to change something first. */
const landingAfter = (landing: LandingState | null, comment: string | null): LandingState | null => {
  if (landing?.landed) return landing;
  return landing?.refused && comment !== null ? { ...landing, comment } : null;
};

const withLanding = (state: RunState, change: Partial<NonNullable<RunState['landing']>>): RunState =>
  state.landing === null ? state : { ...state, landing: { ...state.landing, ...change } };

/** A refusal holds for one ask of an agent, who asks again when it must; that of a run without a sandbox, or of a host, is asked once. */
const grantsOf = (ask: { permission: string; patterns: readonly string[] }, decision: 'approved' | 'rejected'): PermissionRule[] => {
  if (decision === 'rejected' && ask.permission !== UNSANDBOXED && ask.permission !== NETWORK) return [];
  const action = decision === 'approved' ? 'allow' : 'deny';
  return ask.patterns.map((pattern) => ({ permission: ask.permission, pattern, action }));
};

const afterAnswer = (state: RunState, id: string): RunState => {
  const pending = state.pending.filter((p) => p.id !== id);
  const waits = pending.length > 0 || state.parked !== null;
  return { ...state, pending, phase: waits ? state.phase : 'executing' };
};
