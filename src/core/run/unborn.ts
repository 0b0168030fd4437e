import type { RunSpec } from '../model/runSpec.ts';
import { type RunState, startOf } from './state.ts';

/** The repository had no commit when it was asked for, and nothing has been landed that it comes after: there is no base to test and nothing to set up. */
export const startsFromNothing = ({ base, unborn }: RunSpec): boolean => base === unborn;

/** Whether the work of an attempt, the last one by default, stands on no commit. */
export const standsOnNothing = (state: RunState, attempt?: number): boolean => startOf(state, attempt) === state.spec.unborn;

/** The parents of a commit that is made on another: none on the one that stands for having none, which is in nobody's history. */
export const parentsOn = ({ spec }: RunState, commit: string): readonly string[] => (commit === spec.unborn ? [] : [commit]);

/** Where a target stood, in the way of git: zeros for having no commit. */
export const asGitTells = ({ unborn }: RunSpec, commit: string): string => (commit === unborn ? '0'.repeat(commit.length) : commit);

/** What a run starts from, for people. */
export const baseText = (spec: RunSpec, short: (oid: string) => string): string => (startsFromNothing(spec) ? 'nothing' : short(spec.base));
