import { ensureProgram } from './ensureProgram.ts';

/** @throws Error when bubblewrap is not there and can't be installed. */
export const ensureBubblewrap = (): void => ensureProgram('bwrap', 'bubblewrap');
