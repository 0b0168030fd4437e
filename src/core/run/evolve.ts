import type { Entry } from '../journal/entry.ts';
import type { DomainEvent } from '../journal/events.ts';
import { readEvent } from '../journal/readEvent.ts';
import type { PermissionRule } from '../model/permissionRule.ts';
import { UNSANDBOXED } from '../model/sandboxSpec.ts';
import { noTokens } from '../model/tokens.ts';
import { noCost } from '../model/usd.ts';
import { evolveAttempt } from './evolveAttempt.ts';
import type { CellState, Phase, RunState } from './state.ts';

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
  cell: null,
  base: null,
  attempts: [],
  grantedAttempts: 0,
  gated: { commit: data.spec.base, tree: data.spec.baseTree },
  lastGreen: { commit: data.spec.base, tree: data.spec.baseTree },
  pending: [],
  grantedPermissions: [],
  landing: null,
  cancelledBy: null,
  timedOut: false,
  budgetUsd: data.spec.limits.budgetUsd,
  parked: null,
  concluded: null,
  tokens: noTokens,
  cost: noCost,
  messages: 0,
  warnings: [],
  feedback: null,
});

const emptyCell = { hasWorktree: true, port: null, server: null, url: null, session: null, ready: false, setupDone: false, boundary: null };

const withCell = (state: RunState, change: Partial<CellState>, phase: Phase = state.phase): RunState =>
  state.cell === null ? state : { ...state, phase, cell: { ...state.cell, ...change } };

const warn = (state: RunState, text: string): RunState => ({ ...state, warnings: [...state.warnings, text].slice(-20) });

/** Time counts as waiting while a person's answer is open or the run is parked. */
const countWaiting = (state: RunState, at: number): RunState => {
  const waits = state.phase !== 'ended' && (state.pending.length > 0 || state.parked !== null);
  if (waits && state.waitingSince === null) return { ...state, waitingSince: at };
  if (!waits && state.waitingSince !== null) {
    return { ...state, waitedMs: state.waitedMs + Math.max(0, at - state.waitingSince), waitingSince: null };
  }
  return state;
};

function evolveRunEvent(state: RunState, event: DomainEvent, entry: Entry): RunState {
  switch (event.type) {
    case 'run/started':
      return { ...state, phase: 'bootstrapping', startedAt: state.startedAt ?? entry.at };
    case 'run/parked':
      return { ...state, phase: 'parked', parked: event.data };
    case 'run/resumed':
      return { ...state, phase: 'bootstrapping', parked: null, landing: state.landing?.landed ? state.landing : null };
    case 'run/recovered':
      return warn(state, `recovered while ${event.data.phase}: ${event.data.outcome}, ${event.data.reason}`);
    case 'run/cancelRequested':
      return { ...state, cancelledBy: entry.actor, parked: null };
    case 'run/timedOut':
      return { ...state, timedOut: true };
    case 'run/budgetRaised':
      return { ...state, budgetUsd: event.data.budgetUsd };
    case 'run/concluded':
      return { ...state, phase: 'ending', concluded: event.data, parked: null, pending: [] };
    case 'run/finished':
      return { ...state, phase: 'ended', endedAt: entry.at, pending: [] };
    case 'run/recoveryApplied':
      return event.data.code === 'IG' ? warn(state, event.data.what) : state;
    case 'cell/planned': {
      const { worktree, home, branch } = event.data;
      return { ...state, cell: { ...emptyCell, id: entry.cell ?? state.run, worktree, home, branch } };
    }
    case 'cell/filesIncluded':
      return event.data.skipped.length === 0 ? state : warn(state, `${event.data.skipped.length} matching files were not included`);
    case 'cell/setupFinished':
      return withCell(state, { setupDone: event.data.evidence.end === 'exited' && event.data.evidence.exitCode === 0 });
    case 'cell/serverSpawned':
      return withCell(
        state,
        { server: event.data.process, port: event.data.port, ready: false, boundary: event.data.boundary ?? null },
        'bootstrapping',
      );
    case 'cell/serverFailed':
      return withCell(state, { server: null, ready: false });
    case 'cell/ready':
      return withCell(state, { url: event.data.url, session: event.data.session, ready: true }, 'ready');
    case 'cell/serverStopped':
      return withCell(state, { server: null, url: null, port: null, ready: false });
    case 'cell/removed':
      return withCell(state, { server: null, url: null, port: null, ready: false, hasWorktree: false });
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
            at: entry.at,
          },
        ],
      };
    case 'approval/withdrawn':
      return afterAnswer(state, event.data.id);
    case 'approval/answered': {
      const asked = state.pending.find((p) => p.id === event.data.id);
      const grants = asked?.permission ? grantsOf(asked.permission, event.data.decision) : [];
      return { ...afterAnswer(state, event.data.id), grantedPermissions: [...state.grantedPermissions, ...grants] };
    }
    case 'landing/started': {
      const { target, from } = event.data;
      const { commit, tree } = state.lastGreen;
      const landing = { target, onto: from, commit, tree, prepared: false, tested: false, refused: null, landed: null };
      return { ...state, phase: 'landing', landing };
    }
    case 'landing/prepared': {
      const { commit, tree, onto } = event.data;
      // A tree that passed as the candidate needs no second test.
      return withLanding(state, { commit, tree, onto, prepared: true, tested: tree === state.lastGreen.tree });
    }
    case 'landing/tested':
      return withLanding(state, { tested: event.data.evidence.end === 'exited' && event.data.evidence.exitCode === 0 });
    case 'landing/refused':
      return withLanding(state, { refused: event.data });
    case 'landing/landed':
      return withLanding(state, { landed: event.data });
    default:
      return state;
  }
}

const withLanding = (state: RunState, change: Partial<NonNullable<RunState['landing']>>): RunState =>
  state.landing === null ? state : { ...state, landing: { ...state.landing, ...change } };

/** A refusal holds for one ask of an agent, who asks again when it must; that of a run without a sandbox is asked once. */
const grantsOf = (ask: { permission: string; patterns: readonly string[] }, decision: 'approved' | 'rejected'): PermissionRule[] => {
  if (decision === 'rejected' && ask.permission !== UNSANDBOXED) return [];
  const action = decision === 'approved' ? 'allow' : 'deny';
  return ask.patterns.map((pattern) => ({ permission: ask.permission, pattern, action }));
};

const afterAnswer = (state: RunState, id: string): RunState => {
  const pending = state.pending.filter((p) => p.id !== id);
  const waits = pending.length > 0 || state.parked !== null;
  return { ...state, pending, phase: waits ? state.phase : 'executing' };
};
