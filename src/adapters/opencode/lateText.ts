import { elapsedText } from '../../core/projections/figures.ts';

/** A server that took longer to start than it may: `what` it did not do, and where its time is set. */
export const lateText = (what: string, limitMs: number): string =>
  `the agent server ${what} within ${elapsedText(limitMs)}; on a machine with too much to do, health.limit in reactor.yaml gives it longer`;
