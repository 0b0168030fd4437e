import type { RunState } from '../run/state.ts';

/** True for a live cell that is without the boundary its run preferred. */
export const isUnsandboxed = ({ spec, cell }: RunState): boolean =>
  spec.sandbox.mode === 'preferred' && cell !== null && cell.server !== null && cell.boundary === null;
