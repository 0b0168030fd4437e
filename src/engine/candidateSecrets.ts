import { type AddedSecret, addedSecrets } from '../core/policy/secrets/addedSecrets.ts';
import type { FileChange, Oid } from '../core/ports/git.ts';
import type { RunContext } from './runContext.ts';

/** Of the added text of a candidate; what comes after it is not looked at. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Secrets that a candidate would bring in and the settings of the run do not allow. Binary files are left out. */
export async function secretsIn(context: RunContext, changes: readonly FileChange[], from: Oid, to: Oid): Promise<AddedSecret[]> {
  // No list of paths unless something is left out: a command line has a limit, and most changes are text.
  const texts = changes.filter(({ added }) => added !== null && added > 0);
  if (texts.length === 0) return [];
  const paths =
    texts.length === changes.length ? undefined : texts.flatMap(({ path, oldPath }) => [path, ...(oldPath === undefined ? [] : [oldPath])]);
  const { secrets, repository, log } = context.deps;
  const patch = await repository.patch({ from, to, ...(paths === undefined ? {} : { paths }), maxBytes: MOST_BYTES });
  if (patch.truncated) log.log('warn', 'a change was too long to be looked through for secrets to its end', { run: context.run });
  return addedSecrets(patch.text, secrets, context.state.spec.allowedSecrets ?? []);
}
