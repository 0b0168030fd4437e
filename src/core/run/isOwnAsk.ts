import { UNSANDBOXED } from '../model/sandboxSpec.ts';
import { type PendingApproval, UNPRICED } from './state.ts';

/** Asked by Reactor itself before the agent may work: no turn waits for the answer, and the agent is not told of it. */
export const isOwnAsk = ({ permission }: Pick<PendingApproval, 'permission'>): boolean =>
  permission?.permission === UNPRICED || permission?.permission === UNSANDBOXED;
