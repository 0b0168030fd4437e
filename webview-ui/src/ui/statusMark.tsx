import type { SpanKind, SpanStatus } from '../../../src/core/projections/timelineSpan.ts';
import type { Lane } from '../../../src/protocol/panelShapes.ts';

/** Sign, word and tone of a state: never colour alone. */
export interface Mark {
  readonly icon: string;
  readonly word: string;
  readonly tone: 'good' | 'bad' | 'wait' | 'busy' | 'calm';
}

export function laneMark({ status, phase, word }: Lane): Mark {
  switch (status) {
    case 'landed':
    case 'committed':
      return { icon: 'pass', word, tone: 'good' };
    case 'failed':
    case 'error':
      return { icon: 'error', word, tone: 'bad' };
    case 'rejected':
    case 'cancelled':
      return { icon: 'circle-slash', word, tone: 'calm' };
    case 'parked':
      return { icon: 'debug-pause', word, tone: 'wait' };
    default:
      if (phase === 'waiting') return { icon: 'person', word, tone: 'wait' };
      return phase === 'queued' ? { icon: 'circle-large', word, tone: 'calm' } : { icon: 'sync', word, tone: 'busy' };
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
      return { icon: 'person', word: 'needs you', tone: 'wait' };
    case 'interrupted':
      return { icon: 'circle-slash', word: 'interrupted', tone: 'calm' };
    case 'done':
      return { icon: 'check', word: 'done', tone: 'calm' };
  }
}

export const MarkIcon = ({ mark }: { mark: Mark }) => <vscode-icon name={mark.icon} size={14} class={`tone-${mark.tone}`} />;
