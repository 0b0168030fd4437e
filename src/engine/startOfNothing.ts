import type { GitRepository, Oid } from '../core/ports/git.ts';
import { gitError } from './gitRefused.ts';
import { keptRefPrefix } from './keep.ts';
import type { RunContext } from './runContext.ts';

const refOf = (run: string): string => `${keptRefPrefix}${run}/start`;

/** Keeps the commit that a run without a base starts from. @throws Error when git refuses. */
export async function holdStart(repository: GitRepository, run: string, commit: Oid): Promise<void> {
  const ref = refOf(run);
  const held = await repository.moveRef({ ref, to: commit, expected: null, reason: 'reactor: start' });
  if (!held.ok && (await repository.readRef(ref)) !== commit) throw gitError(`the start of ${run} could not be kept`, held.error);
}

/** Nothing but the run itself needs it: what it has made does not stand on it. */
export async function letStartGo({ deps, run, state }: RunContext): Promise<void> {
  const { unborn } = state.spec;
  if (unborn !== undefined) await deps.repository.deleteRef({ ref: refOf(run), expected: unborn });
}

/** What a person is told whose task starts from nothing. */
export function nothingNote(branch: string, files: number): string {
  const left = files === 0 ? '' : `; your ${files === 1 ? 'uncommitted file is' : `${files} uncommitted files are`} not in it`;
  return `${branch} has no commit yet: the task starts from nothing, and there is no base to test${left}`;
}
