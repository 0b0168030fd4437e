import type { SpanKind, SpanStatus } from '../../../src/core/projections/timelineSpan.ts';
import type { Lane } from '../../../src/protocol/panelShapes.ts';

/** Sign, word and tone of a state: never colour alone. */
export interface Mark {
  readonly icon: string;
  readonly word: string;
  readonly tone: 'good' | 'bad' | 'wait' | 'busy' | 'calm';
}

export function laneMark(lane: Lane): Mark {
  switch (lane.status) {
    case 'landed':
    case 'committed':
      return { icon: 'pass', word: lane.status, tone: 'good' };
    case 'failed':
    case 'error':
      return { icon: 'error', word: lane.status, tone: 'bad' };
    case 'cancelled':
      return { icon: 'circle-slash', word: 'cancelled', tone: 'calm' };
    case 'parked':
      return { icon: 'debug-pause', word: 'parked', tone: 'wait' };
    default:
      if (lane.phase === 'waiting') return { icon: 'person', word: 'waiting for you', tone: 'wait' };
      return lane.phase === 'queued'
        ? { icon: 'circle-large', word: 'queued', tone: 'calm' }
        : { icon: 'sync', word: lane.phase, tone: 'busy' };
  }
}

const tests: ReadonlySet<SpanKind> = new Set(['test', 'baseTest']);

export function spanMark(kind: SpanKind, status: SpanStatus): Mark {
  switch (status) {
    case 'running':
      return { icon: 'sync', word: 'goes on', tone: 'busy' };
    case 'good':
      return { icon: 'pass', word: tests.has(kind) ? 'green' : kind === 'gate' ? 'approved' : 'done', tone: 'good' };
    case 'bad':
      return {
        icon: 'error',
        word: tests.has(kind) ? 'red' : kind === 'gate' ? 'rejected' : kind === 'revert' ? 'reverted' : 'failed',
        tone: 'bad',
      };
    case 'waiting':
      return { icon: 'person', word: 'waiting for you', tone: 'wait' };
    case 'interrupted':
      return { icon: 'circle-slash', word: 'interrupted', tone: 'calm' };
    case 'done':
      return { icon: 'check', word: 'done', tone: 'calm' };
  }
}

export const MarkIcon = ({ mark }: { mark: Mark }) => <vscode-icon name={mark.icon} size={14} class={`tone-${mark.tone}`} />;
